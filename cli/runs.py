"""`maieutic runs`, `show` and `lineage`: the runs of a store, one run, and its candidates' ancestry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ..core.errors import UsageError
from .completion import complete_candidates, complete_runs
from .lookup import WITHOUT_SEARCH, display_state, find_candidate, load_archive, open_store
from .options import DEFAULT_FOLDER, AsJson, Folder, Limit, OutputFile, RunName
from .output import format_score, print_json, print_table, write_or_print
from .printer import echo, secho

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..core.candidate import Archive, Candidate
    from ..runtime.store import RunRecord, Store


_CANDIDATE_WORDS = ("best", "start")


def runs(
    everything: Annotated[bool, typer.Option("--all", help="list evaluations too; --json lists all")] = False,
    as_json: AsJson = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """List the runs, newest first.

    Evaluations (of eval, compare and transfer) are listed with --all.
    """
    from ..runtime.monitor.process import is_run_alive
    from ..runtime.store import DATABASE

    rows: list[dict[str, Any]] = []
    if (folder / DATABASE).is_file():
        with open_store(folder) as store:
            rows = [_run_row(store, record, alive=is_run_alive(record)) for record in store.runs()]
    if as_json:
        print_json(rows)
    elif not rows:
        echo("no runs in this folder yet; start one with maieutic optimize TASK, or maieutic demo")
    else:
        listed = [row for row in rows if everything or row["recipe"] not in WITHOUT_SEARCH]
        cells = [{**row, "best": format_score(row["best_score"])} for row in listed]
        if cells:
            columns = ["id", "task", "recipe", "state", "best", "calls", "started"]
            print_table(cells, columns, omit=("started", "calls"))
        if hidden := len(rows) - len(listed):
            echo(f"{hidden} evaluations are not listed: maieutic runs --all")


def show(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN",
            help="run id, a prefix of one, or latest; or a candidate of the last run",
            autocompletion=complete_runs,
        ),
    ] = "latest",
    candidate: Annotated[
        str | None,
        typer.Argument(
            metavar="CANDIDATE",
            help="candidate id, a unique prefix of one, best or start",
            autocompletion=complete_candidates,
        ),
    ] = None,
    limit: Limit = 20,
    as_json: AsJson = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Show a run and its candidates, or one candidate and its outputs.

    `show best` shows the best candidate of the last run.
    """
    from .candidates import candidate_json, candidate_rows, print_candidate

    with open_store(folder) as store:
        record, candidate = _run_and_candidate(store, run, candidate)
        if candidate is None:
            rows = candidate_rows(store, record)
            if as_json:
                print_json(_run_json(store, record, rows))
            else:
                _print_run(store, record, rows, limit)
            return
        selected = find_candidate(store, record, candidate)
        if as_json:
            print_json(candidate_json(store, record, selected))
        else:
            print_candidate(store, record, selected, limit)


