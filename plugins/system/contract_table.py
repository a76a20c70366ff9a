"""The contract of each kind of plugin as data: fields, methods, result types. `core/protocols.py` explains them.

The sandbox checks the objects and results of third-party plugins against this table before a run spends anything;
`maieutic plugins check` and the conformance kit use it too.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from ...core.executor import MeasureResult
from ...core.measures import DeclaredCalls, ExampleVariant, PromptVariant, Reading
from ...core.models import Output
from ...core.protocols import Need
from ...core.recipe import Recipe
from ...core.score import Preference, Score
from ...core.search_types import NewExample, Proposal
from ...runtime.tasks.source_row import SourceRow
from .hookspecs import Kind
from .result_checks import (
    Check,
    batch_problem,
    calls_problem,
    decisions_problem,
    declared_calls_problem,
    loss_problem,
    orders_problem,
    output_problem,
    pool_problem,
    preference_problem,
    proposals_problem,
    reading_problem,
    reply_problem,
    score_problem,
    variants_problem,
    winner_problem,
)

NEEDS: frozenset[str] = frozenset(get_args(Need))
_NEEDS_TEXT = ", ".join(sorted(NEEDS))


@dataclass(frozen=True)
class MethodSpec:
    """One method of a contract.

    Attributes:
        positional: How many positional arguments it is called with.
        accepts: Whether a result is of the right type; None checks nothing.
        keywords: The keyword arguments that it is called with.
        check: What is wrong with a result of the right type, given the arguments of the call; None checks no more.
    """

    name: str
    positional: int
    accepts: Callable[[Any], bool] | None
    result_description: str
    keywords: tuple[str, ...] = ()
    is_async: bool = False
    check: Check | None = None


@dataclass(frozen=True)
class ContractSpec:
    """One contract. `discriminator` is the method that tells it from the other contracts of its kind."""

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
    return _is_sequence(value) and all(isinstance(item, Proposal | NewExample) for item in value)


def _are_variants(variant_type: type) -> Callable[[Any], bool]:
    return lambda value: _is_sequence(value) and all(isinstance(item, variant_type) for item in value)


def _are_rows(value: Any) -> bool:
    return _is_sequence(value) and all(isinstance(item, SourceRow) for item in value)


_COMMON_FIELDS = ("name", "needs")
CONTRACTS: Mapping[Kind, tuple[ContractSpec, ...]] = {
    "evaluator": (
        ContractSpec(
            "AskingEvaluator",
            (*_COMMON_FIELDS, "calls", "runs"),
            (MethodSpec("rate", 3, _instance_of(Score), "Score", ("bench",), True, score_problem),),
        ),
        ContractSpec(
            "PairEvaluator",
            (*_COMMON_FIELDS, "calls"),
            (
                MethodSpec(
                    "prefer", 3, _instance_of(Preference), "Preference", ("task", "team"), True, preference_problem
                ),
            ),
        ),
        ContractSpec(
            "LossEvaluator",
            _COMMON_FIELDS,
            (MethodSpec("loss", 4, _instance_of(float, int), "a number", (), True, loss_problem),),
        ),
        ContractSpec(
            "Evaluator",
            _COMMON_FIELDS,
            (MethodSpec("evaluate", 3, _instance_of(Score), "Score", (), True, score_problem),),
        ),
    ),
    "operator": (
        ContractSpec(
            "Operator",
            (*_COMMON_FIELDS, "calls"),
            (MethodSpec("propose", 2, _are_proposals, "a list of Proposal", (), True, proposals_problem),),
        ),
    ),
    "strategy": (
        ContractSpec(
            "Strategy",
            _COMMON_FIELDS,
            (
                MethodSpec("ask", 1, _is_sequence, "a list of WorkOrder", check=orders_problem),
                MethodSpec("pool", 2, _is_sequence, "a list of candidate ids", check=pool_problem),
                MethodSpec(
                    "tell",
                    3,
                    _instance_of(Mapping),
                    "a mapping of candidate id to decision",
                    check=decisions_problem,
                ),
                MethodSpec("final", 1, _instance_of(str), "a candidate id", check=winner_problem),
            ),
        ),
    ),
    "allocator": (
        ContractSpec(
            "Allocator",
            _COMMON_FIELDS,
            (
                MethodSpec("ask", 2, _is_sequence, "a list of Measurement or Duel", check=batch_problem),
                MethodSpec(
                    "tell",
                    2,
                    _instance_of(Mapping),
                    "a mapping of candidate id to decision",
                    check=decisions_problem,
                ),
            ),
        ),
    ),
    "target": (
        ContractSpec(
            "Target",
            _COMMON_FIELDS,
            (
                MethodSpec("run", 4, _instance_of(Output), "Output", (), True, output_problem),
                MethodSpec("calls", 1, _instance_of(int), "a whole number", check=calls_problem),
            ),
        ),
    ),
    "loader": (ContractSpec("Loader", ("name",), (MethodSpec("read", 2, _are_rows, "a list of SourceRow"),)),),
    "exporter": (
        ContractSpec("Exporter", ("name", "suffix"), (MethodSpec("export", 3, _instance_of(str), "a text"),)),
    ),
    "executor": (
        ContractSpec(
            "Executor",
            _COMMON_FIELDS,
            (
                MethodSpec("run", 2, _instance_of(MeasureResult), "MeasureResult", (), True),
                MethodSpec("aclose", 0, None, "", (), True),
            ),
        ),
    ),
    "agent": (
        ContractSpec(
            "Agent",
            (*_COMMON_FIELDS, "calls", "instruction"),
            (MethodSpec("act", 2, None, "a reply", (), True, reply_problem),),
        ),
    ),
    "observer": (
        ContractSpec(
            "Observer",
            _COMMON_FIELDS,
            (MethodSpec("hear", 1, None, "", (), True), MethodSpec("end", 1, None, "", (), True)),
        ),
    ),
    "measure": (
        ContractSpec(
            "Measure",
            _COMMON_FIELDS,
            (
                MethodSpec("measure", 2, _instance_of(Reading), "Reading", (), True, reading_problem),
                MethodSpec("calls", 1, _instance_of(DeclaredCalls), "DeclaredCalls", check=declared_calls_problem),
            ),
        ),
    ),
    "perturber": (
        ContractSpec(
            "PromptPerturber",
            (*_COMMON_FIELDS, "calls"),
            (
                MethodSpec(
                    "vary_prompt",
                    2,
                    _are_variants(PromptVariant),
                    "a list of PromptVariant",
                    ("rng", "team"),
                    True,
                    variants_problem,
                ),
            ),
        ),
        ContractSpec(
            "ExamplePerturber",
            (*_COMMON_FIELDS, "calls"),
            (
                MethodSpec(
                    "vary_example",
                    2,
                    _are_variants(ExampleVariant),
                    "a list of ExampleVariant",
                    ("rng", "team"),
                    True,
                    variants_problem,
                ),
            ),
        ),
    ),
}


def contract_of(kind: Kind, instance: Any) -> ContractSpec | None:
    """The contract that an object is meant for, by the method it has; recipes are plain data and have none."""
    contracts = CONTRACTS.get(kind, ())
    matching = (spec for spec in contracts if callable(getattr(instance, spec.discriminator, None)))
    return next(matching, contracts[-1] if contracts else None)


def contract_violations(kind: Kind, instance: Any) -> list[str]:
    """What an object lacks of its contract, one sentence each; empty where nothing."""
    if kind == "recipe":
        fits = isinstance(instance, str | Recipe)
        return [] if fits else [f"a recipe is a Recipe or its TOML text, not {type(instance).__name__}"]
    contract = contract_of(kind, instance)
    assert contract is not None
    fields = [text for field in contract.fields if (text := _field_violation(contract, instance, field))]
    return fields + [text for method in contract.methods if (text := _method_violation(contract, instance, method))]


def _field_violation(contract: ContractSpec, instance: Any, field: str) -> str | None:
    value = getattr(instance, field, None)
    is_count = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    match field:
        case "needs":
            valid, expected = isinstance(value, frozenset | set) and value <= NEEDS, f"a frozenset of {_NEEDS_TEXT}"
        case "calls" | "runs":
            valid, expected = is_count, "a number"
        case _:
            valid, expected = isinstance(value, str) and (bool(value) or field == "instruction"), "a text"
    return None if valid else f"{contract.contract}.{field} must be {expected}, not {value!r}"


def _method_violation(contract: ContractSpec, instance: Any, method: MethodSpec) -> str | None:
    function = getattr(instance, method.name, None)
    if not callable(function):
        return f"it has no method {method.name!r}, which {contract.contract} asks for"
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    try:
        signature.bind(*[None] * method.positional, **dict.fromkeys(method.keywords))
    except TypeError as error:
        call = ", ".join([f"{method.positional} arguments", *(f"{name}=…" for name in method.keywords)])
        return f"{contract.contract}.{method.name} is called with {call}, and is {method.name}{signature}: {error}"
    return None
