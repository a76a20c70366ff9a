"""What a data file holds and how it is read: columns with their types, the role of each, what is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...core.answer import AnswerContract
from .assertions import ASSERTIONS, THRESHOLD, count_judged, row_assertions
from .column_mapping import ColumnMapping, references
from .column_roles import ColumnRoles, find_roles
from .column_values import as_text, is_blank, is_conversation, leaf_paths, value_at
from .source_row import SourceRow

_MAX_SAMPLE = 60
# More labels than this are hardly a classification; and each has to occur twice on average.
_MAX_LABELS = 50
_MIN_REPETITION = 2
# A label is a name, not a sentence.
_MAX_LABEL_LENGTH = 60


@dataclass(frozen=True, kw_only=True)
class DataColumn:
    """A column, or a value inside objects by its dotted path. filled: rows with a value. distinct: different ones."""

    name: str
    type: str
    filled: int
    distinct: int
    sample: str


@dataclass(frozen=True, kw_only=True)
class DataSchema:
    """The reading of one file.

    unused: paths that are neither input, reference nor id. unlabelled: rows without a reference.
    lists: rows whose reference is a list of several. asserted: rows with assertions of their own. notes: of the file.
    """

    source: str
    rows: int
    columns: tuple[DataColumn, ...]
    roles: ColumnRoles
    unused: tuple[str, ...]
    unlabelled: int
    lists: int
    asserted: int = 0
    notes: tuple[str, ...] = ()

    def role_lines(self, *, counts: bool = True) -> list[str]:
        """`input ← question + passage`, `output ← ground_truth`, `not used: contexts`, what was guessed; with
        counts, how many rows have no output."""
        roles = self.roles
        if isinstance(roles.input, str):
            inputs = roles.input
        else:
            inputs = " + ".join(
                path if path == name or path.endswith(f".{name}") else f"{path} (as {name})"
                for name, path in roles.input.items()
            )
        output = " + ".join(roles.output)
        if roles.conversation:
            inputs, output = f"{inputs}, the turns before the last", f"{inputs}, the last turn of the assistant"
        if roles.choices and output:
            output += f", as the letter of its option in {roles.choices}"
        lines = [f"input ← {inputs or 'no column'}"]
        if output or not self.asserted:
            lines.append(f"output ← {output or 'no column'}")
        if self.asserted:
            count = f" of {self.asserted} rows" if counts else ""
            lines.append(f"assertions ← {ASSERTIONS}{count}, for the evaluator promptfoo")
        lines += [f"id ← {roles.id}"] if roles.id else []
        lines += [f"not used: {', '.join(self.unused)}"] if self.unused else []
        lines += [f"guessed: {guess}" for guess in roles.guesses]
        if counts and 0 < self.unlabelled < self.rows:
            lines.append(
                f"{self.unlabelled} of {self.rows} rows have no output and serve as unlabelled inputs; "
                f"{self.rows - self.unlabelled} are scored"
            )
        if self.lists:
            lines.append(f"{self.lists} rows have several outputs: alternatives, unless together = true under [data]")
        return lines


def describe_data(
    source: str, rows: Sequence[SourceRow], roles: ColumnRoles, contract: AnswerContract | None = None
) -> DataSchema:
    """The schema of rows that are read by these roles."""
    columns = tuple(_column(rows, path) for path in leaf_paths(rows))
    labels = [references(row, roles, contract or AnswerContract()) for row in rows]
    asserted = [bool(row_assertions(row.fields)) for row in rows]
    used = (*roles.paths, *((ASSERTIONS, THRESHOLD) if any(asserted) else ()))
    return DataSchema(
        source=source,
        rows=len(rows),
        columns=columns,
        roles=roles,
        unused=tuple(
            column.name
            for column in columns
            if not any(column.name == path or _inside(column.name, path) or _inside(path, column.name) for path in used)
        ),
        unlabelled=sum(not texts and not has_own for texts, has_own in zip(labels, asserted, strict=True)),
        lists=sum(len(texts) > 1 for texts in labels),
        asserted=sum(asserted),
        notes=tuple(dict.fromkeys(note for row in rows for note in row.notes)),
    )


def reading_lines(schemas: Sequence[DataSchema]) -> list[str]:
    """How files were read, one line for those that are read alike: `train.jsonl: input ← text; not used: key`."""
    sources: dict[str, list[str]] = {}
    for schema in schemas:
        sources.setdefault("; ".join(schema.role_lines(counts=False)), []).append(schema.source)
    return [f"{', '.join(dict.fromkeys(names))}: {roles}" for roles, names in sources.items()]


def infer_schema(
    source: str, rows: Sequence[SourceRow], fields: ColumnMapping, placeholders: Sequence[str] = ()
) -> DataSchema:
    """The likely schema of a file that no task describes yet: names count first, then shapes."""
    return describe_data(source, rows, find_roles(rows, fields, placeholders, guess=True))


@dataclass(frozen=True, kw_only=True)
class AnswerProposal:
    """The answer contract that references suggest. reason: what they have in common. metric: where it is not the usual
    one of the answer type; options: of that metric."""

    contract: AnswerContract
    reason: str
    metric: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


def propose_answer(rows: Sequence[SourceRow], schema: DataSchema) -> AnswerProposal:
    """The narrowest answer type that all references of a file fit."""
    if schema.asserted and not all(_is_one_equality(row_assertions(row.fields)) for row in rows):
        judged = max(count_judged(row_assertions(row.fields)) for row in rows)
        return AnswerProposal(
            contract=AnswerContract(),
            reason=f"{schema.asserted} rows have assertions of their own, which score an answer",
            metric="promptfoo",
            options={"judged": judged} if judged else {},
        )
    if schema.roles.choices:
        return AnswerProposal(contract=AnswerContract(type="choice"), reason="the rows have lettered options")
    texts = [text for row in rows for text in references(row, schema.roles, AnswerContract())]
    distinct = list(dict.fromkeys(text.strip() for text in texts))
    text_contract = AnswerProposal(contract=AnswerContract(), reason="the references are free text")
    if not distinct or schema.lists:
        return text_contract
    for kind, reason in (("json", "every reference is a JSON object"), ("number", "every reference is one number")):
        contract = AnswerContract.model_validate({"type": kind})
        if all(contract.accepts(text) and (kind != "json" or text.lstrip()[:1] == "{") for text in distinct):
            return AnswerProposal(contract=contract, reason=reason)
    folded = {text.casefold() for text in distinct}
    repeated = len(texts) >= _MIN_REPETITION * len(folded)
    if 1 < len(folded) <= _MAX_LABELS and repeated and max(map(len, distinct)) <= _MAX_LABEL_LENGTH:
        labels = {text.casefold(): text for text in reversed(distinct)}
        contract = AnswerContract(type="label", labels=tuple(sorted(labels.values())))
        return AnswerProposal(contract=contract, reason=f"{len(texts)} references are {len(labels)} labels")
    return text_contract


def _is_one_equality(assertions: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a test asserts nothing but one text that the answer has to equal, as a reference says."""
    return [assertion.get("type") for assertion in assertions] == ["equals"]


