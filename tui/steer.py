"""From a key or a word to a directive, with a preview before it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core.errors import MaieuticError, UsageError
from ..runtime.monitor.snapshot import RunSnapshot
from ..runtime.steering.lookup import editable_text
from ..runtime.steering.service import (
    DirectiveArgument,
    DirectiveSpec,
    directive_named,
    preview,
    process_command,
    send_directive,
    start_process,
    unavailable_reason,
)
from ..runtime.store import Store
from .lines.lineage import short_id
from .screens.editor import EditorScreen
from .screens.questions import PromptScreen

_EXAMPLE_VALUES = {"example": "row-1", "recipe": "mars"}


async def steer_run(screen: PromptScreen, name: str, words: Sequence[str] = ()) -> None:
    """Ask for what the directive still needs, show what it would do, and send it on enter."""
    snapshot, spec = screen.snapshot, directive_named(name)
    reason = _unavailable_reason(screen, spec, snapshot)
    if reason or snapshot is None:
        screen.notify(reason, title=f"{spec.title} is off", severity="warning")
        return
    try:
        arguments = await _collect_arguments(screen, spec, snapshot, list(words))
        if arguments is None:
            return
        effect = preview(spec, snapshot.timeline.view, **arguments)
        if await screen.open_bar().ask(f"{spec.title}: {effect}", hint="enter sends it, esc leaves") is None:
            return
        await _send(screen, spec, snapshot, arguments)
    except UsageError as error:
        screen.notify(str(error), title=spec.title, severity="warning", timeout=8)
    except MaieuticError as error:
        screen.notify(str(error), title=spec.title, severity="error", timeout=12)


def _unavailable_reason(screen: PromptScreen, spec: DirectiveSpec, snapshot: RunSnapshot | None) -> str:
    if screen.ui.read_only:
        return "this view is read-only; start it with --steer to steer from here"
    if snapshot is None:
        return "no run is watched; choose one first"
    if snapshot.replay is not None and not spec.starts_process:
        return "this is a replay; a finished run cannot be changed"
    return unavailable_reason(spec, snapshot.timeline.view, alive=snapshot.alive) or ""


async def _collect_arguments(
    screen: PromptScreen, spec: DirectiveSpec, snapshot: RunSnapshot, words: list[str]
) -> dict[str, Any] | None:
    """None where the person left.

    Typed words answer first, then what the cursor stands on. Several optional arguments are asked in one question, and
    not at all where words were typed. Raises UsageError for an unknown candidate: the preview names it.
    """
    selected, typed = screen.selected_arguments, bool(words)
    optional = _optional_arguments(spec)
    words, values = named_values(words, [argument.name for argument in optional])
    for argument in spec.arguments:
        if argument.name in values:
            continue
        if words:
            last = argument is spec.arguments[-1] or argument.kind == "text"
            values[argument.name] = " ".join(words) if last else words[0]
            words = [] if last else words[1:]
        elif argument.name in selected and argument.kind in ("candidate", "example"):
            values[argument.name] = selected[argument.name]
        elif argument in optional or (typed and not argument.required):
            continue
        else:
            answer = await _ask_argument(screen, spec, argument, snapshot, values)
            if answer is None:
                return None
            if answer.strip():
                values[argument.name] = answer if argument.multiline else answer.strip()
        if argument.kind == "candidate" and argument.name in values:
            values[argument.name] = snapshot.find_candidate(values[argument.name])
    rest = [argument for argument in optional if argument.name not in values]
    if typed or not rest:
        return values
    more = await _ask_optional(screen, spec, rest)
    return None if more is None else values | more


async def _ask_argument(
    screen: PromptScreen,
    spec: DirectiveSpec,
    argument: DirectiveArgument,
    snapshot: RunSnapshot,
    values: dict[str, Any],
) -> str | None:
    """None where the person left; empty where an optional argument is not asked for, or left out."""
    if argument.multiline:
        return await _edit_text(screen, spec, snapshot, values)
    if not argument.required and argument.kind not in ("choice", "number"):
        return ""
    return await screen.open_bar().ask(
        f"{spec.title} · {argument.name}:",
        value=argument.choices[0] if argument.kind == "choice" and argument.required else "",
        hint=_argument_hint(argument),
        choices=_argument_choices(argument, snapshot),
    )


async def _ask_optional(
    screen: PromptScreen, spec: DirectiveSpec, rest: Sequence[DirectiveArgument]
) -> dict[str, str] | None:
    names = [argument.name for argument in rest]
    alone = len(rest) == 1
    answer = await screen.open_bar().ask(
        f"{spec.title} · {', '.join(names)}:",
        hint=_argument_hint(rest[0])
        if alone
        else f"such as {names[0]} {_EXAMPLE_VALUES.get(names[0], 500)}; empty changes nothing",
        choices=() if alone else tuple(f"{name} " for name in names),
    )
    if answer is None:
        return None
    if alone and answer.strip():
        return {names[0]: answer.strip()}
    return parse_key_values(answer, names)


def named_values(words: list[str], names: Sequence[str]) -> tuple[list[str], dict[str, Any]]:
    """The words without `calls=500` and the like, and those by name: `names` may be given in any order."""
    named = [word for word in words if word.partition("=")[0] in names and "=" in word]
    if not named and words and words[0] in names:
        return [], dict(parse_key_values(" ".join(words), names))
    values = {name: value for name, _, value in (word.partition("=") for word in named)}
    return [word for word in words if word not in named], values


def _optional_arguments(spec: DirectiveSpec) -> list[DirectiveArgument]:
    """What may be left out, where that is more than one argument."""
    optional = [argument for argument in spec.arguments if not argument.required]
    return optional if len(optional) > 1 else []


def parse_key_values(text: str, names: Sequence[str]) -> dict[str, str]:
    """`calls 500, minutes 20` or `calls=500`. Raises UsageError for an unknown name, or one without a value."""
    words = text.replace("=", " ").replace(",", " ").split()
    for name in words[::2]:
        if name not in names:
            raise UsageError(f"there is no {name!r} here", possible=names, remedy=f"such as {names[0]} 500")
    if len(words) % 2:
        raise UsageError(f"{words[-1]} lacks a value", remedy=f"such as {words[-1]} 500")
    return dict(zip(words[::2], words[1::2], strict=True))


def _argument_hint(argument: DirectiveArgument) -> str:
    hint = argument.help
    if argument.kind == "choice":
        hint = f"{'/'.join(argument.choices)}: {hint}"
    return hint if argument.required else f"{hint} (empty: leave it)"


def _argument_choices(argument: DirectiveArgument, snapshot: RunSnapshot) -> tuple[str, ...]:
    if argument.kind == "candidate":
        return ("best", "start", *snapshot.timeline.candidates)
    return argument.choices


async def _edit_text(
    screen: PromptScreen, spec: DirectiveSpec, snapshot: RunSnapshot, values: dict[str, Any]
) -> str | None:
    """A long text in the editor. An edit begins with the prompt as it is; an unchanged one is not sent."""
    before = ""
    if spec.name == "edit":
        candidate = screen.ui.store.candidate(snapshot.record.id, values["candidate"])
        before = editable_text(candidate) if candidate is not None else ""
    title = f"{spec.title} {short_id(values.get('candidate', ''))}".strip()
    text = await screen.app.push_screen_wait(EditorScreen(title, before, screen.ui.drafts))
    if text is not None and spec.name == "edit" and text.strip() == before.strip():
        screen.notify("nothing was changed, so nothing was sent", severity="warning")
        return None
    return text


async def _send(screen: PromptScreen, spec: DirectiveSpec, snapshot: RunSnapshot, arguments: dict[str, Any]) -> None:
    run, folder = snapshot.record.id, screen.ui.folder
    if spec.starts_process:
        log = folder / f"{run}.{spec.name}.log"
        pid = start_process(process_command(spec, run, folder, **arguments), log)
        screen.notify(f"process {pid} started; its output is in {log.name}", title=spec.title)
        return
    with Store.open(folder) as store:
        number = await send_directive(store, run, spec, **arguments)
    when = "it takes effect at the next step" if snapshot.alive else "no process carries the run; g resumes it"
    screen.notify(f"directive {number} is stored; {when}", title=spec.title)
