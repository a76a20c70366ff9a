"""What `init` asks: everything that was not given, with proposals from the rows and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import TaskError, UsageError
from .data import column_mapping, inspect_source
from .init_answers import SavedAnswers, ask
from .printer import echo
from .task_draft import TaskDraft, absolute_source, column_placeholders

if TYPE_CHECKING:
    from ..runtime.tasks.data_schema import AnswerProposal, DataSchema
    from ..runtime.tasks.rows import SourceRow

# Regex and tag answers need more than a name; they are given with options.
ANSWER_TYPES = ("text", "label", "choice", "number", "json")
_SEPARATORS = ("=>", "\t")
_TOGETHER, _ALTERNATIVES = "together", "alternatives"
# Question → the answers that belong to it, for a person who changes one.
_CHANGEABLE: Mapping[str, tuple[str, ...]] = {
    "prompt": ("prompt",),
    "data": ("data", "pasted", "input", "output", "several", "answer", "labels", "metric"),
    "columns": ("input", "output"),
    "answer": ("answer", "labels", "pattern"),
    "labels": ("labels",),
    "metric": ("metric",),
    "models": ("target", "optimizer"),
}


_FIELDS = {"input": "inputs", "output": "outputs", "pasted": "pasted_examples"}


@dataclass(frozen=True, kw_only=True)
class InspectedRows:
    """What the rows of a draft suggest."""

    schema: DataSchema
    proposal: AnswerProposal


def prompt_for_missing(draft: TaskDraft, folder: Path, answers: SavedAnswers | None = None) -> TaskDraft:
    """Ask for what was not given; an empty reply takes the default in brackets."""
    from ..core.models import EMBEDDED, ModelRef
    from ..runtime.tasks.data_schema import default_metric

    answers = answers or SavedAnswers()
    name = draft.name or answers.ask("name", "task name", default=folder.resolve().name)
    description = draft.description or answers.ask("description", "describe the task in one sentence", default="")
    draft = replace(draft, name=name, description=description)
    if not draft.prompt and not str(draft.data or "").startswith("promptfoo:"):
        draft = replace(draft, prompt=answers.ask("prompt", "your current prompt, or a file with it"))
    draft, inspected = _ask_data(draft, answers)
    draft = _ask_answer(draft, answers, inspected)
    proposed = inspected.proposal if inspected and draft.metric is None else None
    usual = "set" if draft.together else default_metric(draft.answer or "text")
    default = (proposed.metric if proposed else None) or usual
    metric = draft.metric or answers.ask("metric", "evaluator", default=default)
    if proposed is not None and metric == proposed.metric:
        draft = replace(draft, metric_options=proposed.options)
    target = draft.target or answers.ask(
        "target", "target model", default=EMBEDDED, check=lambda text: str(ModelRef.parse(text))
    )
    optimizer = draft.optimizer or answers.ask(
        "optimizer", "optimizer model", default=target, check=lambda text: str(ModelRef.parse(text))
    )
    return replace(draft, metric=metric, target=target, optimizer=optimizer)


def ask_again(draft: TaskDraft, answers: SavedAnswers) -> TaskDraft | None:
    """Which answer a person changes: the draft without what an option said of it; None where the person stops."""
    change = ask(f"which answer do you change? ({', '.join(_CHANGEABLE)}; Enter stops)", default="")
    if change not in _CHANGEABLE:
        return None
    answers.forget(*_CHANGEABLE[change])
    fresh = TaskDraft()
    fields = {_FIELDS.get(name, name) for name in _CHANGEABLE[change]} & set(vars(fresh))
    return replace(draft, **{name: getattr(fresh, name) for name in fields})


def _ask_data(draft: TaskDraft, answers: SavedAnswers) -> tuple[TaskDraft, InspectedRows | None]:
    """The draft with its rows and columns, and what they suggest; None for rows that only loading will show."""
    by_option = draft.data is not None
    if draft.data is None and not draft.pasted_examples:

        def check(text: str) -> str:
            if text.strip():
                _inspect(replace(draft, data=Path(text.strip())))
            return text.strip()

        question = "file of examples (JSONL, CSV, TSV, Excel, LOADER:SOURCE); empty to paste them"
        path = answers.ask("data", question, default="", check=check)
        draft = replace(draft, data=Path(path)) if path else replace(draft, pasted_examples=_ask_pasted(answers))
    if draft.data is None:
        return draft, _inspect_pasted(draft)
    try:
        inspected = _inspect(draft)
    except (UsageError, TaskError):
        inspected = None  # an option names it; writing the task says what is wrong with it
    if inspected is None:
        return draft, None
    schema = inspected.schema
    for line in [f"{schema.source}: {schema.rows} rows", *schema.role_lines()]:
        echo(f"  {line}")
    inputs, outputs, roles = draft.inputs, draft.outputs, schema.roles
    columns = [column.name for column in schema.columns]
    sure = by_option and not (roles.guesses or "input" in answers.asked_again)
    if not inputs and not draft.fields and not (sure and roles.input) and not column_placeholders(draft.prompt or ""):
        paths = [roles.input] if isinstance(roles.input, str) else list(roles.input.values())
        inputs = _ask_columns(answers, "input", [path for path in paths if path], columns)
    if not outputs and not (sure and roles.output) and not (roles.conversation or schema.asserted):
        outputs = _ask_columns(answers, "output", roles.output, columns)
    draft = replace(draft, inputs=inputs, outputs=outputs)
    if inputs or outputs:
        inspected = _inspect(draft) or inspected
    if inspected.schema.lists and not (draft.together or draft.alternatives) and draft.metric is None:
        question = f"{inspected.schema.lists} rows have several outputs: {_TOGETHER} (an answer needs all) or "
        several = answers.ask("several", f"{question}{_ALTERNATIVES}", default=_TOGETHER, check=_parse_several)
        draft = replace(draft, together=several == _TOGETHER, alternatives=several == _ALTERNATIVES)
    return draft, inspected


def _ask_columns(answers: SavedAnswers, role: str, proposed: Sequence[str], columns: Sequence[str]) -> tuple[str, ...]:
    """The columns that a person names; empty where the proposed ones are right."""

    def check(text: str) -> str:
        names = [name.strip() for name in text.split("+")]
        for name in names:
            if name not in columns and not any(column.startswith(f"{name}.") for column in columns):
                raise UsageError(f"there is no column {name!r}", possible=columns)
        return " + ".join(names)

    default = " + ".join(proposed) or None
    possible = "" if default else f" ({', '.join(columns)})"
    question = f"{role} column{possible}; several with +"
    reply = answers.ask(role, question, default=default, check=check)
    return () if reply == default else tuple(name.strip() for name in reply.split("+"))


def _ask_answer(draft: TaskDraft, answers: SavedAnswers, inspected: InspectedRows | None) -> TaskDraft:
    """The draft with answer type, labels and pattern; the type that all references fit is the default."""
    proposal = inspected.proposal if inspected else None
    if proposal and not draft.answer and not draft.implied_answer_type:
        echo(f"  answer: {proposal.contract.type}, because {proposal.reason}")
    default = "text" if draft.together or proposal is None else proposal.contract.type
    answer = (
        draft.answer
        or draft.implied_answer_type
        or answers.ask("answer", f"answer type ({', '.join(ANSWER_TYPES)})", default=default, check=_parse_answer_type)
    )
    labels, pattern = draft.labels, draft.pattern
    if answer == "label" and not labels:
        known = ", ".join(proposal.contract.labels) if proposal else ""
        labels = split_labels(answers.ask("labels", "labels, separated by commas", default=known or None))
    if answer == "regex" and not pattern:
        question = "regular expression of an answer; group 1 or the match is the answer"
        pattern = answers.ask("pattern", question)
    return replace(draft, answer=answer, labels=labels, pattern=pattern)


def _inspect(draft: TaskDraft) -> InspectedRows | None:
    """Raises UsageError for a source that cannot be read; None for a folder of files."""
    source = absolute_source(draft)
    if Path(source).is_dir():
        return None
    mapping = column_mapping(draft.inputs, draft.outputs, draft.id_column, draft.fields)
    placeholders = column_placeholders(draft.prompt or "")
    _, schema, proposal = inspect_source(source, mapping, placeholders=placeholders, encoding=draft.encoding)
    return InspectedRows(schema=replace(schema, source=str(draft.data)), proposal=proposal)


def _inspect_pasted(draft: TaskDraft) -> InspectedRows | None:
    from ..runtime.tasks.column_mapping import ColumnMapping
    from ..runtime.tasks.data_schema import infer_schema, propose_answer
    from ..runtime.tasks.source_row import SourceRow

    rows: list[SourceRow] = [
        SourceRow(fields={"input": text, "output": output}, where=f"example {number}")
        for number, (text, output) in enumerate(draft.pasted_examples, 1)
    ]
    if not rows:
        return None
    schema = infer_schema("pasted", rows, ColumnMapping())
    return InspectedRows(schema=schema, proposal=propose_answer(rows, schema))


def _ask_pasted(answers: SavedAnswers) -> tuple[tuple[str, str], ...]:
    """Lines `input => output`, or with a tab between them, until an empty one."""
    saved = answers.values.get("pasted", [])
    examples: list[tuple[str, str]] = [(str(pair[0]), str(pair[1])) for pair in saved]
    if "pasted" in answers.values and answers.values.get("pasted_all"):
        return tuple(examples)
    echo("one example per line, as   input => output   and an empty line at the end:")
    while line := ask(f"example {len(examples) + 1}", default=""):
        separator = next((text for text in _SEPARATORS if text in line), None)
        if separator is None:
            echo("  there is no => in it; write   input => output")
            continue
        input_text, output = line.rsplit(separator, 1)
        examples.append((input_text.strip(), output.strip()))
        answers.put("pasted", examples)
    answers.put("pasted_all", True)
    return tuple(examples)


def _parse_answer_type(text: str) -> str:
    if text.strip() not in ANSWER_TYPES:
        raise UsageError(f"{text!r} is none of {', '.join(ANSWER_TYPES)}")
    return text.strip()


def _parse_several(text: str) -> str:
    if text.strip() not in (_TOGETHER, _ALTERNATIVES):
        raise UsageError(f"{text!r} is neither {_TOGETHER} nor {_ALTERNATIVES}")
    return text.strip()


def split_labels(text: str) -> tuple[str, ...]:
    return tuple(label.strip() for label in text.split(",") if label.strip())
