"""Optimizing any text against any function: a run whose target is the function, on the same path as every other run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...core.candidate import Archive
from ...core.dataset import Dataset, Example
from ...core.errors import UsageError
from ...core.models import EMBEDDED, ModelRef
from ...core.program import MAIN, Program
from ...core.prompt import TEXT_KINDS, Prompt, TextKind, with_literals
from ...core.task import EvaluatorSpec, Models, TargetSpec, Task
from ...plugins.system.registry import Registry
from ...plugins.targets.text_function import BEST_SCORE, ReportedScore, TextFunctionTarget
from ...runtime.store import Store
from ..api import aoptimize
from ..blocking import run_blocking
from ..result import Result

# Long enough for a test suite of a small program; a search calls the function some dozen times.
DEFAULT_SECONDS = 120.0
# Where the function takes no example, it is called once for each text. Three names for that one check let train and val
# stand apart, as the search needs; a held-out test of the same thing would prove nothing.
_WHOLE_TEXT = ("the text as a whole", "the text as a whole, again", "the text as a whole, once more")


@dataclass(frozen=True, kw_only=True)
class TextResult:
    """What came of `optimize_text`.

    Attributes:
        text: The best text; of several, the first.
        texts: Name → text.
        score: Its mean score on val; the search chose it by this, so that it is an upper end.
        baseline_score: That of the given text, on the same examples.
        held_out: Whether `result.report` measured the gain on test examples.
        result: The run's result, with its report.
    """

    text: str
    texts: Mapping[str, str]
    score: float | None
    baseline_score: float | None
    held_out: bool
    result: Result


def text_registry(
    evaluate: Callable[..., Any],
    task: Task | None = None,
    *,
    examples: Mapping[str, Any] | None = None,
    seconds: float = DEFAULT_SECONDS,
    registry: Registry | None = None,
) -> Registry:
    """The registry of a run over a function. `aresume` needs it too, since a store holds no functions.

    Args:
        evaluate: as `aoptimize_text` takes it.
        task: its examples are what the function gets, where `examples` does not say otherwise.
        examples: example id → what the function gets as its example.
        seconds: the time limit of one call.
        registry: what the function is added to; all installed plugins if None.

    Raises:
        UsageError: a function whose arguments cannot be given.
    """
    registry = registry or Registry.load()
    given = examples if examples is not None else {row.id: row for row in (task.data.examples() if task else ())}
    target = TextFunctionTarget(evaluate, given, seconds)
    registry.register_object("target", TextFunctionTarget.name, lambda: target, summary="a function of the caller's")
    registry.register_object("evaluator", ReportedScore.name, ReportedScore, summary="the score that it returns")
    return registry


async def aoptimize_text(
    seed_text: str | Mapping[str, str],
    *,
    evaluate: Callable[..., Any],
    kind: TextKind | Mapping[str, TextKind] = "prose",
    description: str = "",
    examples: Sequence[Any] = (),
    train: Sequence[Any] = (),
    val: Sequence[Any] = (),
    test: Sequence[Any] = (),
    optimizer: ModelRef | str = EMBEDDED,
    calls: int | None = None,
    seconds: float = DEFAULT_SECONDS,
    registry: Registry | None = None,
    **options: Any,
) -> TextResult:
    """Optimize any text against any function with written feedback: a pattern, a configuration, code, notes.

        result = await aoptimize_text(r"\\d+", evaluate=score_pattern, kind="code", optimizer="openai/x", calls=60)

    Args:
        seed_text: the text to start from, or name → text for several that work together.
        evaluate: `f(text)` or `f(text, example)`, sync or async: a score in [0, 1], or `(score, feedback)`. Its
            arguments may also be named text, texts, example, input, expected. Sync functions run in threads, several
            at a time unless `concurrency=1`.
        kind: `prose`, `code`, `schema` or `playbook`; for several texts, name → kind.
        description: what the text is for; the authors read it.
        examples: what the function scores the text on, split into train, val and test; `{"input": …, "output": …}`,
            or anything that can be written as text. None for a function of the text alone.
        train: examples that authors may see, in place of `examples`.
        val: examples that select.
        test: held-out examples that the report opens once.
        optimizer: the model that writes.
        calls: limit on model calls and calls of the function together; 400 if neither this nor a budget is given.
        seconds: the time limit of one call of the function.
        registry: the plugins to choose from; all installed ones if None.
        **options: those of `aoptimize`: recipe (`gepa` by default), budget, seed, concurrency, folder, settings.

    Returns:
        The best text with its scores, and the run's result.

    Raises:
        UsageError: a function whose arguments cannot be given, an unknown kind; and as `aoptimize` does.
    """
    splits, given = _splits(examples, train, val, test)
    model = ModelRef.parse(optimizer) if isinstance(optimizer, str) else optimizer
    texts = {MAIN: seed_text} if isinstance(seed_text, str) else dict(seed_text)
    registry = text_registry(evaluate, examples=given, seconds=seconds, registry=registry)
    takes_example = registry.create("target", TextFunctionTarget.name).takes_example
    if takes_example and not given:
        raise UsageError(
            "the function takes an example, and there are none",
            where="evaluate",
            remedy="give examples=[…], or a function of the text alone",
        )
    if given and not takes_example:
        raise UsageError(
            "there are examples, and the function takes none",
            where="evaluate",
            possible=("evaluate(text, example)", "evaluate(text, input, expected)"),
            remedy="let it take the example, or leave the examples out",
        )
    task = Task(
        name="text",
        description=description,
        program=Program(prompts={name: _component(name, text, kind) for name, text in texts.items()}),
        target=TargetSpec(use=TextFunctionTarget.name),
        data=splits,
        evaluators=(EvaluatorSpec(use=ReportedScore.name),),
        models=Models(target=model, optimizer=model),
    ).check()
    result = await aoptimize(task, registry=registry, calls=calls, **{"recipe": "gepa", **options})
    best = {name: prompt.instruction for name, prompt in result.program.prompts.items()}
    return TextResult(
        text=best[next(iter(texts))],
        texts=best,
        **_val_scores(result, task),
        held_out=bool(splits.test),
        result=result,
    )


def optimize_text(seed_text: str | Mapping[str, str], **options: Any) -> TextResult:
    """Optimize any text against any function with written feedback: a pattern, a configuration, code, notes.

    For callers that cannot await; arguments, result and errors are those of `aoptimize_text`.
    """
    return run_blocking(aoptimize_text(seed_text, **options))


def _component(name: str, text: str, kind: TextKind | Mapping[str, TextKind]) -> Prompt:
    text_kind = kind if isinstance(kind, str) else kind.get(name, "prose")
    if text_kind not in TEXT_KINDS:
        raise UsageError(f"there is no kind of text {text_kind!r}", where="kind", possible=TEXT_KINDS)
    # No example fills a name in braces: what it means is the function's matter.
    return with_literals(Prompt(instruction=text, kind=text_kind), ())


def _splits(
    examples: Sequence[Any], train: Sequence[Any], val: Sequence[Any], test: Sequence[Any]
) -> tuple[Dataset, dict[str, Any]]:
    """The examples, and id → each of them as it was given."""
    if not any((examples, train, val, test)):
        whole = [Example(input=text, outputs=(BEST_SCORE,)) for text in _WHOLE_TEXT]
        return Dataset(train=tuple(whole[:1]), val=tuple(whole[1:])), {}
    if examples and (train or val or test):
        raise UsageError("there are examples, and splits too", where="examples", remedy="give one of the two")
    given: dict[str, Any] = {}

    def converted(rows: Sequence[Any]) -> tuple[Example, ...]:
        listed = [as_example(row) for row in rows]
        given.update({example.id: row for example, row in zip(listed, rows, strict=True)})
        return tuple(listed)

    if examples:
        return Dataset.split_by_hash(converted(examples)), given
    return Dataset(train=converted(train), val=converted(val), test=converted(test)), given


def as_example(row: Any) -> Example:
    """What authors see of an example. Without a reference, the best score stands for it."""
    if isinstance(row, Example):
        return row if row.outputs else Example(id=row.id, input=row.input, outputs=(BEST_SCORE,), metadata=row.metadata)
    if not isinstance(row, Mapping):
        return Example(input=row if isinstance(row, str) else str(row), outputs=(BEST_SCORE,))
    fields = {str(name): value for name, value in row.items()}
    output = next((fields.pop(name) for name in ("output", "expected") if name in fields), None)
    fields.pop("id", None)
    source = fields["input"] if set(fields) == {"input"} else fields
    return Example(
        id=str(row.get("id", "")),
        input=source if isinstance(source, str | Mapping) else str(source),
        outputs=(BEST_SCORE,) if output is None else (output if isinstance(output, str) else str(output),),
    )


def _val_scores(result: Result, task: Task) -> dict[str, float | None]:
    """Means of the best and of the given text on the val examples that both were scored on."""
    assert result.config is not None
    with Store.open(result.config.folder, read_only=True) as store:
        archive = Archive(store.candidates(result.run), store.evaluations(result.run, split="val"))
    scores, baseline = archive.scores, archive.baseline.id
    shared = [example.id for example in task.data.val if scores.get(result.candidate, example.id)]
    shared = [example for example in shared if scores.get(baseline, example)]
    return {"score": scores.mean(result.candidate, shared), "baseline_score": scores.mean(baseline, shared)}
