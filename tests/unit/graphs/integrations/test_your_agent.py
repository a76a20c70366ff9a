"""The examples of docs/your-agent.md as they stand: gain, account, budget, and the trace that the author reads."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from maieutic.runtime.store import Store
from maieutic.testing import ScriptedModel, StubServer
from maieutic.testing.models import Answer, Messages, Tools

DOC = Path(__file__).parents[4] / "docs" / "your-agent.md"
BLOCK = re.compile(r"```python\n# ([^\n]*)\n(.*?)```", re.DOTALL)
BLOCKS = dict(BLOCK.findall(DOC.read_text(encoding="utf-8")))
RUNS = {"optimize the shop": "shop.py", "optimize the orders": "orders.py", "optimize the chain": "rag.py"}


def clerk(messages: Messages, tools: Tools) -> Answer:
    """Looks up the price where its prompt says so; the writer multiplies what it reads, and guesses otherwise."""
    text = "\n".join(message["content"] for message in messages)
    number, item = re.findall(r"(\d+) pieces of (\w+)", text)[-1]
    if tools and messages[-1]["role"] == "tool":
        return Answer(text="I have looked it up.")
    if tools:
        return Answer.calling("price", item=item) if "look up" in text else Answer(text="I think about 7.")
    prices = re.findall(r"costs (\d+)", text)
    return Answer(text=str(int(number) * int(prices[-1])) if prices else "7")


def orders(messages: Messages, tools: Tools) -> Answer:
    """Uses the tool only where its description says what it is for."""
    if messages[-1]["role"] == "tool":
        return Answer(text=messages[-1]["content"])
    if "order" in tools[0].description:
        return Answer.calling(tools[0].name, key=re.findall(r"\d+", messages[-1]["content"])[-1])
    return Answer(text="I cannot know that.")


def reader(messages: Messages, tools: Tools) -> Answer:
    """Answers in a sentence unless one word is asked for."""
    system = messages[0]["content"]
    river = re.findall(r"is the (\w+)\.", system)
    assert river, "the context did not reach the model"
    return Answer(text=river[-1] if "one word" in system else f"That would be the {river[-1]}, I believe.")


BETTER = {
    "shop.py": "You are a clerk. Always look up the price of an item with the tool.",
    "orders.py": "The state of an order, by its number.",
    "rag.py": "Use this context: {context}\nAnswer with one word.",
}
TARGETS: dict[str, Callable[[Messages, Tools], Answer]] = {"shop.py": clerk, "orders.py": orders, "rag.py": reader}


@pytest.fixture
def run_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], dict[str, Any]]:
    monkeypatch.chdir(tmp_path)

    def run(name: str) -> dict[str, Any]:
        app = RUNS[name]
        author = ScriptedModel(lambda messages: f"<prompt>{BETTER[app]}</prompt>")
        with StubServer(ScriptedModel(TARGETS[app])) as target, StubServer(author) as optimizer:
            monkeypatch.setenv("MODEL", f"openai/stub@{target.base}")
            monkeypatch.setenv("OPTIMIZER", f"openai/stub@{optimizer.base}")
            scope: dict[str, Any] = {"__name__": "example"}
            for block in ("models.py", app, name):
                exec(compile(BLOCKS[block], f"{DOC.name}: {block}", "exec"), scope)
            scope["requests"] = target.count + optimizer.count
            scope["author"] = author
        return scope

    return run


def check(scope: dict[str, Any], name: str, folder: Path) -> None:
    result = scope["result"]
    assert result.report.verdict == "improved"
    assert result.report.best.score == 1.0
    assert BETTER[RUNS[name]] in {prompt.instruction for prompt in result.program.prompts.values()}
    with Store.open(folder / ".maieutic", read_only=True) as store:
        spent = sum(cost.calls for cost in store.ledger_sums(result.run).paid.values())
    limit = int(re.findall(r"calls=(\d+)", BLOCKS[name])[-1])
    assert spent == scope["requests"] <= limit


def test_a_retrieval_chain_of_the_page_improves_within_its_budget(run_example: Any, tmp_path: Path) -> None:
    check(run_example("optimize the chain"), "optimize the chain", tmp_path)


@pytest.mark.slow
def test_an_agent_with_create_agent_improves_by_the_description_of_its_tool(run_example: Any, tmp_path: Path) -> None:
    pytest.importorskip("langchain.agents")
    check(run_example("optimize the orders"), "optimize the orders", tmp_path)


@pytest.mark.slow
def test_a_langgraph_agent_improves_and_its_author_reads_what_it_did(run_example: Any, tmp_path: Path) -> None:
    scope = run_example("optimize the shop")
    check(scope, "optimize the shop", tmp_path)
    texts = [message["content"] for messages in scope["author"].asked for message in messages]
    failed = next(text for text in texts if "I think about 7." in text)
    assert "prompt 'clerk' (the one to improve) reads: What do" in failed
    assert "writes: I think about 7." in failed
    assert "answer: 7" in failed
