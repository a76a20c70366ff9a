"""What each kind of plugin has to have, as data: fields, methods, and what they give. See `core.contracts` for the law.

`guard` checks what a guest made against this before a run spends anything; `maieutic plugins check` and the
conformance kit read the same table.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from ...core.models import Output
from ...core.protocols import Need
from ...core.recipe import Recipe
from ...core.score import Preference, Score
from ...core.search_types import Proposal
from .hookspecs import Kind

NEEDS: frozenset[str] = frozenset(get_args(Need))


@dataclass(frozen=True)
class MethodSpec:
    """How it is called, by so many positions and these keywords, and what it must give (None is not looked at)."""

    name: str
    positional: int
    accepts: Callable[[Any], bool] | None
    result_description: str
    keywords: tuple[str, ...] = ()
    is_async: bool = False


@dataclass(frozen=True)
class ContractSpec:
    """One contract. `mark` is the method that tells it from the other contracts of its kind."""

    contract: str
    fields: tuple[str, ...]
    methods: tuple[MethodSpec, ...]

    @property
    def discriminator(self) -> str:
        return self.methods[0].name


def _instance_of(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kinds)


def _is_sequence(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _are_proposals(value: Any) -> bool:
    return _is_sequence(value) and all(isinstance(one, Proposal) for one in value)


_COMMON_FIELDS = ("name", "needs")
CONTRACTS: Mapping[Kind, tuple[ContractSpec, ...]] = {
    "evaluator": (
        ContractSpec(
            "AskingEvaluator",
            (*_COMMON_FIELDS, "calls", "runs"),
            (MethodSpec("rate", 3, _instance_of(Score), "Score", ("bench",), True),),
        ),
        ContractSpec(
            "PairEvaluator",
            (*_COMMON_FIELDS, "calls"),
            (MethodSpec("prefer", 3, _instance_of(Preference), "Preference", ("task", "team"), True),),
        ),
        ContractSpec(
            "LossEvaluator", _COMMON_FIELDS, (MethodSpec("loss", 4, _instance_of(float, int), "a number", (), True),)
        ),
        ContractSpec("Evaluator", _COMMON_FIELDS, (MethodSpec("evaluate", 3, _instance_of(Score), "Score", (), True),)),
    ),
    "operator": (
        ContractSpec(
            "Operator",
            (*_COMMON_FIELDS, "calls"),
            (MethodSpec("propose", 2, _are_proposals, "a list of Proposal", (), True),),
        ),
    ),
    "strategy": (
        ContractSpec(
            "Strategy",
            _COMMON_FIELDS,
            (
                MethodSpec("ask", 1, _is_sequence, "a list of Order"),
                MethodSpec("pool", 2, _is_sequence, "a list of candidate ids"),
                MethodSpec("tell", 3, _instance_of(Mapping), "a mapping of candidate id to decision"),
                MethodSpec("final", 1, _instance_of(str), "a candidate id"),
            ),
        ),
    ),
    "allocator": (
        ContractSpec(
            "Allocator",
            _COMMON_FIELDS,
            (
                MethodSpec("ask", 2, _is_sequence, "a list of Pair or Duel"),
                MethodSpec("tell", 2, _instance_of(Mapping), "a mapping of candidate id to decision"),
            ),
        ),
    ),
    "target": (
        ContractSpec(
            "Target",
            _COMMON_FIELDS,
            (
                MethodSpec("run", 4, _instance_of(Output), "Output", (), True),
                MethodSpec("calls", 1, _instance_of(int), "a whole number"),
            ),
        ),
    ),
    "loader": (ContractSpec("Loader", ("name",), (MethodSpec("read", 2, _is_sequence, "a list of rows"),)),),
    "exporter": (
        ContractSpec("Exporter", ("name", "suffix"), (MethodSpec("export", 3, _instance_of(str), "a text"),)),
    ),
    "executor": (
        ContractSpec(
            "Executor",
            _COMMON_FIELDS,
            (MethodSpec("run", 2, None, "", (), True), MethodSpec("aclose", 0, None, "", (), True)),
        ),
    ),
    "agent": (
        ContractSpec(
            "Agent", (*_COMMON_FIELDS, "calls", "instruction"), (MethodSpec("act", 2, None, "a reply", (), True),)
        ),
    ),
    "observer": (
        ContractSpec(
            "Observer",
            _COMMON_FIELDS,
            (MethodSpec("hear", 1, None, "", (), True), MethodSpec("end", 1, None, "", (), True)),
        ),
    ),
}


def contract_of(kind: Kind, made: Any) -> ContractSpec | None:
    """The contract that an object is meant for, by the method it has; recipes are plain data and have none."""
    forms = CONTRACTS.get(kind, ())
    return next(
        (form for form in forms if callable(getattr(made, form.discriminator, None))), forms[-1] if forms else None
    )


def contract_violations(kind: Kind, made: Any) -> list[str]:
    """What an object lacks of its contract, in words; empty where nothing."""
    if kind == "recipe":
        return (
            [] if isinstance(made, str | Recipe) else [f"a recipe is a Recipe or its TOML text, not {_type_name(made)}"]
        )
    form = contract_of(kind, made)
    assert form is not None
    found = [fault for field in form.fields if (fault := _field_violation(form, made, field))]
    return found + [fault for method in form.methods if (fault := _method_violation(form, made, method))]


def _field_violation(form: ContractSpec, made: Any, field: str) -> str | None:
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


def _method_violation(form: ContractSpec, made: Any, method: MethodSpec) -> str | None:
    function = getattr(made, method.name, None)
    if not callable(function):
        return f"it has no method {method.name!r}, which {form.contract} asks for"
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    try:
        signature.bind(*[None] * method.positional, **dict.fromkeys(method.keywords))
    except TypeError as error:
        said = ", ".join([f"{method.positional} arguments", *(f"{word}=…" for word in method.keywords)])
        return f"{form.contract}.{method.name} is called with {said}, and is {method.name}{signature}: {error}"
    return None


def _type_name(value: Any) -> str:
    return type(value).__name__
