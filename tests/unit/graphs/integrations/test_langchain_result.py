"""What a run found, as LangChain's own parts; and the tool that an agent calls."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from maieutic.core.errors import TaskError, UsageError
from maieutic.core.models import ModelRef
from maieutic.core.program import Program
from maieutic.core.prompt import Demo, Prompt
from maieutic.core.routing import Router
from maieutic.core.task import Models, TargetSpec, Task
from maieutic.graphs.api import Result
from maieutic.graphs.integrations.langchain_tool import optimize_tool
from maieutic.graphs.integrations.langgraph_server import graph
from maieutic.graphs.result import chat_prompt_template, program_runnable
from maieutic.graphs.run_config import RunConfig
from maieutic.plugins.targets.chat import ChatTarget
from maieutic.testing import ScriptedModel, StubServer


class Echo(BaseChatModel):
    """Says back what it was asked, with the roles."""

    @property
    def _llm_type(self) -> str:
        return "echo"

    def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> ChatResult:
        said = " | ".join(f"{one.type}:{one.text}" for one in messages)
        return ChatResult(generations=[ChatGeneration(message=AIMessage(said))])


def result(program: Program, target: TargetSpec | None = None) -> Result:
    rows = [{"input": f"row {n}", "output": "yes"} for n in range(4)]
    task = Task.create("Say yes.", train=rows[:2], val=rows[2:])
    task = task.model_copy(update={"program": program, "target": target or TargetSpec()})
    return Result(
        run="r", state="finished", program=program, candidate="c", report=None, config=RunConfig.resolve(task)
    )


PLAIN = Program.of(Prompt(system="Be brief.", instruction="Say {{yes}}.", demos=(Demo(input="a", output="yes"),)))


async def test_the_winner_is_a_runnable_in_every_way() -> None:
    chain = result(PLAIN).runnable(Echo())
    want = "system:Be brief. | human:Say {{yes}}.\n\na | ai:yes | human:Say {{yes}}.\n\nb"
    assert chain.invoke("b").text == want
    assert (await chain.ainvoke({"input": "b"})).text == want
    assert [one.text for one in chain.batch(["b", "b"])] == [want, want]
    assert [one.text for one in await chain.abatch(["b"])] == [want]
    assert "".join(part.text for part in chain.stream("b")) == want
    assert "".join([part.text async for part in chain.astream("b")]) == want


def test_a_router_chooses_and_voices_vote() -> None:
    prompts = {"cats": Prompt(instruction="Meow."), "dogs": Prompt(instruction="Bark.")}
    anchors = {"cats": ("cats purr",), "dogs": ("dogs growl",)}
    routed = result(Program(prompts=prompts, router=Router(anchors=anchors))).runnable(Echo())
    assert routed.invoke("the dogs growl").text == "human:Bark.\n\nthe dogs growl"
    voting = result(Program(prompts=prompts, router=Router(kind="vote"))).runnable(Echo())
    assert voting.invoke("x").text == "human:Meow.\n\nx"


async def test_of_several_tasks_the_row_names_its_own_and_hears_what_all_share() -> None:
    prompts = {
        "a": Prompt(instruction="Add."),
        "b": Prompt(instruction="Bark."),
        "all": Prompt(instruction="Be exact."),
    }
    several = Program(prompts=prompts, router=Router(kind="field", shared="all"))
    chain = program_runnable(several, result(PLAIN).config.task, ChatTarget(), Echo())
    assert chain.invoke({"input": "x", "task": "b"}).text == "system:Be exact. | human:Bark.\n\nx"
    assert (await chain.ainvoke({"input": "x", "task": "a"})).text == "system:Be exact. | human:Add.\n\nx"
    said = chat_prompt_template(several, "a").format_messages(input="x")
    assert [one.text for one in said] == ["Be exact.", "Add.\n\nx"]
    with pytest.raises(TaskError, match="under 'task'"):
        chain.invoke("x")


async def test_a_pipeline_runs_whole() -> None:
    program = Program(prompts={"one": Prompt(instruction="One."), "two": Prompt(instruction="Two.")})
    steps = [{"prompt": "one"}, {"prompt": "two", "input": "{one}"}]
    chain = result(program, TargetSpec(use="pipeline", options={"steps": steps})).runnable(Echo())
    want = "human:Two.\n\nhuman:One.\n\nx"
    assert chain.invoke("x").text == (await chain.ainvoke("x")).text == want


def test_the_former_name_of_the_configuration_answers() -> None:
    done = result(PLAIN)
    assert done.config is not None
    assert done.setup is done.config


def test_a_template_says_what_the_run_says() -> None:
    made = result(PLAIN).prompt_template()
    said = [(one.type, one.text) for one in made.format_messages(input="b")]
    assert said[-1] == ("human", "Say {{yes}}.\n\nb")
    assert result(PLAIN).prompt_template("prompt").input_variables == ["input"]
    with pytest.raises(UsageError, match="no prompt is called 'x'"):
        result(PLAIN).prompt_template("x")


def author(messages: Any) -> str:
    text = messages[0]["content"]
    if "<prompt>" in text:
        return "<prompt>Say the colour of the sky or of grass: blue or green.</prompt>"
    return "blue" if "sky" in messages[-1]["content"] and "colour" in text else "hm"


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> Iterator[Models]:
    monkeypatch.setenv("STUB_KEY", "anything")
    with StubServer(ScriptedModel(author)) as server:
        model = ModelRef.parse(f"openai/stub@{server.base}", key_env="STUB_KEY")
        yield Models(target=model, optimizer=model)


def test_an_agent_calls_the_tool_and_spends_no_more_than_it_may(models: Models, tmp_path: Path) -> None:
    tool = optimize_tool(models=models, most_calls=60, folder=tmp_path, recipe="ape")
    assert tool.name == "optimize_prompt"
    assert "calls" in tool.args
    rows = [{"input": f"the sky, {n}", "output": "blue"} for n in range(24)]
    said = tool.invoke({"prompt": "Name it.", "examples": rows, "labels": ["blue", "green"], "calls": 9_999})
    assert said["after"] >= said["before"]
    assert said["verdict"] in ("improved", "no evidence of improvement")
    with pytest.raises(ValueError, match="at least 12"):
        tool.invoke({"prompt": "x", "examples": []})


def test_langgraphs_server_finds_the_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = graph({"configurable": {"folder": str(tmp_path), "recipe": "ape", "calls": 50, "approve": True}})
    assert made.name == "maieutic"
    assert "steer" in made.get_graph().nodes
    assert list(tmp_path.iterdir()) == []
