"""`maieutic events` and `dialogue`: a run's log and its optimizer models' dialogue, read on from a cursor."""

from __future__ import annotations

from typing import Annotated

import typer

from .lookup import open_store
from .options import DEFAULT_FOLDER, AsJson, Folder, Limit, RunName
from .output import print_json
from .printer import echo, echo_json, secho

After = Annotated[int, typer.Option(min=0, help="only entries after this number")]


def events(
    run: RunName = "latest",
    after: After = 0,
    limit: Limit = 200,
    as_json: AsJson = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Show a run's events.

    With --json one object per line; `seq` of the last is the next --after.
    """
    from ..runtime.monitor.event_messages import message_for

    with open_store(folder) as store:
        entries = store.events(store.run(run).id, after=after)
    if as_json:
        for event in entries:
            echo_json(event.as_json_line())
        return
    for event in entries[-limit:]:
        echo(f"{event.number:>6}  {event.at[11:19]}  {message_for(event) or event.kind}")


def dialogue(
    run: RunName = "latest",
    after: After = 0,
    limit: Limit = 40,
    as_json: AsJson = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Show the questions to the optimizer models and their replies.

    With --json all of it; `number` of the last is the next --after.
    """
    with open_store(folder) as store:
        turns = store.dialogue(store.run(run).id, after=after)
    if as_json:
        print_json([turn.model_dump(mode="json") for turn in turns])
        return
    if not turns:
        echo("no dialogue yet")
    for turn in turns[-limit:]:
        secho(f"{turn.number}  {turn.role} · {turn.skill} · step {turn.step}", bold=True)
        echo(turn.raw.strip() if turn.parsed is not None else f"(unreadable) {turn.raw.strip()}")
        echo()
