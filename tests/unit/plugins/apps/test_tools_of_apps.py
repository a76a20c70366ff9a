"""Applications with tools through the run's gateway: what is counted, what is recorded, what a program may say."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder, PromptTemplate
from langchain_core.tools import tool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from maieutic.core.dataset import Example
from maieutic.core.errors import PluginError, UsageError
from maieutic.core.models import ModelRef, Output
from maieutic.core.program import Program
from maieutic.core.prompt import Prompt
from maieutic.core.trace import trace_text
from maieutic.plugins.apps import prompt_in_use
from maieutic.plugins.apps.chat import GatewayChat
from maieutic.plugins.apps.chat_messages import to_messages, tool_choice_name
from maieutic.plugins.apps.prompt_shapes import in_shape_of, prompt_from
from maieutic.plugins.system.registry import Registry
from maieutic.testing import ScriptedGateway, ScriptedModel
from maieutic.testing.models import Answer, Messages, Tools
from pydantic import BaseModel

MODEL = ModelRef.parse("openai/x@http://h/v1")
PROGRAM = Program(prompts={"agent": Prompt(instruction="Use the tools.")})


@tool
def price(item: str) -> str:
    """The price of an item.

    Args:
        item: its name
    """
    if item == "moon":
        raise ValueError("not for sale")
    return f"{item} costs 3"


def shopper(messages: Messages, tools: Tools) -> Answer:
    """Asks for the price of the last word once, then repeats what it was told."""
    if messages[-1]["role"] == "tool":
        return Answer(text=messages[-1]["content"])
    return Answer.calling(tools[0].name, item=messages[-1]["content"].split()[-1])


def build(model: Any, handle_errors: bool = True) -> Any:
    """A LangGraph agent as its documentation has it."""
    bound = model.bind_tools([price])

    async def think(state: MessagesState) -> Any:
        prompt = SystemMessage(prompt_in_use("agent", "own"))
        return {"messages": [await bound.ainvoke([prompt, *state["messages"]])]}

    graph: Any = StateGraph(MessagesState)
    graph.add_node("think", think)
    graph.add_node("tools", ToolNode([price], handle_tool_errors=handle_errors))
    graph.add_edge(START, "think")
    graph.add_conditional_edges("think", tools_condition)
    graph.add_edge("tools", "think")
    return graph.compile()


async def run(app: Any, text: Any = "how much is tea", program: Program = PROGRAM, **options: Any) -> Any:
    gateway = options.pop("gateway", None) or ScriptedGateway(ScriptedModel(shopper))
    target = Registry.load(()).create("target", "runnable", app=app, calls=4, **options)
    return await target.run(program, Example(input=text), MODEL, gateway), gateway


async def test_every_call_and_every_tool_of_an_agent_is_a_step() -> None:
    output, gateway = await run(build)
    assert output.text == "tea costs 3"
    assert [call.tools[0].name for call, _ in gateway.calls] == ["price", "price"]
    steps = [(step.kind, step.name, step.output or step.requests) for step in output.trace]
    assert steps == [
        ("model", "agent", ('price({"item": "tea"})',)),
        ("tool", "price", "tea costs 3"),
        ("model", "agent", "tea costs 3"),
        ("answer", "", "tea costs 3"),
    ]
    assert output.trace[1].arguments == {"item": "tea"}
    assert trace_text(output.trace) == (
        "1. prompt 'agent' reads: how much is tea\n"
        '   writes: calls price({"item": "tea"})\n'
        '2. tool price({"item": "tea"}) → tea costs 3\n'
        "3. prompt 'agent'\n"
        "   writes: tea costs 3\n"
        "4. answer: tea costs 3"
    )


async def test_a_tool_that_fails_is_a_step_with_its_error() -> None:
    output, _ = await run(build, "how much is the moon")
    (step,) = [step for step in output.trace if step.kind == "tool"]
    assert (step.output, step.error) == ("", "ValueError: not for sale")


async def test_an_agent_that_fails_leaves_the_steps_that_led_there() -> None:
    with pytest.raises(PluginError, match="not for sale") as raised:
        await run(lambda model: build(model, handle_errors=False), "how much is the moon")
    assert [step.kind for step in raised.value.trace] == ["model", "tool", "error"]
    assert "the application failed: ValueError: not for sale" in trace_text(raised.value.trace)


async def test_a_program_says_how_the_model_reads_the_tools_and_the_app_keeps_its_names() -> None:
    texts = {
        "agent": "Use the tools.",
        "tool:price": "What something costs in euros.",
        "tool:price.item": "One noun.",
        "tool:price/name": "cost_of",
        "tool:price.nothing": "no such argument",
    }
    program = Program(prompts={name: Prompt(instruction=text) for name, text in texts.items()})
    output, gateway = await run(build, program=program)
    sent = gateway.calls[0][0].tools[0]
    assert (sent.name, sent.description) == ("cost_of", "What something costs in euros.")
    assert sent.parameters["properties"] == {"item": {"type": "string", "description": "One noun."}}
    assert gateway.calls[1][0].messages[-2]["tool_calls"][0]["name"] == "cost_of"
    assert [step.name for step in output.trace if step.kind == "tool"] == ["price"]
    assert output.text == "tea costs 3"


class Price(BaseModel):
    """A price."""

    item: str
    euros: int


async def structured(text: str, model: Any) -> Any:
    return await model.with_structured_output(Price, method="json_schema").ainvoke(text)


async def test_a_structured_answer_is_json_and_its_schema_is_sent() -> None:
    gateway = ScriptedGateway(ScriptedModel({}, otherwise='{"item": "tea", "euros": 3}'))
    output, _ = await run(structured, gateway=gateway)
    assert output.text == '{"item":"tea","euros":3}'
    form = gateway.calls[0][0].response_format
    assert form["json_schema"]["schema"]["required"] == ["item", "euros"]


@pytest.mark.parametrize("method", ["function_calling", "json_schema", "json_mode"])
async def test_what_is_no_such_answer_is_kept_raw(method: Any) -> None:
    async def app(text: str, model: Any) -> str:
        result = await model.with_structured_output(Price, method=method, include_raw=True).ainvoke(text)
        return f"{result['parsed']} {result['raw'].text} {result['parsing_error'] is None}"

    output, _ = await run(app, gateway=ScriptedGateway(ScriptedModel({}, otherwise="three euros")))
    assert output.text.startswith("None three euros")


async def test_arguments_that_are_no_json_are_an_invalid_call_and_go_back_as_they_were() -> None:
    async def app(text: str, model: Any) -> str:
        first = await model.bind_tools([price]).ainvoke(text)
        (call,) = first.invalid_tool_calls
        again = await model.ainvoke([HumanMessage(text), first, ToolMessage("bad", tool_call_id=call["id"])])
        return f"{call['name']} {again.text}"

    def broken(messages: Messages, tools: Tools) -> Answer:
        call = {"id": "c", "name": "price", "arguments": "{item"}
        return Answer(text="sorry") if messages[-1]["role"] == "tool" else Answer(text="", tool_calls=(call,))  # type: ignore[arg-type]

    output, gateway = await run(app, gateway=ScriptedGateway(ScriptedModel(broken)))
    assert output.text == "price sorry"
    assert gateway.calls[1][0].messages[1]["tool_calls"][0]["arguments"] == "{item"


async def test_an_image_of_an_example_reaches_the_agent() -> None:
    picture = {"image": "https://a/tea.png"}
    _, gateway = await run(build, {"question": "how much is", "photo": picture})
    assert gateway.calls[0][0].messages[-1]["parts"][1] == {"type": "image", "url": "https://a/tea.png"}


def test_reasoning_and_its_blocks_are_no_text() -> None:
    message = AIMessage([{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "yes"}])
    assert to_messages([message]) == ({"role": "assistant", "content": "yes"},)


async def test_outside_of_a_run_the_own_model_streams_and_gets_its_tools() -> None:
    own = FakeListChatModel(responses=["own words"])
    chunks = [chunk.text async for chunk in GatewayChat(otherwise=own).astream("x")]
    assert "".join(chunks) == "own words"
    assert len(chunks) > 1


async def test_outside_of_a_run_a_tool_that_must_be_called_is_langchains_any() -> None:
    bound: list[Any] = []

    class OwnModel(FakeListChatModel):
        def bind_tools(self, tools: Any, *, tool_choice: Any = None, **kwargs: Any) -> Any:
            bound.append(tool_choice)
            return self.bind(tools=tools)

    for choice in ("any", "required", "auto", "price"):
        await GatewayChat(otherwise=OwnModel(responses=["x"])).bind_tools([price], tool_choice=choice).ainvoke("x")
    assert bound == ["any", "any", "auto", "price"]


@pytest.mark.parametrize(
    ("choice", "name"),
    [
        (None, ""),
        ("auto", "auto"),
        ("any", "required"),
        (True, "required"),
        ({"type": "auto"}, "auto"),
        ({"type": "any"}, "required"),
        ({"type": "tool", "name": "price"}, "price"),
        ({"type": "function", "function": {"name": "price"}}, "price"),
    ],
)
def test_the_choice_of_a_tool_is_read_in_each_spelling(choice: Any, name: str) -> None:
    assert tool_choice_name(choice) == name


CHAT = ChatPromptTemplate(
    [
        ("system", 'You sell {things}. Answer as {{"price": 1}}.'),
        MessagesPlaceholder("history"),
        ("human", "{question}"),
    ]
)


def test_a_template_keeps_its_placeholders_and_variables() -> None:
    prompt = prompt_from(CHAT)
    assert prompt.instruction == 'You sell {things}. Answer as {"price": 1}.'
    assert prompt.placeholders == ()
    better = in_shape_of(prompt.with_(instruction='Sell {things}! {"price": 2}'), CHAT)
    values = {"things": "tea", "history": [HumanMessage("hi")], "question": "how much"}
    assert [message.content for message in better.invoke(values).to_messages()] == [
        'Sell tea! {"price": 2}',
        "hi",
        "how much",
    ]
    lost = in_shape_of(prompt.with_(instruction="Sell."), CHAT)
    assert lost.invoke(values).to_messages()[0].content == "Sell.\n\ntea"


@pytest.mark.parametrize(
    ("original", "text"),
    [
        ("Be brief.", "Be brief."),
        (SystemMessage("Be brief."), "Be brief."),
        (PromptTemplate.from_template("Say {x}."), "Say {x}."),
        (PromptTemplate.from_template("Say {{ x }}.", template_format="jinja2"), "Say {{ x }}."),
        (ChatPromptTemplate([("human", "Say {x}.")]), "Say {x}."),
    ],
)
def test_each_shape_gives_its_text_and_takes_it_back(original: Any, text: str) -> None:
    prompt = prompt_from(original)
    assert prompt.instruction == text
    shaped = in_shape_of(prompt, original)
    assert type(shaped) is type(original)
    assert shaped == original


def test_what_is_no_prompt_is_refused() -> None:
    with pytest.raises(UsageError, match="a int is no prompt"):
        prompt_from(7)


async def test_prompts_that_the_task_does_not_name_stay_the_apps_own() -> None:
    own = {"agent": SystemMessage("own"), "style": CHAT}

    async def app(text: str, model: Any, prompts: Any) -> str:
        kinds = [type(prompts[name]).__name__ for name in ("agent", "style")]
        return f"{kinds} {prompts['agent'].content}"

    output, _ = await run(app, own_prompts=own)
    assert output.text == "['SystemMessage', 'ChatPromptTemplate'] Use the tools."
    with pytest.raises(UsageError, match="this run has no prompt 'style'"):
        await run(app, own_prompts={"agent": own["agent"]})


async def test_a_factory_of_prompts_makes_one_app_for_each_program() -> None:
    built: list[str] = []

    def factory(model: Any, prompts: Any) -> Any:
        built.append(prompts["agent"])

        async def app(text: str) -> str:
            return str((await model.ainvoke(f"{built[-1]} {text}")).text)

        return app

    target = Registry.load(()).create("target", "runnable", app=factory)
    gateway = ScriptedGateway(ScriptedModel(lambda messages: messages[-1]["content"]))
    outputs: list[Output] = [await target.run(PROGRAM, Example(input=text), MODEL, gateway) for text in ("a", "b")]
    assert [output.text for output in outputs] == ["Use the tools. a", "Use the tools. b"]
    assert built == ["Use the tools."]


async def test_a_create_agent_agent_is_a_target() -> None:
    agents = pytest.importorskip("langchain.agents")

    def factory(model: Any, prompts: Any) -> Any:
        return agents.create_agent(model, tools=[price], system_prompt=prompts["agent"])

    output, gateway = await run(factory)
    assert output.text == "tea costs 3"
    assert gateway.calls[0][0].messages[0] == {"role": "system", "content": "Use the tools."}
    assert [step.name for step in output.trace] == ["agent", "price", "agent", ""]