def default_metric(answer_type: str) -> str:
    """The evaluator that fits an answer type."""
    return {"number": "numeric", "json": "json_fields", "choice": "choice", "text": "token_f1"}.get(
        answer_type, "exact"
    )


def schema_json(schema: DataSchema) -> dict[str, Any]:
    roles = schema.roles
    return {
        "source": schema.source,
        "rows": schema.rows,
        "columns": [vars(column) for column in schema.columns],
        "input": roles.input if isinstance(roles.input, str) else dict(roles.input),
        "output": list(roles.output),
        "id": roles.id,
        "choices": roles.choices,
        "conversation": roles.conversation,
        "unused": list(schema.unused),
        "unlabelled": schema.unlabelled,
        "lists": schema.lists,
        "asserted": schema.asserted,
        "notes": list(schema.notes),
        "guesses": list(roles.guesses),
    }


def _column(rows: Sequence[SourceRow], path: str) -> DataColumn:
    values = [value for row in rows if not is_blank(value := value_at(row.fields, path))]
    kinds = list(dict.fromkeys(map(_type_name, values)))
    sample = " ".join(as_text(values[0]).split()) if values else ""
    return DataColumn(
        name=path,
        type=" or ".join(kinds) or "empty",
        filled=len(values),
        distinct=len({as_text(value) for value in values}),
        sample=sample if len(sample) <= _MAX_SAMPLE else f"{sample[: _MAX_SAMPLE - 1]}…",
    )


def _type_name(value: Any) -> str:
    if is_conversation(value):
        return "chat messages"
    names: Mapping[type, str] = {str: "text", bool: "true or false", int: "number", float: "number", dict: "object"}
    return "list" if isinstance(value, list | tuple) else names.get(type(value), type(value).__name__)


def _inside(path: str, outer: str) -> bool:
    return path.startswith(f"{outer}.")
