"""What each kind of plugin has to have, as data: fields, methods, and what they give. See `core.contracts` for the law.

`guard` checks what a guest made against this before a run spends anything; `maieutic plugins check` and the
conformance kit read the same table.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from ..core.contracts import Need
from ..core.models import Output
from ..core.orders import Proposal
from ..core.recipe import Recipe
from ..core.score import Preference, Score
from .hookspecs import Kind

NEEDS: frozenset[str] = frozenset(get_args(Need))


@dataclass(frozen=True)
class Method:
    """How it is called, by so many positions and these keywords, and what it must give (None is not looked at)."""

    name: str
    places: int
    gives: Callable[[Any], bool] | None
    wanted: str
    words: tuple[str, ...] = ()
    asynchronous: bool = False


@dataclass(frozen=True)
class Form:
    """One contract. `mark` is the method that tells it from the other contracts of its kind."""

    contract: str
    fields: tuple[str, ...]
    methods: tuple[Method, ...]

    @property
    def mark(self) -> str:
        return self.methods[0].name


def _a(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kinds)


def _listing(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _proposals(value: Any) -> bool:
    return _listing(value) and all(isinstance(one, Proposal) for one in value)


_COMMON = ("name", "needs")
FORMS: Mapping[Kind, tuple[Form, ...]] = {
    "evaluator": (
        Form(
            "AskingEvaluator", (*_COMMON, "calls", "runs"), (Method("rate", 3, _a(Score), "Score", ("bench",), True),)
        ),
        Form(
            "PairEvaluator",
            (*_COMMON, "calls"),
            (Method("prefer", 3, _a(Preference), "Preference", ("task", "team"), True),),
        ),
        Form("LossEvaluator", _COMMON, (Method("loss", 4, _a(float, int), "a number", (), True),)),
        Form("Evaluator", _COMMON, (Method("evaluate", 3, _a(Score), "Score", (), True),)),
    ),
    "operator": (
        Form("Operator", (*_COMMON, "calls"), (Method("propose", 2, _proposals, "a list of Proposal", (), True),)),
    ),
    "strategy": (
        Form(
            "Strategy",
            _COMMON,
            (
                Method("ask", 1, _listing, "a list of Order"),
                Method("pool", 2, _listing, "a list of candidate ids"),
                Method("tell", 3, _a(Mapping), "a mapping of candidate id to decision"),
                Method("final", 1, _a(str), "a candidate id"),
            ),
        ),
    ),
    "allocator": (
        Form(
            "Allocator",
            _COMMON,
            (
                Method("ask", 2, _listing, "a list of Pair or Duel"),
                Method("tell", 2, _a(Mapping), "a mapping of candidate id to decision"),
            ),
        ),
    ),
    "target": (
        Form(
            "Target",
            _COMMON,
            (Method("run", 4, _a(Output), "Output", (), True), Method("calls", 1, _a(int), "a whole number")),
        ),
    ),
    "loader": (Form("Loader", ("name",), (Method("read", 2, _listing, "a list of rows"),)),),
    "exporter": (Form("Exporter", ("name", "suffix"), (Method("export", 3, _a(str), "a text"),)),),
    "executor": (
        Form("Executor", _COMMON, (Method("run", 2, None, "", (), True), Method("aclose", 0, None, "", (), True))),
    ),
    "agent": (Form("Agent", (*_COMMON, "calls", "instruction"), (Method("act", 2, None, "a reply", (), True),)),),
    "observer": (
        Form("Observer", _COMMON, (Method("hear", 1, None, "", (), True), Method("end", 1, None, "", (), True))),
    ),
}


def form_of(kind: Kind, made: Any) -> Form | None:
    """The contract that an object is meant for, by the method it has; recipes are plain data and have none."""
    forms = FORMS.get(kind, ())
    return next((form for form in forms if callable(getattr(made, form.mark, None))), forms[-1] if forms else None)


def faults_of(kind: Kind, made: Any) -> list[str]:
    """What an object lacks of its contract, in words; empty where nothing."""
    if kind == "recipe":
        return [] if isinstance(made, str | Recipe) else [f"a recipe is a Recipe or its TOML text, not {_named(made)}"]
    form = form_of(kind, made)
    assert form is not None
    found = [fault for field in form.fields if (fault := _field_fault(form, made, field))]
    return found + [fault for method in form.methods if (fault := _method_fault(form, made, method))]


def _field_fault(form: Form, made: Any, field: str) -> str | None:
    value = getattr(made, field, None)
    right: Mapping[str, bool] = {
        "needs": isinstance(value, frozenset | set) and value <= NEEDS,
        "calls": isinstance(value, int) and not isinstance(value, bool) and value >= 0,
        "runs": isinstance(value, int) and not isinstance(value, bool) and value >= 0,
    }
    if right.get(field, isinstance(value, str) and (bool(value) or field == "instruction")):
        return None
    wanted = {"needs": f"a frozenset of {', '.join(sorted(NEEDS))}", "calls": "a number", "runs": "a number"}
    return f"{form.contract}.{field} must be {wanted.get(field, 'a text')}, not {value!r}"


def _method_fault(form: Form, made: Any, method: Method) -> str | None:
    function = getattr(made, method.name, None)
    if not callable(function):
        return f"it has no method {method.name!r}, which {form.contract} asks for"
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    try:
        signature.bind(*[None] * method.places, **dict.fromkeys(method.words))
    except TypeError as error:
        said = ", ".join([f"{method.places} arguments", *(f"{word}=…" for word in method.words)])
        return f"{form.contract}.{method.name} is called with {said}, and is {method.name}{signature}: {error}"
    return None


def _named(value: Any) -> str:
    return type(value).__name__
