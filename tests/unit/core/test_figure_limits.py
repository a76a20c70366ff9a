"""Limits on figures: read, compared, and refused where nothing can be compared with them."""

from __future__ import annotations

import pytest
from maieutic.core.errors import UsageError
from maieutic.core.figure_limits import limits_broken, parse_limits
from maieutic.core.measures import Figure, Reading

READINGS = {
    "format-spread": Reading(
        figures=(Figure(name="spread", value=0.1), Figure(name="by luck", value=0.05)), verdict="v"
    ),
    "negative-flips": Reading(figures=(Figure(name="flips", value=0.03),), verdict="v"),
}


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("spread<=0.1,flips<=0.03", 0),
        ("spread<=0.09, flips <= 0.02", 2),
        ("format-spread.spread<=0.2,by luck>=0.06", 1),
        ("flips>=-1e-3", 0),
    ],
)
def test_a_figure_at_its_limit_passes_and_beyond_it_does_not(text: str, broken: int) -> None:
    assert len(limits_broken(parse_limits(text), READINGS)) == broken


def test_a_line_names_measure_figure_and_limit() -> None:
    (line,) = limits_broken(parse_limits("flips<=0.02"), READINGS)
    assert line == "negative-flips: flips is 0.03, and flips<=0.02 was asked for"


@pytest.mark.parametrize("text", ["", "spread", "spread<0.1", "spread<=much", "spread<=nan", "spread<=0.1,,"])
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no limit on a figure"):
        parse_limits(text)


@pytest.mark.parametrize("text", ["speed<=1", "negative-flips.spread<=1"])
def test_a_limit_on_a_figure_that_nobody_measured_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        limits_broken(parse_limits(text), READINGS)
    assert "negative-flips.flips" in refused.value.possible
