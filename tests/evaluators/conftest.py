"""What evaluators that ask a model are tried with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from maieutic.agents.team import ModelTeam
from maieutic.core.answer import AnswerContract
from maieutic.core.contracts import Bench, TaskBrief
from maieutic.core.example import Example
from maieutic.core.models import Output
from maieutic.core.task import Models
from maieutic.testing import ScriptedGateway, ScriptedModel


@pytest.fixture
def bench() -> Callable[..., tuple[Bench, ScriptedGateway]]:
    """A bench whose judge answers by a script, and the gateway that heard what it was asked."""

    def make(script: Any, *, rerun: Callable[[Example], str] = lambda row: "", **answer: Any) -> Any:
        gateway = ScriptedGateway(ScriptedModel(script))
        brief = TaskBrief(name="t", description="Say what the text says.", answer=AnswerContract(**answer))

        async def again(row: Example) -> Output:
            return Output(text=rerun(row))

        return Bench(task=brief, team=ModelTeam(models=Models(), gateway=gateway, path=("x",)), rerun=again), gateway

    return make
