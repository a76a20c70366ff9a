"""Lines that show how a task reads its data: the role of each column, and the first example as it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..core.task import Task
    from ..runtime.tasks.loader import LoadedTask

# Enough to see that placeholders are filled; the middle of a longer request is left out.
_MAX_REQUEST = 1_500


def data_lines(loaded: LoadedTask) -> list[str]:
    """The roles of the columns, once for files that are read alike, and the notes on the rows."""
    sources: dict[tuple[str, ...], list[str]] = {}
    for schema in loaded.schemas:
        sources.setdefault(tuple(schema.role_lines(counts=False)), []).append(schema.source)
    lines = []
    for roles, names in sources.items():
        lines += [f"data     {', '.join(names)}: {roles[0]}", *(f"         {line}" for line in roles[1:])]
    return lines + [f"note: {note}" for note in loaded.notes]


def first_request_lines(task: Task) -> list[str]:
    """The first example under the start prompt, as it is sent to the target; empty for several prompts."""
    from ..core.render import messages_as_text, render

    examples = task.data.train or task.data.val
    if not examples or len(task.program.prompts) != 1 or task.program.router is not None:
        return []
    text = messages_as_text(render(task.program.main, examples[0]))
    if len(text) > _MAX_REQUEST:
        half = _MAX_REQUEST // 2
        text = f"{text[:half]}\n… {len(text) - 2 * half:,} characters …\n{text[-half:]}"
    return ["prompt   the first example as it is sent:", *(f"         {line}" for line in text.split("\n"))]
