"""`maieutic duel`: blind pairwise comparisons in the terminal."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..core.errors import UsageError
from .lookup import open_store
from .options import DEFAULT_FOLDER, AsJson, Folder, RunName
from .output import print_json
from .printer import echo, prompt

if TYPE_CHECKING:
    from ..core.events import Event
    from ..runtime.store import RunRecord, Store

# What a key says of the left output: better, worse, a tie.
_CHOICES = {"1": 1.0, "l": 1.0, "2": -1.0, "r": -1.0, "t": 0.0, "=": 0.0}
_ENDED_STATES = ("finished", "failed", "stopped")
# Events that can follow a question without answering it.
_NON_ADVANCING_EVENTS = frozenset({"directive_refused", "run_resumed", "run_paused", "run_stopped"})
# The next comparison appears without a noticeable delay.
_POLL_SECONDS = 0.25


@dataclass(frozen=True, kw_only=True)
class BlindDuel:
    """One comparison as the person sees it. left_margin: 1 if the left output is the first candidate's, else -1."""

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
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="max comparisons in this session")] = 10,
    wait: Annotated[float, typer.Option(min=0, help="max seconds to wait for the next comparison")] = 600.0,
    as_json: AsJson = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Answer the pairwise comparisons a run is waiting for.

    Start such a run with --recipe apohf --set judge=person. Each comparison shows two outputs for one input, without
    names and in random order: 1 or 2 is the better one, t is a tie, q quits.
    """
    from ..runtime.monitor.event_messages import message_for

    with open_store(folder, read_only=False) as store:
        record = store.run(run)
        if record.state in ("finished", "failed"):
            raise UsageError(f"run {record.id} is {record.state} already", remedy="only an active run has comparisons")
        answers: list[dict[str, Any]] = []
        answered: set[str] = set()
        while len(answers) < count and (question := _wait_for_duel(store, record.id, answered, wait)) is not None:
            choice = _prompt_for_choice(question, len(answers) + 1, count)
            if choice is None:
                break
            margin = choice * question.left_margin
            _send_preference(store, record.id, question, margin)
            answered.add(question.key)
            answers.append({"first": question.first, "second": question.second, "margin": margin})
        best = [event for event in store.events(record.id) if event.kind == "best_changed"]
    if as_json:
        print_json({"run": record.id, "duels": answers})
        return
    echo(f"\n{len(answers)} comparisons answered" + ("" if answers else ": the run waits for none"))
    if best:
        echo(message_for(best[-1]))


def _wait_for_duel(store: Store, run: str, answered: set[str], wait: float) -> BlindDuel | None:
    """The next comparison; None if the run ends, its process is gone, or none comes in time."""
    from ..runtime.monitor.process import is_run_alive

    deadline = time.monotonic() + wait
    while True:
        record = store.run(run)
        if (event := _pending_duel(store, run)) is not None and event.key not in answered:
            return _blind_duel(store, record, event)
        if record.state in _ENDED_STATES or not is_run_alive(record) or time.monotonic() >= deadline:
            return None
        time.sleep(_POLL_SECONDS)


def _pending_duel(store: Store, run: str) -> Event | None:
    """The last comparison that was asked for, unless the run has continued since."""
    last = next((event for event in reversed(store.events(run)) if event.kind not in _NON_ADVANCING_EVENTS), None)
    return last if last is not None and last.kind == "duel_asked" else None


def _blind_duel(store: Store, record: RunRecord, event: Event) -> BlindDuel:
    example_id = str(event.data["example"])
    evaluations = [evaluation for evaluation in store.evaluations(record.id) if evaluation.example == example_id]
    responses = [response for response in store.responses(record.id) if response.example == example_id]
    outputs = {evaluation.candidate: evaluation.output for evaluation in evaluations}
    outputs |= {response.candidate: response.output for response in responses}
    example = store.example(record.id, example_id)
    first, second = str(event.data["first"]), str(event.data["second"])
    swapped = bool(event.data["swapped"])
    left, right = (second, first) if swapped else (first, second)
    return BlindDuel(
        first=first,
        second=second,
        example=example_id,
        input=example.text if example else "",
        left=outputs.get(left, ""),
        right=outputs.get(right, ""),
        left_margin=-1 if swapped else 1,
        key=event.key,
    )


def _prompt_for_choice(question: BlindDuel, number: int, count: int) -> float | None:
    """1 for the left output, -1 for the right one, 0 for a tie, None to quit."""
    echo(f"\nduel {number} of {count}")
    for heading, text in (("input", question.input), ("1", question.left), ("2", question.right)):
        lines = text.strip().splitlines() or ["(empty)"]
        echo(f"  {heading:>5} │ {lines[0]}")
        for line in lines[1:]:
            echo(f"        │ {line}")
    while True:
        key = str(prompt("better: 1, 2, t (tie), q (quit)")).strip().casefold()
        if key in ("q", "quit"):
            return None
        if key in _CHOICES:
            return _CHOICES[key]


def _send_preference(store: Store, run: str, question: BlindDuel, margin: float) -> None:
    import asyncio

    from ..runtime.steering.catalog import directive_named
    from ..runtime.steering.service import send_directive

    arguments: dict[str, Any] = {
        "a": question.first,
        "b": question.second,
        "example": question.example,
        "margin": margin,
    }
    asyncio.run(send_directive(store, run, directive_named("prefer"), **arguments))
