"""Where minutes are limited, authors have half of what is left of them."""

from __future__ import annotations

import pytest
from langgraph.types import Send
from maieutic.graphs.graph import fan_out
from maieutic.graphs.state import RunState


@pytest.mark.parametrize(("minutes", "until"), [(None, None), (8.0, 270.0), (1.0, 60.0)])
def test_a_round_asks_its_authors_until_half_of_the_rest_is_gone(minutes: float | None, until: float | None) -> None:
    state: RunState = {
        "run": "r",
        "step": 3,
        "round": 1,
        "plan": [],
        "hints": [],
        "directive": 0,
        "seconds": 60.0,
        "budget": {"minutes": minutes} if minutes else {},
        "orders": [{"operator": "gradient"}, {"operator": "socratic"}],
    }
    sent = fan_out(state)
    assert [one.node for one in sent if isinstance(one, Send)] == ["propose", "socratic"]
    assert {one.arg["until"] for one in sent if isinstance(one, Send)} == {until}
