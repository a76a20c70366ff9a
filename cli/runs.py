"""Commands that show what is in the store: runs, show, diff, lineage."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from .lookup import find_candidate, find_run_and_candidate
from .options import DEFAULT_FOLDER, AsJson, Folder, OutputFile, RunName, open_store, print_json, write_or_print

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..core.candidate import Archive, Candidate
    from ..runtime.store import RunRecord, Store


def runs(as_json: AsJson = False, folder: Folder = DEFAULT_FOLDER) -> None:
    """All runs here, the newest first."""
    from ..runtime.monitor.process import is_run_alive
    from ..runtime.store import DATABASE
    from .tables import print_table

    rows: list[dict[str, Any]] = []
    if (folder / DATABASE).is_file():
        with open_store(folder) as store:
            rows = [_run_row(store, record, alive=is_run_alive(record)) for record in store.runs()]
    if as_json:
        print_json(rows)
    elif not rows:
        typer.echo("no runs here yet; start one with maieutic optimize TASK, or maieutic demo")
    else:
        shown = [{**row, "best": _format_score(row["best_score"])} for row in rows]
        print_table(shown, ["id", "task", "recipe", "state", "best", "calls", "started"])


def show(
    run: RunName = "latest",
    candidate: Annotated[str | None, typer.Argument(help="an id, the beginning of one, best or start")] = None,
    limit: Annotated[int, typer.Option(min=1, help="the most rows to list; --json lists all")] = 20,
    as_json: AsJson = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """A run with its candidates, or one candidate with its prompt and what it answered."""
    from .candidates import candidate_json, print_candidate, print_run, run_json

    with open_store(folder) as store:
        record = store.run(run)
        if candidate is None:
            if as_json:
                print_json(run_json(store, record))
            else:
                print_run(store, record, limit)
            return
        chosen = find_candidate(store, record, candidate)
        if as_json:
            print_json(candidate_json(store, record, chosen))
        else:
            print_candidate(store, record, chosen, limit)


def diff(
    a: Annotated[str, typer.Argument(help="CANDIDATE, RUN:CANDIDATE, or RUN for its best")],
    b: Annotated[str, typer.Argument(help="the same; what is new in it has a plus")],
    run: Annotated[str, typer.Option(help="where candidates are looked up")] = "latest",
    as_json: AsJson = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """What changed between two prompts, as they are said to the model."""
    from ..core.render import program_text
    from .tables import print_diff

    with open_store(folder) as store:
        (_, first), (_, second) = (find_run_and_candidate(store, run, ref) for ref in (a, b))
    before, after = (program_text(one.program).splitlines() for one in (first, second))
    lines = list(difflib.unified_diff(before, after, first.id, second.id, lineterm="", n=3))
    if as_json:
        print_json({"a": first.id, "b": second.id, "diff": "\n".join(lines)})
    elif lines:
        print_diff(lines)
    else:
        typer.echo(f"{first.id} and {second.id} say the same")


def lineage(
    run: RunName = "latest",
    form: Annotated[
        Literal["mermaid", "dot", "graphml", "svg"], typer.Option("--format", help="how to draw it")
    ] = "mermaid",
    output: OutputFile = None,
    as_json: AsJson = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Who came from whom."""
    from ..core.lineage import Lineage

    with open_store(folder) as store:
        record = store.run(run)
        archive, val = load_archive(store, record)
        if form == "svg" and not as_json:
            write_or_print(_lineage_svg(store, record), output)
            return
    candidates = list(archive.candidates.values())
    origin = _fork_origin(record, candidates)
    if as_json:
        edges = [{"parent": p, "child": c.id, "operator": c.operator} for c in candidates for p in c.parents]
        nodes = [
            {
                "id": c.id,
                "status": c.status,
                "score": archive.scores.mean(c.id, val),
                "operator": c.operator,
                "round": c.round,
                "origin": origin.get(c.id),
            }
            for c in candidates
        ]
        print_json({"run": record.id, "nodes": nodes, "edges": edges})
        return
    drawn = Lineage(candidates)
    labels = {one.id: f"{one.id} {_format_score(archive.scores.mean(one.id, val))}".rstrip() for one in candidates}
    labels |= {name: f"{labels[name]} from {one['run']}:{one['candidate']}" for name, one in origin.items()}
    texts = {"mermaid": drawn.mermaid, "dot": drawn.dot, "graphml": lambda labels: drawn.graphml()}
    write_or_print(texts[form](labels), output)


def _lineage_svg(store: Store, record: RunRecord) -> str:
    """The tree with scores and intervals, as the TUI saves it."""
    from ..runtime.monitor.snapshot import LiveSource
    from ..tui.lines.lineage_svg import lineage_svg

    return lineage_svg(LiveSource(store, record.id).read_all())


def _fork_origin(record: RunRecord, candidates: Sequence[Candidate]) -> dict[str, dict[str, str]]:
    """In a fork, which candidate came from where."""
    began = record.options.get("origin")
    forked = [one.id for one in candidates if one.operator == "person" and not one.parents]
    return {forked[0]: dict(began)} if began and forked else {}


def load_archive(store: Store, record: RunRecord) -> tuple[Archive, list[str]]:
    """A run's archive as it stands, and the ids of its val rows."""
    from ..core.candidate import Archive

    val = [example.id for _, example in store.examples(record.id, "val")]
    return Archive(store.candidates(record.id), store.evaluations(record.id, split="val")), val


def _run_row(store: Store, record: RunRecord, *, alive: bool) -> dict[str, Any]:
    spent = sum(cost.calls for cost in store.ledger_sums(record.id).used.values())
    return {
        "id": record.id,
        "task": record.task,
        "recipe": record.recipe,
        "state": display_state(record, alive=alive),
        "best": record.best,
        "best_score": record.best_score,
        "calls": spent or record.calls,
        "started": record.started,
        "finished": record.finished,
        "alive": alive,
    }


def display_state(record: RunRecord, *, alive: bool) -> str:
    """The record's state, which nobody could correct where the process is gone: then it is `interrupted`."""
    return "interrupted" if record.state in ("running", "paused") and not alive else record.state


def _format_score(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
