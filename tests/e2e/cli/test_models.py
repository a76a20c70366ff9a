"""`maieutic models test` asks with what a run sends, and shows what the model takes and can do."""

from __future__ import annotations

from typing import Any

import pytest
from maieutic.testing import Answer, Refusal, ScriptedModel, StubServer

Call = Any


def _stub(answer: Answer, *refuses: Refusal) -> StubServer:
    return StubServer(ScriptedModel(lambda messages: answer), refuses=refuses)


def test_the_profile_is_shown(call: Call) -> None:
    refuses = (
        Refusal(parameter="max_tokens", text="Unsupported 'max_tokens'. Use 'max_completion_tokens' instead."),
        Refusal(parameter="top_logprobs", above=5, text="top_logprobs must be at most 5"),
        Refusal(parameter="seed", text="Unknown parameter: 'seed'"),
    )
    with _stub(Answer(text="ready", reasoning="easy"), *refuses) as stub:
        shown = call("models", "test", f"openai/stub@{stub.base}")
        machine = call("models", "test", f"openai/stub@{stub.base}", "--json").json
        body = stub.seen.bodies[3]
    assert shown.code == 0
    for words in ("ready", "max_completion_tokens", "seed is left out", "at most 5 log-probabilities", "reasons"):
        assert words in shown.out
    assert (body["temperature"], body["top_logprobs"], body["max_completion_tokens"]) == (0.0, 5, 1024)
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert (machine["text"], machine["reasoning"], machine["finish"]) == ("ready", "easy", "stop")
    assert machine["profile"]["reasons"] is True
    assert machine["profile"]["logprobs"] is True
    assert len(machine["profile"]["refused"]) == 3


def test_a_model_without_log_probabilities(call: Call) -> None:
    refusal = Refusal(parameter="logprobs", status=403, text="You are not allowed to request logprobs from this model")
    with _stub(Answer(text="ready"), refusal) as stub:
        assert call("models", "test", f"openai/stub@{stub.base}", "--json").json["profile"]["logprobs"] is False


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(text="", reasoning="let me see", finish="length"), "was cut while it was still thinking"),
        (Answer(text="<think>let me see", finish="length"), "was cut while it was still thinking"),
        (Answer(text="ready and", finish="length"), "was cut"),
        (Answer(text=""), "is empty"),
    ],
)
def test_an_empty_or_cut_answer_says_what_to_set(call: Call, answer: Answer, words: str) -> None:
    with _stub(answer) as stub:
        done = call("models", "test", f"openai/stub@{stub.base}")
    assert done.code == 4
    assert words in done.err
    assert "max_output_tokens=4096" in done.err
    assert "--model-option max_output_tokens=4096" in done.err, "as this command takes it"


def test_an_option_is_sent(call: Call) -> None:
    with _stub(Answer(text="ready")) as stub:
        model = f"openai/stub@{stub.base}"
        done = call(
            "models", "test", model, "--model-option", "max_output_tokens=99", "--model-option", "extra.top_p=0.5"
        )
        assert done.code == 0
        assert (stub.seen.bodies[0]["max_tokens"], stub.seen.bodies[0]["top_p"]) == (99, 0.5)
    wrong = call("models", "test", "openai/x", "--model-option", "max_output_token=99")
    assert wrong.code == 2
    assert "max_output_tokens" in wrong.err
