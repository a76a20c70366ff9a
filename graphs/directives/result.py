"""What became of a directive."""

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
    """refused: why it changes nothing; empty where it was applied. update: of the state. told: for the log."""

    refused: str = ""
    update: RunState = field(default_factory=lambda: RunState())
    log_data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Boundary:
    """A boundary. step: the archive is as it was before it. at: the step under which is written what changes; before
    the first round that is the step before, since no step is taken then."""

    read_before: int
    write_step: int


async def record_directive(
    session: RunContext, place: int, number: int, directive: Directive, outcome: DirectiveResult
) -> None:
    """The log hears of a directive once, whatever is run again and whoever says it first."""
    event = Event(
        run=session.run,
        kind="directive_refused" if outcome.refused else "directive_applied",
        key=f"directive:{number}",
        step=place,
        data={
            "directive": directive.model_dump(mode="json", exclude={"prompt"}),
            "reason": outcome.refused,
            "number": number,
            **outcome.log_data,
        },
    )
    await session.append_event(event)
