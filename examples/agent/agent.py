"""The app: extract the gist of a hotel guest's message, name a team, and send what fits no team to a person.

Plain LangGraph and LangChain, without Maieutic. Its own prompts are below; a caller can replace them through the
config, as in any configurable agent.
"""

from __future__ import annotations

from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableConfig
from langgraph.graph import END, START, StateGraph
from typing_extensions import TypedDict

PROMPTS = {
    "gist": ChatPromptTemplate([("human", "What does the guest want? Answer in one short sentence.\n\n{input}")]),
    "team": ChatPromptTemplate(
        [("human", "Which team of the hotel does this: kitchen, cleaning or repair?\n\n{input}")]
    ),
}
TEAMS = ("kitchen", "cleaning", "repair")


class Desk(TypedDict, total=False):
    message: str
    gist: str
    team: str
    to_a_person: bool


def build(model: BaseChatModel) -> Any:
    """The compiled agent."""

    async def ask(name: str, text: str, config: RunnableConfig) -> str:
        prompt = {**PROMPTS, **config.get("configurable", {}).get("prompts", {})}[name]
        reply = await model.ainvoke(await prompt.ainvoke({"input": text}), config)
        return reply.text.strip()

    async def gist(state: Desk, config: RunnableConfig) -> Desk:
        return {"gist": await ask("gist", state["message"], config)}

    async def team(state: Desk, config: RunnableConfig) -> Desk:
        return {"team": await ask("team", state["gist"], config)}

    def hand_over(state: Desk) -> Desk:
        return {"to_a_person": True}

    def known(state: Desk) -> str:
        return END if any(team in state["team"].casefold() for team in TEAMS) else "hand_over"

    graph = StateGraph(Desk)
    graph.add_node("gist", gist)
    graph.add_node("team", team)
    graph.add_node("hand_over", hand_over)
    graph.add_edge(START, "gist")
    graph.add_edge("gist", "team")
    graph.add_conditional_edges("team", known, ["hand_over", END])
    graph.add_edge("hand_over", END)
    return graph.compile()
