"""The task that a call of `optimize` describes: a Task, a file, or a prompt with rows, a metric and models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict, cast

from pydantic import ValidationError

from ...core.answer import AnswerContract
from ...core.error_messages import validation_location, validation_message
from ...core.errors import TaskError, UsageError
from ...core.models import ModelRef
from ...core.program import Program
from ...core.prompt import Prompt
from ...core.task import Constraints, EvaluatorSpec, Models, Task
from ...plugins.loaders.files import dataset_reader
from ...plugins.loaders.task_files import load_task_and_schemas
from ...plugins.system.registry import Registry
from ...runtime.tasks.data_schema import default_metric
from ...runtime.tasks.task_tables import parse_models, parse_program, parse_target
from .call_source import CallSource, advice_in_python
from .metrics import Metric, evaluator_specs, is_own_metric
from .rows import PythonData, read_rows

Rows = Iterable[Any] | Path
"""Rows of examples: dicts, tuples, a DataFrame, a data set, any iterable; or the name of a file."""
TaskSource = Task | str | Path

_DATA_ARGUMENTS = ("prompt", "train", "val", "test", "input", "output", "id", "together", "labels", "name")


class TaskArguments(TypedDict, total=False):
    """A task in arguments, for type checkers and editors. `docs/coming-from.md` has each in use.

    prompt: the prompt to start from. train, val, test: rows; without the others, train is split. metric, evaluators:
    what scores an output. target, optimizer, models: the models. input, output, id: columns, where their names do not
    tell. answer, labels: what counts as an answer. together: whether several outputs of a row are needed all.
    """

    prompt: str | Prompt | Program | None
    train: Rows | None
    val: Rows | None
    test: Rows | None
    metric: Metric | Sequence[Metric] | None
    evaluators: Sequence[Metric] | None
    target: str | ModelRef | None
    optimizer: str | ModelRef | None
    models: Models | Mapping[str, Any] | None
    input: str | Sequence[str] | Mapping[str, str] | None
    output: str | Sequence[str] | None
    id: str | None
    answer: str | AnswerContract | Mapping[str, Any] | None
    labels: Sequence[str] | None
    together: bool | None
    name: str | None
    description: str | None
    constraints: Constraints | Mapping[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class ResolvedTask:
    """A task with the registry that knows its metrics. notes: how the rows were read, and what was chosen."""

    task: Task
    registry: Registry | None
    notes: tuple[str, ...] = ()


def resolve_task(
    source: TaskSource | None, arguments: Mapping[str, Any], registry: Registry | None, *, trust: bool = False
) -> ResolvedTask:
    """The task of a call. Raises UsageError or TaskError for arguments that make none.

    trust: whether the caller agrees to the code and hosts of a task file.
    """
    given = {name: value for name, value in arguments.items() if value is not None}
    if "metric" in given and "evaluators" in given:
        raise UsageError("metric and evaluators are the same", where="metric", remedy="give one of the two")
    if source is None and "prompt" not in given:
        raise UsageError(
            "nothing to optimize was given",
            possible=('optimize(prompt="…", train=rows, metric=fn)', "optimize(task)", 'optimize("folder/task.toml")'),
        )
    if source is None:
        with advice_in_python():
            return _task_from_rows(given, registry or Registry.load())
    if clash := next((name for name in _DATA_ARGUMENTS if name in given), None):
        raise UsageError(
            f"{clash}= does not go with a task that has its own" + _prompt_hint(source),
            where=f"{clash}=",
            possible=("target", "optimizer", "models", "metric", "evaluators", "answer", "description", "constraints"),
            remedy="change the task, or give prompt= and train= without it",
        )
    notes: tuple[str, ...] = ()
    if isinstance(source, str | Path):
        registry = registry or Registry.load(folder=_folder_of(Path(source)))
        loaded = load_task_and_schemas(source, registry=registry, trust=trust)
        source, notes = loaded.task, loaded.notes
    if not isinstance(source, Task):
        raise UsageError(f"{source!r:.60} is no task", possible=("a Task", "a task file", "a folder with a task.toml"))
    return _with_overrides(source, given, registry, notes)


def _folder_of(path: Path) -> Path:
    return path if path.is_dir() else path.parent


def _prompt_hint(source: TaskSource) -> str:
    is_text = isinstance(source, str) and not Path(source).exists()
    return "; a prompt is given by name: prompt=…" if is_text else ""


def _with_overrides(
    task: Task, given: Mapping[str, Any], registry: Registry | None, notes: tuple[str, ...]
) -> ResolvedTask:
    """A task with the parts that the call gives in place of its own."""
    changes: dict[str, Any] = {}
    metric = given.get("metric", given.get("evaluators"))
    if metric is not None:
        registry = registry or Registry.load(folder=Path(task.source).parent if task.source else None)
        changes["evaluators"] = evaluator_specs(metric, registry)
    if any(name in given for name in ("target", "optimizer", "models")):
        changes["models"] = _models(given, task.models)
    if "answer" in given:
        changes["answer"] = _answer(given)
    if "description" in given:
        changes["description"] = str(given["description"])
    if "constraints" in given:
        changes["constraints"] = _validated(Constraints, given["constraints"], "constraints")
    return ResolvedTask(task=task.model_copy(update=changes), registry=registry, notes=notes)


def _task_from_rows(given: Mapping[str, Any], registry: Registry) -> ResolvedTask:
    """A task from a prompt and rows, as a task file would describe it."""
    if "train" not in given:
        raise UsageError(
            "a prompt alone has nothing to be measured on",
            where="train=",
            possible=("rows with inputs and outputs", "a DataFrame", "the name of a file"),
            remedy='give train=[{"input": …, "output": …}, …]',
        )
    call = CallSource.of("optimize", {"prompt": given["prompt"]})
    prompt = given["prompt"]
    if isinstance(prompt, Prompt | Program):
        program = prompt if isinstance(prompt, Program) else Program.of(prompt)
    else:
        program = parse_program(call)
    metric = given.get("metric", given.get("evaluators"))
    data = read_rows(
        call,
        given,
        program=program,
        answer=_answer(given) if {"answer", "labels"} & given.keys() else None,
        own_metric=metric is not None and is_own_metric(metric),
        any_metric=metric is not None,
        read=dataset_reader(registry),
    )
    task = call.wrap_errors(
        lambda: Task(
            name=str(given.get("name", "task")),
            description=str(given.get("description", "")),
            program=data.program,
            target=parse_target(call, data.program),
            data=data.dataset,
            evaluators=_evaluators(metric, data, registry),
            answer=data.answer,
            models=_models(given, None),
            constraints=_validated(Constraints, given.get("constraints", {}), "constraints"),
        )
    )
    return ResolvedTask(task=call.wrap_errors(task.check), registry=registry, notes=data.notes)


def _evaluators(metric: Any, data: PythonData, registry: Registry) -> tuple[EvaluatorSpec, ...]:
    """The caller's metric; else the usual one of the answer type, and none where no row has an output."""
    if metric is not None:
        return evaluator_specs(metric, registry, data.columns)
    if not any(example.outputs for example in data.dataset.examples()):
        return ()
    return (EvaluatorSpec(use="set" if data.together else default_metric(data.answer.type)),)


