"""A prompt rewritten at once: one to three calls, guards, cost, cache, errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import maieutic
import pytest
from maieutic.core.errors import ModelError, RunFailed, TaskError, UsageError
from maieutic.runtime.store import Store
from maieutic.testing import Answer, Fault, ScriptedModel, StubServer

GOOD = (
    "<changes>\n- names the teams\n- fixes the form\n</changes>\n<prompt>Name the team. Answer with one word.</prompt>"
)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "anything")
    monkeypatch.chdir(tmp_path)


def replying(*replies: str | Answer) -> StubServer:
    """An endpoint that gives these replies in turn."""
    turns: Iterator[str | Answer] = iter(replies)
    return StubServer(ScriptedModel(lambda messages: next(turns)))


def questions(stub: StubServer) -> Sequence[str]:
    return [body["messages"][-1]["content"] for body in stub.seen.bodies]


def test_one_call_rewrites_and_says_what_changed() -> None:
    rows = [{"input": f"ticket {number} about the invoice", "output": "billing"} for number in range(3)]
    with replying(GOOD) as stub:
        result = maieutic.improve("Name the team.", data=rows, optimizer=f"openai/stub@{stub.base}", hints=["be short"])
        again = maieutic.improve("Name the team.", data=rows, optimizer=f"openai/stub@{stub.base}", hints=["be short"])
        assert stub.count == 1
    assert result.prompt == "Name the team. Answer with one word."
    assert result.changes == ("names the teams", "fixes the form")
    assert (result.changed, result.measured, result.calls, result.examples) == (True, False, 1, 3)
    assert result.tokens > 0
    assert (again.prompt, again.calls) == (result.prompt, 0)
    assert "ticket 2 about the invoice" in questions(stub)[0]
    assert "be short" in questions(stub)[0]
    with Store.open(Path(".maieutic"), read_only=True) as store:
        assert [(run.recipe, run.state) for run in store.runs()] == [("improve", "finished")] * 2


def test_a_refused_rewrite_is_asked_for_once_more_with_the_reason() -> None:
    lost = "<prompt>Name the team of the {customer} in one word.</prompt>"
    with replying(lost, GOOD) as stub:
        result = maieutic.improve("Name the team of {ticket}.", optimizer=f"openai/stub@{stub.base}")
    assert result.calls == 2
    assert "{ticket}" in result.prompt
    assert "nothing fills {customer}, which the prompt did not have" in questions(stub)[1]


def test_braces_and_indentation_stay_as_they_are() -> None:
    prompt = 'Reply as JSON:\n{{"team": "…",\n    "why": "…"}}\nTicket: {ticket}'
    better = prompt.replace("Reply as", "Reply with nothing but")
    with replying(f"<prompt>\n{better}\n</prompt>") as stub:
        assert maieutic.improve(prompt, optimizer=f"openai/stub@{stub.base}").prompt == better


def test_never_more_than_three_calls_and_the_reason_is_told() -> None:
    with replying("I am sorry.", "I cannot.", "I am sorry.", "never asked") as stub:
        with pytest.raises(RunFailed, match=r"no usable rewrite came of 3 calls of openai/stub"):
            maieutic.improve("Name the team.", optimizer=f"openai/stub@{stub.base}")
        assert stub.count == 3


def test_a_prompt_that_the_model_leaves_as_it_is() -> None:
    same = "<prompt>Name the team.</prompt>"
    with replying(same, same, same) as stub:
        result = maieutic.improve("Name the team.", optimizer=f"openai/stub@{stub.base}")
    assert (result.changed, result.prompt) == (False, "Name the team.")


def test_an_endpoint_that_fails_is_a_model_error() -> None:
    with StubServer(ScriptedModel({}), faults=[Fault(status=400)] * 3) as stub:
        with pytest.raises(ModelError):
            maieutic.improve("Name the team.", optimizer=f"openai/stub@{stub.base}")
        assert stub.count <= 3


def test_what_cannot_be_asked_spends_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="empty"):
        maieutic.improve("  ")
    with pytest.raises(UsageError, match="needs an input"):
        maieutic.improve("Name the team.", data=[{"text": "x"}])
    with pytest.raises(TaskError):
        maieutic.improve("Name the team.", data="no-such.jsonl")


def test_examples_come_from_any_file_that_init_reads() -> None:
    row = "the invoice is wrong;billing\n"
    Path("rows.csv").write_text(f"ticket;team\n{row}no signal here;access\n{row}")
    with replying(GOOD) as stub:
        result = maieutic.improve("Name the team of {ticket}.", data="rows.csv", optimizer=f"openai/stub@{stub.base}")
    assert result.examples == 2
    assert "no signal here" in questions(stub)[0]
