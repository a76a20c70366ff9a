"""The scalar: a weighted mean in which no failure ever looks earned."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maieutic.core.score import Score
from maieutic.core.task import EvaluatorSpec
from maieutic.plugins.evaluators.aggregate import aggregate_scores, evaluator_names

specs = st.builds(
    EvaluatorSpec,
    use=st.just("exact"),
    weight=st.floats(0.01, 100),
    direction=st.sampled_from(["maximize", "minimize"]),
)
scores = st.builds(Score, value=st.floats(0, 1))


@given(pairs=st.lists(st.tuples(specs, scores), min_size=1, max_size=4))
def test_the_scalar_is_in_range_and_scale_free(pairs: list[tuple[EvaluatorSpec, Score]]) -> None:
    used, given_ = [one for one, _ in pairs], [one for _, one in pairs]
    value = aggregate_scores(used, given_)
    assert 0 <= value <= 1
    doubled = [one.model_copy(update={"weight": one.weight * 2}) for one in used]
    assert aggregate_scores(doubled, given_) == pytest.approx(value)


def test_weights_and_directions_count() -> None:
    used = [EvaluatorSpec(use="a", weight=3), EvaluatorSpec(use="b", direction="minimize")]
    assert aggregate_scores(used, [Score(value=1), Score(value=0.25)]) == pytest.approx((3 + 0.75) / 4)


@pytest.mark.parametrize("failure", ["format", "example"])
@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_a_failure_earns_nothing(failure: str, direction: str) -> None:
    spec = EvaluatorSpec.model_validate({"use": "a", "direction": direction})
    assert aggregate_scores([spec], [Score.model_validate({"value": 0, "failure": failure})]) == 0


def test_scores_must_match_their_evaluators() -> None:
    with pytest.raises(ValueError, match="shorter"):
        aggregate_scores([EvaluatorSpec(use="a"), EvaluatorSpec(use="b")], [Score(value=1)])
    with pytest.raises(ValueError, match="without evaluators"):
        aggregate_scores([], [])


def test_two_of_a_kind_keep_their_scores_apart() -> None:
    assert evaluator_names([EvaluatorSpec(use=one) for one in ("regex", "exact", "regex")]) == (
        "regex",
        "exact",
        "regex#2",
    )