def _answer(given: Mapping[str, Any]) -> AnswerContract:
    answer: Any = given.get("answer", {})
    if isinstance(answer, AnswerContract):
        return answer
    table = {"type": answer} if isinstance(answer, str) else dict(_mapping(answer, "answer"))
    if "labels" in given:
        table = {"type": "label", **table, "labels": tuple(map(str, given["labels"]))}
    return cast("AnswerContract", _validated(AnswerContract, table, "answer"))


def _models(given: Mapping[str, Any], before: Models | None) -> Models:
    """The models that are named; of a fresh task, the target is the optimizer too."""
    models = given.get("models")
    if isinstance(models, Mapping) and all(isinstance(models.get(role, ""), str) for role in ("target", "optimizer")):
        models = parse_models(CallSource.of("optimize", {"models": dict(models)}))
    elif models is not None:
        if isinstance(models, Mapping) and "target" in models:
            models = {"optimizer": models["target"], **models}
        models = _validated(Models, models, "models")
    named = {role: _validated(ModelRef, given[role], role) for role in ("target", "optimizer") if role in given}
    if models is None and before is None and "target" in named:
        named.setdefault("optimizer", named["target"])
    base = models or before or Models()
    return base.model_copy(update=named)


def _mapping(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UsageError(f"{name} cannot be {value!r:.60}", where=f"{name}=", possible=("a name", "a dict", "a value"))
    return value


def _validated(model: Any, value: Any, name: str) -> Any:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        message, possible = validation_message(error)
        place = validation_location(error)
        raise TaskError(
            f"{name}{f'.{place}' if place else ''} {message}",
            where=f"optimize(), {name}=",
            possible=possible or (tuple(model.model_fields) if "unknown" in message else ()),
            remedy="correct the value",
        ) from error
