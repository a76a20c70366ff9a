"""Commands that tell a run what to do: each writes one directive, which the run applies at its next step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..core.errors import UsageError
from .options import HERE, AsJson, Folder, RunName, open_store, print_json

if TYPE_CHECKING:
    from ..core.directives import Directive
    from ..runtime.store import RunRecord, Store

_ACTIONS = ("pause", "resume", "stop", "pin", "veto", "hint", "replan")


def stop(
    run: RunName = "latest",
    report: Annotated[bool, typer.Option(help="open the sealed test and report on the best so far")] = True,
    as_json: AsJson = False,
    folder: Folder = HERE,
) -> None:
    """End a run's search; the best so far goes to the report."""
    from ..core.directives import Stop

    _send(run, lambda store, record: Stop(report=report), folder, as_json)


def steer(
    run: RunName,
    action: Annotated[str, typer.Argument(help=", ".join(_ACTIONS))],
    words: Annotated[list[str] | None, typer.Argument(help="a candidate for pin and veto, a text for hint")] = None,
    branch: Annotated[bool, typer.Option("--branch", help="veto all that descends from it too")] = False,
    as_json: AsJson = False,
    folder: Folder = HERE,
) -> None:
    """Tell a run something: pause, resume, stop, pin C, veto C, hint "text", replan."""
    _send(run, lambda store, record: _directive(action, words or [], branch, store, record), folder, as_json)


def _directive(action: str, words: list[str], branch: bool, store: Store, record: RunRecord) -> Directive:
    from ..core.directives import Hint, Pause, Pin, Replan, Resume, Stop, Veto
    from ..core.naming import did_you_mean
    from .lookup import find_candidate

    plain: Mapping[str, Directive] = {"pause": Pause(), "resume": Resume(), "stop": Stop(), "replan": Replan()}
    if action in plain and not words:
        return plain[action]
    if action in ("pin", "veto") and len(words) == 1:
        candidate = find_candidate(store, record, words[0]).id
        return Pin(candidate=candidate) if action == "pin" else Veto(candidate=candidate, branch=branch)
    if action == "hint" and (text := " ".join(words).strip()):
        return Hint(text=text)
    if action not in _ACTIONS:
        raise UsageError(f"no directive is called {action!r}", possible=_ACTIONS, remedy=did_you_mean(action, _ACTIONS))
    wanted = {"pin": "one candidate", "veto": "one candidate", "hint": "a text"}.get(action, "nothing more")
    raise UsageError(f"{action} takes {wanted}", where=" ".join(words) or None, remedy="see maieutic steer --help")


def _send(run: str, make: Callable[[Store, RunRecord], Directive], folder: Path, as_json: bool) -> None:
    import asyncio

    from .running import is_alive, resume_command

    with open_store(folder, read_only=False) as store:
        record = store.run(run)
        if record.state in ("finished", "failed"):
            raise UsageError(
                f"run {record.id} is {record.state} already", remedy=f"look at it: maieutic show {record.id}"
            )
        directive = make(store, record)
        number = asyncio.run(store.add_directive(record.id, directive))
        alive = is_alive(record)
    if as_json:
        print_json({"run": record.id, "directive": directive.kind, "number": number, "alive": alive})
        return
    typer.echo(f"{directive.kind} for run {record.id}: it takes effect at the next step")
    if not alive:
        typer.echo(f"no process runs it now; it takes effect with: {resume_command(record.id, folder)}", err=True)
