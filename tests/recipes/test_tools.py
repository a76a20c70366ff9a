"""tools: descriptions by how failed runs used the tools; prompts stay; errors of a tool are read first."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import maieutic
import pytest
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import tool
from maieutic.core.asks import Case
from maieutic.core.budget import Budget
from maieutic.core.errors import NeedsError
from maieutic.core.models import ModelRef
from maieutic.core.task import Models
from maieutic.plugins.operators.tool_descriptions import usage_of
from maieutic.runtime.store import Store
from maieutic.testing import ScriptedModel, StubServer
from maieutic.testing.models import Answer

STATES = ("sent", "packed", "lost")
ROWS = [{"input": f"Where is order {number}?", "output": STATES[number % 3]} for number in range(30)]
FAILED = (
    '1. model reads: x\n   writes: calls look\n2. tool look({"key": "7"}) failed: ValueError: write ORD-7\n3. answer: ?'
)


def test_usage_says_how_a_run_used_the_tool() -> None:
    case = Case(input="Where is 7?", expected="sent", trace=FAILED)
    assert usage_of(case, "look") == 'Where is 7?: look({"key": "7"}) failed: ValueError: write ORD-7'
    assert usage_of(case, "find") == "Where is 7?: find was not called, but look"
    assert usage_of(case.model_copy(update={"trace": ""}), "find") == "Where is 7?: find was not called"
    assert len(usage_of(Case(input="7 " * 5000, expected="sent"), "find")) < 200, "the run below has the whole input"


def test_a_program_without_such_a_text_is_refused() -> None:
    with pytest.raises(NeedsError, match="the recipe 'tools' needs schema"):
        maieutic.optimize(prompt="Say.", train=ROWS[:6], val=ROWS[6:12], recipe="tools", progress=False)


@pytest.mark.slow
def test_a_description_is_improved_by_the_errors_of_its_tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "anything")
    monkeypatch.chdir(tmp_path)

    @tool
    def look(key: str) -> str:
        """Looks up an order."""
        if not key.startswith("ORD-"):
            return f"ValueError: {key!r} is no key, write ORD-NUMBER"
        return STATES[int(key.removeprefix("ORD-")) % 3]

    def build(model: Any, prompts: Any) -> Any:
        bound = model.bind_tools([look])

        async def answer(inputs: dict[str, str]) -> dict[str, str]:
            messages: list[Any] = [SystemMessage(prompts["system"]), HumanMessage(inputs["input"])]
            reply = await bound.ainvoke(messages)
            results = [await look.ainvoke(call) for call in reply.tool_calls]
            if results:
                reply = await bound.ainvoke([*messages, reply, *results])
            return {"output": str(reply.text)}

        return RunnableLambda(answer)

    def clerk(messages: Sequence[Any], offered: Sequence[Any]) -> Answer:
        if messages[-1]["role"] == "tool":
            return Answer(text=messages[-1]["content"])
        number = re.findall(r"\d+", messages[-1]["content"])[-1]
        text = json.dumps([offered[0].description, dict(offered[0].parameters)])
        return Answer.calling("look", key=f"ORD-{number}" if "ORD-" in text else number)

    author = ScriptedModel({}, otherwise="<prompt>The state of an order, by its key: ORD- and the number.</prompt>")
    with StubServer(ScriptedModel(clerk)) as target, StubServer(author) as writer:
        models = Models(
            target=ModelRef.parse(f"openai/stub@{target.base}"), optimizer=ModelRef.parse(f"openai/stub@{writer.base}")
        )
        result = maieutic.optimize_app(
            build,
            {"system": "You answer customers."},
            tools=[look],
            train=ROWS[:10],
            val=ROWS[10:18],
            test=ROWS[18:],
            target={"calls": 3},
            task={"models": models},
            recipe="tools",
            budget=Budget(calls=200),
        )
        assert target.count + writer.count <= 200
    assert (result.report.start.score, result.report.best.score, result.report.best.n) == (0.0, 1.0, 12)
    texts = {name: prompt.instruction for name, prompt in result.program.prompts.items()}
    assert texts["system"] == "You answer customers."
    assert "ORD-" in texts["tool:look"]
    question = author.asked[0][-1]["content"]
    assert "It is the description of the tool look:" in question
    assert re.search(r'1\. Where is order \d+\?: look\(\{"key": "\d+"\}\)', question)
    assert "write ORD-NUMBER" in question
    with Store.open(Path(".maieutic"), read_only=True) as store:
        made = [one for one in store.candidates(result.run) if one.operator == "tool-text"]
    assert all(one.program.prompts["system"].instruction == "You answer customers." for one in made)
