"""Options are held to the types that a part declares; a wrong one is refused when the part is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import pytest
from maieutic.core.errors import UsageError
from maieutic.core.option_types import Count
from maieutic.plugins.system.registration import check_types
from maieutic.plugins.system.registry import Registry


class Part:
    def __init__(
        self,
        width: Count = 4,
        cases: int = 0,
        share: float = 0.5,
        sure: bool = False,
        names: Sequence[str] = (),
        prior: tuple[float, float] = (1.0, 1.0),
        kind: Literal["P", "PI"] = "P",
        rows: int | None = None,
        run: str | Callable[..., Any] = "",
        free: Any = None,
    ) -> None: ...


@pytest.mark.parametrize(
    ("option", "value", "possible"),
    [
        ("width", "abc", "a whole number"),
        ("width", 2.5, "a whole number"),
        ("width", True, "a whole number"),
        ("width", 0, "a whole number"),
        ("width", -3, "a whole number"),
        ("cases", -3, "0 or more"),
        ("rows", -1, "0 or more"),
        ("rows", "all", "int | None"),
        ("share", "half", "a number"),
        ("sure", 1, "true"),
        ("sure", "yes", "false"),
        ("names", "rewrite", "Sequence[str]"),
        ("names", [1], "Sequence[str]"),
        ("kind", "PX", "PI"),
    ],
)
def test_a_value_of_another_type_is_refused_with_name_value_and_what_is_possible(
    option: str, value: Any, possible: str
) -> None:
    with pytest.raises(UsageError) as caught:
        check_types("strategy 'part'", Part, {option: value}, counting=True)
    assert f"the option {option} of the strategy 'part'" in caught.value.what
    assert repr(value) in caught.value.what
    assert possible in caught.value.possible


@pytest.mark.parametrize(
    "options",
    [
        {"width": 1, "cases": 0, "rows": None, "share": 1, "sure": True},
        {"names": ["rewrite"], "prior": [1, 2.5], "kind": "PI", "run": "metrics.py:short"},
        {"names": ("rewrite",), "prior": (1.0, 2.0), "run": len, "free": object()},
        {"unknown": "is told elsewhere"},
    ],
)
def test_what_fits_is_left_alone(options: dict[str, Any]) -> None:
    check_types("strategy 'part'", Part, options, counting=True)


def test_a_number_of_somebody_elses_part_may_be_negative() -> None:
    check_types("strategy 'part'", Part, {"cases": -1}, counting=False)


def test_an_annotation_that_cannot_be_read_is_left_alone() -> None:
    def make(one: Any) -> None: ...

    make.__annotations__["one"] = "Nowhere"
    check_types("operator 'make'", make, {"one": 3}, counting=True)


def test_the_registry_holds_the_options_of_what_it_makes_to_their_types() -> None:
    with pytest.raises(UsageError, match="the option width of the strategy 'beam'"):
        Registry().create("strategy", "beam", width="abc")


@pytest.mark.parametrize(
    ("kind", "name", "option"),
    [
        ("strategy", "beam", "width"),
        ("strategy", "genetic", "size"),
        ("strategy", "hill-climbing", "neighbours"),
        ("strategy", "joint", "width"),
        ("strategy", "calibration", "back"),
        ("strategy", "verified", "patience"),
        ("allocator", "minibatch", "batches"),
        ("allocator", "ucb", "arms"),
        ("strategy", "gated", "temperature"),
        ("allocator", "paired-race", "alpha"),
    ],
)
def test_a_search_of_nothing_is_refused(kind: Any, name: str, option: str) -> None:
    with pytest.raises(UsageError, match="should be greater than"):
        Registry().create(kind, name, **{option: 0})
