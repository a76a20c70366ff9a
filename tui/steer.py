"""Taking the wheel: from a key or a word to a directive, with a dry run before it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..core.errors import MaieuticError, UsageError
from ..runtime.monitor.snapshot import RunSnapshot
from ..runtime.steering.catalog import DirectiveArgument, DirectiveSpec, directive_named
from ..runtime.steering.service import preview, process_command, send_directive, start_process, unavailable_reason
from ..runtime.store import Store
from .lines.lineage import all_candidates, short_id
from .routes import resolve_candidate

if TYPE_CHECKING:
    from .screens.base import Page

_EXAMPLE_VALUES = {"example": "row-1", "recipe": "mars"}


async def steer_run(page: Page, name: str, words: Sequence[str] = ()) -> None:
    """Ask for what the action still has to know, show what it would do, and send it on enter."""
    scene, action = page.scene, directive_named(name)
    if reason := _unavailable_reason(page, action, scene):
        page.notify(reason, title=f"{action.title} is off", severity="warning")
        return
    assert scene is not None
    try:
        wanted = await _collect_arguments(page, action, scene, list(words))
        if wanted is None:
            return
        said = preview(action, scene.story.view, **wanted)
        if await page.open_bar().ask(f"{action.title}: {said}", hint="enter does it, esc leaves") is None:
            return
        await _send(page, action, scene, wanted)
    except UsageError as error:
        page.notify(str(error), title=action.title, severity="warning", timeout=8)
    except MaieuticError as error:
        page.notify(str(error), title=action.title, severity="error", timeout=12)


def _unavailable_reason(page: Page, action: DirectiveSpec, scene: RunSnapshot | None) -> str:
    if page.ui.read_only:
        return "this view is read-only; start it with --steer to steer from here"
    if scene is None:
        return "no run is watched; choose one first"
    if scene.playing is not None and not action.starts_process:
        return "this is a replay; what happened cannot be changed"
    return unavailable_reason(action, scene.story.view, alive=scene.alive) or ""


async def _collect_arguments(
    page: Page, action: DirectiveSpec, scene: RunSnapshot, words: list[str]
) -> dict[str, Any] | None:
    """None where the person left. Words that were typed answer first, then what the cursor stands on; several things
    that may be left out are asked in one question, and not at all where words were typed.

    Raises UsageError for a candidate that is not there: the preview names whom it means.
    """
    subject, typed = page.selected_arguments, bool(words)
    several = _optional_arguments(action)
    wanted: dict[str, Any] = {}
    for argument in action.arguments:
        if words:
            last = argument is action.arguments[-1] or argument.kind == "text"
            wanted[argument.name] = " ".join(words) if last else words[0]
            words = [] if last else words[1:]
        elif argument.name in subject and argument.kind in ("candidate", "example"):
            wanted[argument.name] = subject[argument.name]
        elif argument in several or (typed and not argument.required):
            continue
        elif argument.multiline:
            text = await _edit_text(page, action, wanted)
            if text is None:
                return None
            wanted[argument.name] = text
        elif argument.required or argument.kind in ("choice", "number"):
            answer = await page.open_bar().ask(
                f"{action.title} · {argument.name}:",
                value=argument.choices[0] if argument.kind == "choice" and argument.required else "",
                hint=_argument_hint(argument),
                choices=_argument_choices(argument, scene),
            )
            if answer is None:
                return None
            if answer.strip():
                wanted[argument.name] = answer.strip()
        if argument.kind == "candidate" and argument.name in wanted:
            wanted[argument.name] = resolve_candidate(page.ui, wanted[argument.name])
    rest = [one for one in several if one.name not in wanted]
    if typed or not rest:
        return wanted
    names = [one.name for one in rest]
    answer = await page.open_bar().ask(
        f"{action.title} · {', '.join(names)}:",
        hint=_argument_hint(rest[0])
        if len(rest) == 1
        else f"such as {names[0]} {_EXAMPLE_VALUES.get(names[0], 500)}; empty leaves all",
        choices=() if len(rest) == 1 else tuple(f"{name} " for name in names),
    )
    if answer is None:
        return None
    if len(rest) == 1 and answer.strip():
        return wanted | {names[0]: answer.strip()}
    return wanted | parse_key_values(answer, names)


def _optional_arguments(action: DirectiveSpec) -> list[DirectiveArgument]:
    """What may be left out, where that is more than one thing."""
    optional = [one for one in action.arguments if not one.required]
    return optional if len(optional) > 1 else []


def parse_key_values(text: str, names: Sequence[str]) -> dict[str, str]:
    """`calls 500, minutes 20` or `calls=500`. Raises UsageError for a name that is none of them, or lacks a value."""
    words = text.replace("=", " ").replace(",", " ").split()
    for name in words[::2]:
        if name not in names:
            raise UsageError(f"there is no {name!r} here", possible=names, remedy=f"such as {names[0]} 500")
    if len(words) % 2:
        raise UsageError(f"{words[-1]} lacks a value", remedy=f"such as {words[-1]} 500")
    return dict(zip(words[::2], words[1::2], strict=True))


def _argument_hint(argument: DirectiveArgument) -> str:
    said = argument.help
    if argument.kind == "choice":
        said = f"{'/'.join(argument.choices)}: {said}"
    return said if argument.required else f"{said} (empty: leave it)"


def _argument_choices(argument: DirectiveArgument, scene: RunSnapshot) -> tuple[str, ...]:
    if argument.kind == "candidate":
        return ("best", "start", *all_candidates(scene.story))
    return argument.choices


async def _edit_text(page: Page, action: DirectiveSpec, wanted: dict[str, Any]) -> str | None:
    """A long text in the editor; an edit begins with the prompt as it is, and comes back changed or not at all."""
    from .screens.editor import EditorScreen

    before = ""
    if action.name == "edit" and page.scene is not None:
        from ..runtime.steering.parser import editable_text

        one = page.ui.store.candidate(page.scene.record.id, wanted["candidate"])
        before = editable_text(one) if one is not None else ""
    title = f"{action.title} {short_id(wanted.get('candidate', ''))}".strip()
    text = await page.app.push_screen_wait(EditorScreen(title, before))
    if text is not None and action.name == "edit" and text.strip() == before.strip():
        page.notify("nothing was changed, so nothing was sent", severity="warning")
        return None
    return text


async def _send(page: Page, action: DirectiveSpec, scene: RunSnapshot, wanted: dict[str, Any]) -> None:
    run, folder = scene.record.id, page.ui.folder
    if action.starts_process:
        words = process_command(action, run, folder, **wanted)
        log = folder / f"{run}.{action.name}.log"
        pid = start_process(words, log)
        page.notify(f"process {pid} began; what it says is in {log.name}", title=action.title)
        return
    with Store.open(folder) as store:
        number = await send_directive(store, run, action, **wanted)
    when = "it takes effect at the next step" if scene.alive else "no process carries the run; g takes it up again"
    page.notify(f"directive {number} is written; {when}", title=action.title)
