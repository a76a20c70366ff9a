"""`maieutic duel`: a sitting of duels in the terminal, blind: which output is better?"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..core.errors import UsageError
from .options import DEFAULT_FOLDER, AsJson, Folder, RunName, open_store, print_json

if TYPE_CHECKING:
    from ..core.events import Event
    from ..runtime.store import RunRecord, Store

_CHOICES = {"1": 1.0, "l": 1.0, "2": -1.0, "r": -1.0, "t": 0.0, "=": 0.0}
_ENDED_STATES = ("finished", "failed", "stopped")
_POLL_SECONDS = 0.25


@dataclass(frozen=True, kw_only=True)
class BlindDuel:
    """One duel as the person sees it. margin_of_left: 1 where the left output is the first candidate's, else -1."""

    first: str
    second: str
    example: str
    input: str
    left: str
    right: str
    left_margin: int
    key: str


def duel(
    run: RunName = "latest",
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="duels in this sitting")] = 10,
    wait: Annotated[float, typer.Option(min=0, help="seconds to wait for the next one")] = 600.0,
    as_json: AsJson = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Decide the duels that a run waits for (begin it with --recipe apohf --set judge=person).

    Two outputs for one input, without names and in random order: 1 or 2 says which is better, t is a tie, q leaves.
    """
    from ..runtime.monitor.event_messages import message_for

    with open_store(folder, read_only=False) as store:
        record = store.run(run)
        if record.state == "finished" or record.state == "failed":
            raise UsageError(f"run {record.id} is {record.state} already", remedy="duels belong to a run that goes on")
        done: list[dict[str, Any]] = []
        answered: set[str] = set()
        while len(done) < count and (shown := _wait_for_duel(store, record.id, answered, wait)) is not None:
            side = _prompt_for_choice(shown, len(done) + 1, count)
            if side is None:
                break
            _send_preference(store, record.id, shown, side * shown.left_margin)
            answered.add(shown.key)
            done.append({"first": shown.first, "second": shown.second, "margin": side * shown.left_margin})
        best = [event for event in store.events(record.id) if event.kind == "best_changed"]
    if as_json:
        print_json({"run": record.id, "duels": done})
        return
    typer.echo(f"\n{len(done)} duels decided" + ("" if done else ": the run waits for none"))
    if best:
        typer.echo(message_for(best[-1]))


def _wait_for_duel(store: Store, run: str, answered: set[str], wait: float) -> BlindDuel | None:
    """The duel that waits now, None where the run ends, its process is gone, or none comes in time."""
    from ..runtime.monitor.process import is_run_alive

    until = time.monotonic() + wait
    while True:
        record = store.run(run)
        if (event := _pending_duel(store, run)) is not None and event.key not in answered:
            return _blind_duel(store, record, event)
        if record.state in _ENDED_STATES or not is_run_alive(record) or time.monotonic() >= until:
            return None
        time.sleep(_POLL_SECONDS)


def _pending_duel(store: Store, run: str) -> Event | None:
    """The last duel that was asked for, unless the run went on since."""
    last = next((event for event in reversed(store.events(run)) if event.kind not in _NON_ADVANCING_EVENTS), None)
    return last if last is not None and last.kind == "duel_asked" else None


_NON_ADVANCING_EVENTS = frozenset({"directive_refused", "run_resumed", "run_paused", "run_stopped"})


def _blind_duel(store: Store, record: RunRecord, event: Event) -> BlindDuel:
    told = event.data
    row = str(told["example"])
    said = {one.candidate: one.output for one in store.evaluations(record.id) if one.example == row}
    said |= {one.candidate: one.output for one in store.responses(record.id) if one.example == row}
    example = store.example(record.id, row)
    first, second = str(told["first"]), str(told["second"])
    left, right = (second, first) if told["swapped"] else (first, second)
    return BlindDuel(
        first=first,
        second=second,
        example=row,
        input=example.text if example else "",
        left=said.get(left, ""),
        right=said.get(right, ""),
        left_margin=-1 if told["swapped"] else 1,
        key=event.key,
    )


def _prompt_for_choice(shown: BlindDuel, number: int, count: int) -> float | None:
    """1 for the left, -1 for the right, 0 for a tie, None to leave."""
    typer.echo(f"\nduel {number} of {count}")
    for head, text in (("input", shown.input), ("1", shown.left), ("2", shown.right)):
        lines = text.strip().splitlines() or ["(nothing)"]
        typer.echo(f"  {head:>5} │ {lines[0]}")
        for line in lines[1:]:
            typer.echo(f"        │ {line}")
    while True:
        said = str(typer.prompt("better: 1, 2, t (tie), q (leave)")).strip().casefold()
        if said in ("q", "quit"):
            return None
        if said in _CHOICES:
            return _CHOICES[said]


def _send_preference(store: Store, run: str, shown: BlindDuel, margin: float) -> None:
    import asyncio

    from ..runtime.steering.catalog import directive_named
    from ..runtime.steering.service import send_directive

    given: dict[str, Any] = {"a": shown.first, "b": shown.second, "example": shown.example, "margin": margin}
    asyncio.run(send_directive(store, run, directive_named("prefer"), **given))
