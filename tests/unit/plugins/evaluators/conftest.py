"""What evaluators that ask a model are tried with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from maieutic.agents.team import ModelTeam
from maieutic.core.answer import AnswerContract
from maieutic.core.dataset import Example
from maieutic.core.evaluator_protocols import EvaluatorContext
from maieutic.core.models import Call, ModelRef, Output
from maieutic.core.render import Message
from maieutic.core.search_types import TaskBrief
from maieutic.core.task import Models
from maieutic.testing import ScriptedGateway, ScriptedModel


@pytest.fixture
def bench() -> Callable[..., tuple[EvaluatorContext, ScriptedGateway]]:
    """A bench whose judge answers by a script, and the gateway that heard what it was asked."""

    def make(script: Any, *, rerun: Callable[[Example], str] = lambda row: "", **answer: Any) -> Any:
        gateway = ScriptedGateway(ScriptedModel(script))
        brief = TaskBrief(name="t", description="Say what the text says.", answer=AnswerContract(**answer))

        async def again(row: Example) -> Output:
            return Output(text=rerun(row))

        async def likeness(model: ModelRef, text: str, others: Sequence[str]) -> Sequence[float]:
            said = tuple(Message(role="user", content=one) for one in (text, *others))
            return await gateway.similarities(Call(model=model, messages=said))

        team = ModelTeam(models=Models(), gateway=gateway, path=("x",))
        return EvaluatorContext(task=brief, team=team, rerun=again, similarities=likeness), gateway

    return make