def lineage(
    run: RunName = "latest",
    form: Annotated[
        Literal["mermaid", "dot", "graphml", "svg"], typer.Option("--format", help="output format")
    ] = "mermaid",
    output: OutputFile = None,
    as_json: AsJson = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Show the candidates' ancestry as a graph."""
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
        print_json(_lineage_json(record, archive, val, origin))
        return
    graph = Lineage(candidates)
    labels = {
        candidate.id: f"{candidate.id} {format_score(archive.scores.mean(candidate.id, val))}".rstrip()
        for candidate in candidates
    }
    labels |= {name: f"{labels[name]} from {parent['run']}:{parent['candidate']}" for name, parent in origin.items()}
    writers = {"mermaid": graph.mermaid, "dot": graph.dot, "graphml": lambda labels: graph.graphml()}
    write_or_print(writers[form](labels), output)


def _run_and_candidate(store: Store, run: str, candidate: str | None) -> tuple[RunRecord, str | None]:
    """The run, and the candidate if one is named: a word that is no run may be a candidate of the last run."""
    if candidate is not None:
        return store.run(run), candidate
    if run in _CANDIDATE_WORDS:
        return store.run("latest"), run
    try:
        return store.run(run), None
    except UsageError as error:
        latest = store.run("latest")
        if any(other.id.startswith(run) for other in store.candidates(latest.id)):
            return latest, run
        raise error from None


def _run_row(store: Store, record: RunRecord, *, alive: bool) -> dict[str, Any]:
    calls = sum(cost.calls for cost in store.ledger_sums(record.id).used.values())
    return {
        "id": record.id,
        "task": record.task,
        "recipe": record.recipe,
        "state": display_state(record, alive=alive),
        "best": record.best,
        "best_score": record.best_score,
        "calls": calls or record.calls,
        "started": record.started,
        "finished": record.finished,
        "alive": alive,
    }


def _run_json(store: Store, record: RunRecord, candidates: list[dict[str, Any]]) -> dict[str, Any]:
    """The run, what it used, and every candidate."""
    from ..core.budget import Cost
    from ..runtime.monitor.process import is_run_alive

    used, alive = store.ledger_sums(record.id).used, is_run_alive(record)
    return {
        "id": record.id,
        "task": record.task,
        "recipe": record.recipe,
        "seed": record.seed,
        "state": display_state(record, alive=alive),
        "alive": alive,
        "best": record.best,
        "best_score": record.best_score,
        "started": record.started,
        "finished": record.finished,
        "source": record.source,
        "calls": {payer: used.get(payer, Cost()).calls for payer in ("target", "optimizer")},
        "tokens": sum(cost.tokens for cost in used.values()),
        "usd": sum(cost.usd for cost in used.values()),
        "candidates": candidates,
    }


def _print_run(store: Store, record: RunRecord, candidates: list[dict[str, Any]], limit: int) -> None:
    from ..runtime.monitor.process import is_run_alive
    from ..runtime.monitor.snapshot import LiveSource
    from .progress import summary_pairs

    secho(f"{record.task} · {display_state(record, alive=is_run_alive(record))}", bold=True)
    # The log has the scores and spending at the time of each event; the snapshot has them as they are now.
    for name, value in summary_pairs(LiveSource(store, record.id).read_all().view):
        echo(f"{name:<11} {value}")
    ranked = sorted(candidates, key=lambda row: (row["score"] is None, -(row["score"] or 0.0)))[:limit]
    echo()
    print_table(
        [{**row, "score": format_score(row["score"])} for row in ranked],
        ["id", "score", "n", "status", "operator", "round", "reason"],
        omit=("round", "n"),
        wrap=("reason",),
    )
    if len(candidates) > len(ranked):
        echo(f"… and {len(candidates) - len(ranked)} more (--limit)")


def _lineage_json(
    record: RunRecord, archive: Archive, val: list[str], origin: dict[str, dict[str, str]]
) -> dict[str, Any]:
    candidates = archive.candidates.values()
    return {
        "run": record.id,
        "nodes": [
            {
                "id": candidate.id,
                "status": candidate.status,
                "score": archive.scores.mean(candidate.id, val),
                "operator": candidate.operator,
                "round": candidate.round,
                "origin": origin.get(candidate.id),
            }
            for candidate in candidates
        ],
        "edges": [
            {"parent": parent, "child": candidate.id, "operator": candidate.operator}
            for candidate in candidates
            for parent in candidate.parents
        ],
    }


def _lineage_svg(store: Store, record: RunRecord) -> str:
    """The tree with scores and intervals, as the TUI saves it."""
    from ..runtime.monitor.snapshot import LiveSource
    from ..tui.lines.lineage_svg import lineage_svg

    return lineage_svg(LiveSource(store, record.id).read_all())


def _fork_origin(record: RunRecord, candidates: Sequence[Candidate]) -> dict[str, dict[str, str]]:
    """In a fork: the run and candidate it started from, by the id that the candidate has here."""
    origin = record.options.get("origin")
    forked = [candidate.id for candidate in candidates if candidate.operator == "person" and not candidate.parents]
    return {forked[0]: dict(origin)} if origin and forked else {}
