"""Applications as targets: their prompts by name, their calls through the run's gateway, nothing of them patched."""

from __future__ import annotations

import asyncio
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.runnables import RunnableConfig, RunnableLambda
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.types import interrupt
from maieutic.core.dataset import Example
from maieutic.core.errors import BudgetSpent, PluginError, UsageError
from maieutic.core.models import ModelRef, Output
from maieutic.core.program import Program
from maieutic.core.prompt import Demo, Prompt
from maieutic.core.render import render
from maieutic.examples.agent.agent import build
from maieutic.plugins.apps import model_in_use, prompt_in_use
from maieutic.plugins.apps.chat import GatewayChat
from maieutic.plugins.apps.prompt_forms import prompt_text
from maieutic.plugins.exporters.langchain import LangChainExporter, load_templates
from maieutic.plugins.system.registry import Registry
from maieutic.testing import ScriptedGateway, ScriptedModel

MODEL = ModelRef.parse("local/smollm2")
ROW = Example(input="fine", outputs=("good",))
PROGRAM = Program(prompts={"first": Prompt(instruction="Sum it up."), "second": Prompt(instruction="Judge it.")})


def echo() -> ScriptedGateway:
    return ScriptedGateway(ScriptedModel(lambda messages: messages[-1]["content"].upper()))


async def run(
    app: Any, *, program: Program = PROGRAM, row: Example = ROW, gateway: Any = None, **options: Any
) -> Output:
    target = Registry.load(()).create("target", "runnable", app=app, **options)
    return await target.run(program, row, MODEL, gateway or echo())


def agent(model: Any) -> Any:
    """Two nodes, one of them synchronous."""

    async def sum_up(state: MessagesState, config: RunnableConfig) -> Any:
        prompt = config["configurable"]["prompts"]["first"]
        return {"messages": [await model.ainvoke([SystemMessage(prompt), *state["messages"]])]}

    def judge(state: MessagesState) -> Any:
        text = state["messages"][-1].text
        return {"messages": [model.invoke(f"{prompt_in_use('second', 'never')} {text}!")]}

    graph: Any = StateGraph(MessagesState)
    graph.add_node("sum_up", sum_up)
    graph.add_node("judge", judge)
    graph.add_edge(START, "sum_up")
    graph.add_edge("sum_up", "judge")
    graph.add_edge("judge", END)
    return graph.compile(checkpointer=InMemorySaver())


async def test_an_agents_calls_go_through_the_gateway_and_its_steps_are_told() -> None:
    gateway = echo()
    output = await run(agent, input="messages", output="messages", calls=2, gateway=gateway)
    assert output.text == "JUDGE IT. FINE!"
    assert [payer for _, payer in gateway.calls] == ["target", "target"]
    assert gateway.calls[0][0].messages == (
        {"role": "system", "content": "Sum it up."},
        {"role": "user", "content": "fine"},
    )
    assert output.trajectory == (
        {"prompt": "first", "input": "fine", "output": "FINE"},
        {"prompt": "second", "input": "FINE!", "output": "JUDGE IT. FINE!"},
    )
    assert [reply.text for reply in output.replies] == ["JUDGE IT. FINE!", "FINE"]


async def test_a_thread_of_its_own_for_each_row() -> None:
    app = agent(GatewayChat())
    said = [await run(app, input="messages", output="messages") for _ in range(2)]
    assert said[0] == said[1]


def by_parameter(text: str, prompts: dict[str, str]) -> str:
    return f"{prompts['first']} {text}"


async def by_context(text: str) -> str:
    reply = await model_in_use(None).ainvoke([HumanMessage(f"{prompt_in_use('second', 'own')} {text}")])
    return reply.text


async def by_factory_parameter(text: str, model: Any, example: Example) -> Any:
    return await model.bind(max_tokens=3, stop=["."]).ainvoke(f"{text} {example.output}")


def by_config(given: str, config: RunnableConfig) -> str:
    return f"{config['configurable']['prompts']['first']} {given}"


