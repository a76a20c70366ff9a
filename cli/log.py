"""Commands that read on from a cursor: events, dialogue; and how candidates and rows stand: scoreboard, examples."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import DEFAULT_FOLDER, AsJson, Folder, RunName, open_store, print_json

if TYPE_CHECKING:
    from ..runtime.store import RunRecord, Store

After = Annotated[int, typer.Option(min=0, help="only what came after this number")]
Limit = Annotated[int, typer.Option(min=1, help="the most lines; --json has all")]

_MAX_CELL = 70


def events(
    run: RunName = "latest",
    after: After = 0,
    limit: Limit = 200,
    as_json: AsJson = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """What happened in a run, as facts. With --json one object a line; `seq` of the last is the next --after."""
    from ..runtime.monitor.event_messages import message_for

    with open_store(folder) as store:
        found = store.events(store.run(run).id, after=after)
    if as_json:
        for event in found:
            typer.echo(json.dumps(event.as_json_line(), ensure_ascii=False))
        return
    for event in found[-limit:]:
        typer.echo(f"{event.number:>6}  {event.at[11:19]}  {message_for(event) or event.kind}")


def dialogue(
    run: RunName = "latest",
    after: After = 0,
    limit: Limit = 40,
    as_json: AsJson = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """What the agents were asked and what they said. With --json all of it; `number` is the cursor."""
    with open_store(folder) as store:
        turns = store.dialogue(store.run(run).id, after=after)
    if as_json:
        print_json([turn.model_dump(mode="json") for turn in turns])
        return
    if not turns:
        typer.echo("nobody has spoken")
    for turn in turns[-limit:]:
        typer.secho(f"{turn.number}  {turn.role} · {turn.skill} · step {turn.step}", bold=True)
        typer.echo(turn.raw.strip() if turn.parsed is not None else f"(could not be read) {turn.raw.strip()}")
        typer.echo()


def scoreboard(
    run: RunName = "latest", limit: Limit = 20, as_json: AsJson = False, folder: Folder = DEFAULT_FOLDER
) -> None:
    """All candidates by their mean on val, the best first, with 95 % intervals."""
    from .tables import print_table

    with open_store(folder) as store:
        rows = _scoreboard_rows(store, store.run(run))
    if as_json:
        print_json(rows)
        return
    cells = [
        {
            **row,
            "score": _format_score(row["score"]),
            "95 %": f"{_format_score(row['low'])} to {_format_score(row['high'])}",
        }
        for row in rows[:limit]
    ]
    print_table(cells, ["place", "id", "score", "95 %", "n", "status", "operator"])


def examples(
    run: RunName = "latest", limit: Limit = 20, as_json: AsJson = False, folder: Folder = DEFAULT_FOLDER
) -> None:
    """Rows of train and val with how candidates did on them, the most failed first."""
    from .tables import print_table

    with open_store(folder) as store:
        rows = _example_rows(store, store.run(run))
    if as_json:
        print_json(rows)
        return
    cells = [
        {
            **row,
            "expected": " | ".join(row["expected"]) or "(none)",
            "failed": f"{row['failed']} of {row['n']}",
            "input": _truncate(str(row["input"])),
        }
        for row in rows[:limit]
    ]
    print_table(cells, ["id", "split", "failed", "unreadable", "expected", "input"])


def _scoreboard_rows(store: Store, record: RunRecord) -> list[dict[str, Any]]:
    from ..core.stats.intervals import mean_interval
    from .runs import load_archive

    archive, val = load_archive(store, record)
    ranked = archive.ranked(list(archive.candidates.values()), val)
    rows = []
    for place, one in enumerate(ranked, 1):
        scores = [seen.score for seen in archive.scores.row(one.id, val).values()]
        told = mean_interval(scores) if scores else None
        rows.append(
            {
                "place": place,
                "id": one.id,
                "score": told.value if told else None,
                "low": told.low if told else None,
                "high": told.high if told else None,
                "n": len(scores),
                "unreadable": sum(seen.failure == "format" for seen in archive.scores.row(one.id, val).values()),
                "status": one.status,
                "operator": one.operator,
                "parents": list(one.parents),
            }
        )
    return rows


def _example_rows(store: Store, record: RunRecord) -> list[dict[str, Any]]:
    """Each failure with the candidate and what it said, so that a person can see whether the label is right."""
    met: dict[str, list[Any]] = {}
    for seen in store.evaluations(record.id):
        met.setdefault(seen.example, []).append(seen)
    rows = []
    for split, row in store.examples(record.id):
        if split not in ("train", "val"):
            continue
        known = met.get(row.id, [])
        failures = [
            {"candidate": one.candidate, "output": one.output, "score": one.score, "failure": one.failure}
            for one in known
            if one.score < 1.0
        ]
        rows.append(
            {
                "id": row.id,
                "split": split,
                "input": row.input,
                "expected": list(row.outputs),
                "n": len(known),
                "failed": len(failures),
                "unreadable": sum(one["failure"] == "format" for one in failures),
                "mean": sum(one.score for one in known) / len(known) if known else None,
                "failures": failures,
            }
        )
    return sorted(rows, key=lambda one: (-one["failed"], one["split"], one["id"]))


def _format_score(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _truncate(text: str) -> str:
    said = " ".join(text.split())
    return said if len(said) <= _MAX_CELL else f"{said[: _MAX_CELL - 1]}…"
