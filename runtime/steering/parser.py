"""From what a person filled in to the directive it means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from ...core import directives as told
from ...core.budget import Budget
from ...core.directives import Directive
from ...core.errors import UsageError
from ...core.models import ModelRef
from ...core.prompt import Prompt
from ...core.render import instruction_text
from .catalog import DirectiveArgument, DirectiveSpec

if TYPE_CHECKING:
    from ...core.candidate import Candidate
    from ..store import Store

_LIMITS = ("calls", "target_calls", "tokens", "usd", "minutes")
_MAX_LISTED = 12


@dataclass(frozen=True, kw_only=True)
class DirectiveLookup:
    """Where candidates and rows are looked up while a directive is made."""

    store: Store
    run: str

    def candidate(self, word: str) -> Candidate:
        """By id, by a beginning that only one id has, or `start` or `best`. Raises UsageError naming what there is."""
        known = {one.id: one for one in self.store.candidates(self.run)}
        if word in known:
            return known[word]
        if known and word == "start":
            return next(iter(known.values()))
        if word == "best" and (best := self.store.run(self.run).best or next(iter(known), None)) in known:
            return known[best]
        found = [name for name in known if word and name.startswith(word)]
        if len(found) == 1:
            return known[found[0]]
        raise UsageError(
            f"{word!r} is the beginning of {len(found)} candidates" if found else f"there is no candidate {word!r}",
            where=f"run {self.run}",
            possible=(found or ["start", "best", *known])[:_MAX_LISTED],
            remedy="write more of the id" if found else f"see them all: maieutic show {self.run}",
        )

    def example(self, word: str) -> str:
        """A row of train or val by id or the beginning of one. Raises UsageError naming what there is."""
        rows = [row.id for split, row in self.store.examples(self.run) if split in ("train", "val")]
        found = [row for row in rows if row == word] or [row for row in rows if word and row.startswith(word)]
        if len(set(found)) == 1:
            return found[0]
        raise UsageError(
            f"{word!r} is the beginning of {len(found)} rows"
            if found
            else f"no row of train or val is called {word!r}",
            where=f"run {self.run}",
            possible=(found or rows)[:_MAX_LISTED],
            remedy=f"see them all: maieutic examples {self.run}",
        )


def validate_arguments(action: DirectiveSpec, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with their kinds: numbers as numbers, yes and no as true and false; those left empty left out.

    Raises UsageError for an unknown name, a missing one, or a value of the wrong kind.
    """
    known = {name: action.argument(name) for name in arguments}
    given = {name: _coerce(known[name], value) for name, value in arguments.items() if value not in (None, "")}
    for one in action.arguments:
        if one.required and one.name not in given:
            raise UsageError(f"{action.name} needs {one.name}: {one.help}", where=action.name)
    return given


def build_directive(action: DirectiveSpec, wishes: DirectiveLookup, wanted: Mapping[str, Any]) -> Directive:
    """Raises UsageError where something that is named does not exist, or the values make no directive."""
    try:
        return _build(action.name, wishes, wanted)
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(
            f"{action.name}: {first['msg']}", where=".".join(str(part) for part in first["loc"]) or None
        ) from error


def replace_wording(prompt: Prompt, text: str) -> Prompt:
    """The prompt with all that it asks put in other words; system turn, demos and layout stay.

    The text is what `brief` shows: sections, principles, branches and the answer's wording are part of it from then on.
    """
    layout = prompt.format.model_copy(update={"answer_hint": ""})
    return prompt.with_(instruction=text.strip(), sections=(), principles=(), branches=(), format=layout.model_dump())


def editable_text(candidate: Candidate, slot: str = "") -> str:
    """What an editor shows of a candidate. Raises UsageError for a prompt that the program does not have."""
    return instruction_text(_prompt_of(candidate, slot))


def _build(name: str, wishes: DirectiveLookup, wanted: Mapping[str, Any]) -> Directive:
    match name:
        case "pin":
            return told.Pin(candidate=wishes.candidate(wanted["candidate"]).id)
        case "veto":
            return told.Veto(candidate=wishes.candidate(wanted["candidate"]).id, branch=wanted.get("branch", False))
        case "edit":
            one, slot = wishes.candidate(wanted["candidate"]), wanted.get("slot", "")
            return told.Edit(candidate=one.id, prompt=replace_wording(_prompt_of(one, slot), wanted["text"]), slot=slot)
        case "prefer":
            row = wishes.example(wanted["example"]) if "example" in wanted else None
            a, b = (wishes.candidate(wanted[side]).id for side in ("a", "b"))
            if a == b:
                raise UsageError("a duel needs two candidates", where="prefer", remedy="name another one")
            return told.Prefer(a=a, b=b, example=row, margin=wanted.get("margin", 1.0))
        case "annotate":
            return told.Annotate(example=wishes.example(wanted["example"]), output=wanted["output"])
        case "add-example":
            return told.AddExample(**{**wanted, "input": _parse_input(wanted["input"])})
        case "budget":
            if not set(wanted) & set(_LIMITS):
                raise UsageError("no limit was named", where="budget", possible=_LIMITS)
            now = Budget.model_validate_json(wishes.store.run(wishes.run).budget_json)
            budget = Budget.model_validate({**now.model_dump(), **wanted})
            budget.check()
            return told.ChangeBudget(budget=budget)
        case "roles":
            return told.ChangeRole(role=wanted["role"], model=ModelRef.parse(wanted["model"]))
    return told.directive_adapter.validate_python({"kind": name, **wanted})


def _prompt_of(candidate: Candidate, slot: str) -> Prompt:
    prompts = candidate.program.prompts
    if slot and slot not in prompts:
        raise UsageError(f"the program has no prompt {slot!r}", where=candidate.id, possible=list(prompts))
    return prompts[slot] if slot else candidate.program.main


def _parse_input(text: Any) -> Any:
    """A JSON object is a row with fields; anything else is the input itself."""
    if isinstance(text, str) and text.lstrip().startswith("{"):
        try:
            found = json.loads(text)
        except ValueError:
            return text
        return found if isinstance(found, dict) else text
    return text


def _coerce(argument: DirectiveArgument, value: Any) -> Any:
    if argument.kind == "number":
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise UsageError(f"{value!r} is no number", where=argument.name) from None
        return int(number) if number.is_integer() and argument.name not in ("margin", "usd", "minutes") else number
    if argument.kind != "choice":
        return value
    if set(argument.choices) == {"yes", "no"}:
        said = {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
        if said in argument.choices:
            return said == "yes"
    elif value in argument.choices:
        return value
    raise UsageError(f"{value!r} is no choice", where=argument.name, possible=argument.choices)
