"""What `init` shows at its end: the rendered prompt, three examples with the metric on them, the smallest gain."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import MaieuticError
from .data_lines import first_request_lines
from .estimate import gain_line
from .lookup import load_registry
from .output import print_table, truncate
from .printer import echo
from .task_draft import WrittenTask

if TYPE_CHECKING:
    from ..core.dataset import Example
    from ..core.task import Task
    from ..plugins.system.registry import Registry

_SHOWN_EXAMPLES = 3
_CELL_WIDTH = 60


def print_final_screen(written: WrittenTask, place: Path) -> None:
    """Makes no model calls."""
    from ..graphs.estimate import estimate_run
    from ..graphs.run_options import RunOptions

    task = written.task
    registry = load_registry(place)
    for line in [*written.lines, *first_request_lines(task)]:
        echo(line)
    if rows := [*task.data.train, *task.data.val][:_SHOWN_EXAMPLES]:
        echo("examples and the metric on their references:")
        cells = [_cells(task, example, registry) for example in rows]
        print_table(cells, list(cells[0]), wrap=("input", "expected"))
    counts = {split: len(task.data[split]) for split in ("train", "val", "test")}
    echo(f"wrote {written.file}: {counts['train']} train, {counts['val']} val, {counts['test']} test examples")
    if counts["test"]:
        try:
            echo(gain_line(estimate_run(task, RunOptions(), registry)))
        except MaieuticError as error:
            echo(f"gain     not estimated: {error.what}")
    echo(f"next: maieutic estimate {place}   then   maieutic optimize {place}")


def _cells(task: Task, example: Example, registry: Registry) -> dict[str, Any]:
    """An example as a line: what is expected, and each metric's score of the reference itself."""
    cells = {
        "input": truncate(example.text, _CELL_WIDTH),
        "expected": truncate(" | ".join(example.outputs) or _assertions(example), _CELL_WIDTH),
    }
    return cells | {spec.use: _score(task, example, spec.use, dict(spec.options), registry) for spec in task.evaluators}


def _score(task: Task, example: Example, use: str, options: dict[str, Any], registry: Registry) -> str:
    import asyncio

    from ..core.evaluator_protocols import Evaluator
    from ..core.models import Output, Reply

    if not example.outputs:
        return "no reference"
    text = example.outputs[0]
    try:
        evaluator = registry.create("evaluator", use, **options)
        if not isinstance(evaluator, Evaluator):
            return "asks a model"
        answer = task.answer_of(example).read_answer(text)
        score = asyncio.run(evaluator.evaluate(example, Output(text=text, replies=(Reply(text=text),)), answer))
    except MaieuticError as error:
        return truncate(error.what, _CELL_WIDTH)
    return f"{score.value:.2f}"


def _assertions(example: Example) -> str:
    from ..runtime.tasks.assertions import row_assertions

    return ", ".join(str(item.get("type")) for item in row_assertions(example.metadata)) or "(none)"