@pytest.mark.parametrize(
    ("app", "options", "text"),
    [
        (by_parameter, {}, "Sum it up. fine"),
        (by_context, {}, "JUDGE IT. FINE"),
        (by_factory_parameter, {}, "FINE GOOD"),
        (RunnableLambda(by_config), {"input": "."}, "Sum it up. fine"),
        (lambda given: given["prompts"]["second"], {"input": "text", "prompts": "prompts"}, "Judge it."),
        (RunnableLambda(lambda given: {"a": {"b": given["input"]}}), {"output": "a.b"}, "fine"),
        (RunnableLambda(lambda given: 7), {}, "7"),
    ],
)
async def test_an_application_reads_its_prompts_as_it_likes(app: Any, options: dict[str, str], text: str) -> None:
    assert (await run(app, **options)).text == text


async def test_rows_of_several_fields_are_the_input_as_they_are() -> None:
    row = Example(input={"question": "why", "context": "because"})
    assert (await run(RunnableLambda(lambda g: f"{g['question']} {g['context']}"), row=row)).text == "why because"


async def test_what_a_call_asks_for_is_heard() -> None:
    gateway = echo()
    await run(by_factory_parameter, gateway=gateway, temperature=0.7)
    sampling = gateway.calls[0][0].sampling
    assert (sampling.max_tokens, sampling.stop, sampling.temperature) == (3, (".",), 0.7)


async def twice(text: str, model: Any) -> str:
    return " ".join([(await model.ainvoke(text)).text, (await model.ainvoke(text)).text])


@pytest.mark.parametrize(("temperature", "different"), [(0.0, 1), (0.5, 2)])
async def test_the_same_question_twice_is_two_draws_where_there_is_something_to_draw(
    temperature: float, different: int
) -> None:
    gateway = echo()
    await run(twice, gateway=gateway, temperature=temperature)
    assert len({call.key for call, _ in gateway.calls}) == different


async def raising(text: str) -> str:
    raise ValueError("no such guest")


async def asking_blindly(text: str, model: Any) -> str:
    return str(model.invoke(text).text)


def waiting(text: str) -> str:
    return str(interrupt("well?"))


def stopped() -> Any:
    graph: Any = StateGraph(dict)
    graph.add_node("wait", lambda state: interrupt("well?"))
    graph.add_edge(START, "wait")
    return graph.compile(checkpointer=InMemorySaver())


