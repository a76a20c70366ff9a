"""The result of a directive, and where it takes effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...core.directives import Directive
from ...core.events import Event
from ..run_context import RunContext
from ..state import RunState


@dataclass(frozen=True, kw_only=True)
class DirectiveResult:
    """What a directive did.

    Attributes:
        refused: why it changes nothing; empty where it was applied.
        update: of the graph's state.
        log_data: further data of its event.
    """

    refused: str = ""
    update: RunState = field(default_factory=lambda: RunState())
    log_data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Boundary:
    """A step boundary, where directives take effect.

    Attributes:
        read_before: the archive is read as it was before this step.
        write_step: changes are written under this step. Before the first round that is the step before, since no step
            is counted then.
    """

    read_before: int
    write_step: int


async def record_directive(
    context: RunContext, step: int, number: int, directive: Directive, result: DirectiveResult
) -> None:
    """Log a directive once, whatever runs again and whichever node does it first."""
    event = Event(
        run=context.run,
        kind="directive_refused" if result.refused else "directive_applied",
        key=f"directive:{number}",
        step=step,
        data={
            "directive": directive.model_dump(mode="json", exclude={"prompt"}),
            "reason": result.refused,
            "number": number,
            **result.log_data,
        },
    )
    await context.append_event(event)