@pytest.mark.parametrize(
    ("app", "options", "error", "says"),
    [
        (raising, {}, PluginError, "no such guest"),
        (asking_blindly, {}, UsageError, "synchronously inside async code"),
        (stopped, {}, PluginError, "waits for a person"),
        (RunnableLambda(lambda given: {"said": "x"}), {}, UsageError, "has no 'output'"),
        (RunnableLambda(lambda given: {"output": {}}), {}, PluginError, "returned dict, not a text"),
    ],
)
async def test_what_goes_wrong_is_named(app: Any, options: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        await run(app, **options)


@pytest.mark.parametrize(("app", "says"), [(7, "a int is not an application")])
def test_what_is_no_application_is_refused_before_anything_is_spent(app: Any, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        Registry.load(()).create("target", "runnable", app=app)


class Broke(ScriptedGateway):
    async def complete(self, call: Any, payer: Any) -> Any:
        raise BudgetSpent("spent")


async def swallowing(text: str, model: Any) -> str:
    try:
        return str((await model.ainvoke(text)).text)
    except Exception:  # noqa: BLE001 - as careless applications do
        return "sorry"


async def test_a_spent_budget_is_heard_through_an_application_that_swallows_errors() -> None:
    with pytest.raises(BudgetSpent):
        await run(swallowing, gateway=Broke(ScriptedModel({})))


async def test_a_recording_does_not_go_through_the_gateway() -> None:
    async def app(text: str, model: Any) -> str:
        recording = {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}
        return str((await model.ainvoke([HumanMessage([recording])])).text)

    with pytest.raises(UsageError, match="a message with audio cannot be sent"):
        await run(app)


async def test_outside_of_a_run_the_applications_own_model_and_prompt_speak() -> None:
    own = FakeListChatModel(responses=["own"])
    assert (await GatewayChat(otherwise=own).ainvoke("x")).text == "own"
    assert GatewayChat(otherwise=own).invoke("x").text == "own"
    assert model_in_use(own) is own
    assert prompt_in_use("first", "mine") == "mine"
    with pytest.raises(UsageError, match="outside of a run"):
        await GatewayChat().ainvoke("x")


async def test_runs_side_by_side_do_not_see_each_other() -> None:
    other = Program(prompts={"first": Prompt(instruction="Other."), "second": Prompt(instruction="Mine.")})
    said = await asyncio.gather(*(run(by_context, program=one) for one in (PROGRAM, other, PROGRAM)))
    assert [one.text for one in said] == ["JUDGE IT. FINE", "MINE. FINE", "JUDGE IT. FINE"]


def test_a_wording_holds_all_that_is_said_before_the_input() -> None:
    prompt = Prompt(
        system="You judge.",
        instruction="Say {a} or b.",
        principles=("be kind",),
        demos=(Demo(input="x", output="b"),),
    ).with_(format={"input_prefix": "Row: ", "output_prefix": "Verdict:"})
    assert prompt_text(prompt) == "You judge.\n\nSay {a} or b.\n\n- be kind\n\nRow: x\nVerdict: b"


async def by_template(text: str, prompts: Any, model: Any) -> str:
    messages = prompts["first"].invoke({"input": text}).to_messages()
    return str((await model.ainvoke(messages)).text)


async def test_worked_examples_are_turns_where_an_application_takes_templates() -> None:
    demos = (Demo(input="x", output="b"), Demo(input="y", output="a"))
    program = Program(prompts={"first": Prompt(instruction="Say a or b.", demos=demos)})
    gateway = echo()
    output = await run(by_template, program=program, gateway=gateway, form="template")
    assert gateway.calls[0][0].messages == tuple(render(program.prompts["first"], ROW))
    assert [message["role"] for message in gateway.calls[0][0].messages] == ["user", "assistant"] * 2 + ["user"]
    assert output.trajectory == ({"prompt": "first", "input": "fine", "output": output.text},)


async def test_a_factorys_templates_tell_their_prompt_for_every_example() -> None:
    """One application serves all examples of a program."""

    def chain(model: Any, prompts: Any) -> Any:
        return prompts["first"] | model

    target = Registry.load(()).create("target", "runnable", app=chain, form="template")
    program = Program(prompts={"first": Prompt(instruction="Say a or b.")})
    for text in ("fine", "dull"):
        output = await target.run(program, Example(input=text), MODEL, echo())
        assert [step["input"] for step in output.trajectory] == [text]


def test_prompts_come_as_texts_or_as_templates() -> None:
    with pytest.raises(UsageError, match="unknown form 'jinja'"):
        Registry.load(()).create("target", "runnable", app=by_template, form="jinja")


async def test_the_shipped_agent_is_plain_langgraph_and_runs() -> None:
    place = Path(str(files("maieutic.examples.agent")))
    assert "maieutic" not in (place / "agent.py").read_text(encoding="utf-8").split('"""')[2].casefold()
    gateway = ScriptedGateway(ScriptedModel({"We need": "Fresh towels.", "Fresh": "Cleaning"}))
    program = Program(prompts={"gist": Prompt(instruction="Gist?"), "team": Prompt(instruction="Team?")})
    row = Example(input="We need towels.")
    output = await run(
        "agent.py:build",
        program=program,
        row=row,
        gateway=gateway,
        input="message",
        output="team",
        form="template",
        calls=2,
        folder=str(place),
    )
    assert output.text == "Cleaning"
    assert [step["prompt"] for step in output.trajectory] == ["gist", "team"]


async def test_what_is_exported_stands_in_for_the_shipped_agents_own_templates() -> None:
    demos = (Demo(input="Fresh towels.", output="cleaning"),)
    prompts = {"gist": Prompt(instruction="Gist?"), "team": Prompt(instruction="Team?", demos=demos)}
    templates = load_templates(LangChainExporter().export(Program(prompts=prompts), "agent", None))
    for found in ({}, {"configurable": {"prompts": templates}}):
        app = build(FakeListChatModel(responses=["Fresh towels.", "Cleaning"]))
        assert (await app.ainvoke({"message": "We need towels."}, found))["team"] == "Cleaning"
    said = templates["team"].invoke({"input": "A sandwich."}).to_messages()
    wanted = render(prompts["team"], Example(input="A sandwich."))
    assert [message.text for message in said] == [one["content"] for one in wanted]
