"""The comparison with published packages: the same calls and the same reading, in the form that each asks for."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import aiohttp
import pytest
from maieutic.benchmarks.suite.any_form import AnyFormAuthor, AnyFormTarget
from maieutic.benchmarks.suite.problems import AnswerScorer, load_problem
from maieutic.benchmarks.suite.proxy import MeteredProxy
from maieutic.benchmarks.suite.ranking import interval, table
from maieutic.core.models import ModelRef
from maieutic.testing.models import ScriptedModel
from maieutic.testing.simulation import FAMILIES, RuleFollowingTarget
from maieutic.testing.simulation.rules import read_rules
from maieutic.testing.stub_server import StubServer

CASES = (
    "## Inputs\nTicket 100: please look at my discount\n\n## Generated Outputs\naccess\n\n"
    "## Feedback\nThe answer is wrong. The right answer is: sales\n"
)
JSON_CASES = json.dumps(
    [{"Inputs": {"question": "Ticket 100: please look at my discount"}, "Feedback": "The right answer is: sales"}]
)
QUESTIONS = {
    "fences": (f"{CASES}\nProvide the new instructions within ``` blocks.", "```\n", "\n```"),
    "tag": (f"{CASES}\nReturn it starting with <prompt> and ending with </prompt> tags.", "<prompt>", "</prompt>"),
    "textgrad": (
        f"{CASES}\nSend ONLY the improved variable between the <IMPROVED_VARIABLE> tags, and nothing else.",
        "<IMPROVED_VARIABLE>",
        "</IMPROVED_VARIABLE>",
    ),
    "fields": (
        f"[[ ## examples ## ]]\n{CASES}\nRespond with the corresponding output fields, starting with the field "
        "`[[ ## proposed_instruction ## ]]`, and then ending with the marker for `[[ ## completed ## ]]`.",
        "[[ ## proposed_instruction ## ]]\n",
        "[[ ## completed ## ]]",
    ),
    "json": (
        f"{JSON_CASES}\n\nRespond with a JSON object in the following order of fields: `new_instruction`.",
        '{"new_instruction": "',
        '"}',
    ),
}


@pytest.mark.parametrize("form", QUESTIONS)
def test_the_author_writes_the_same_rule_in_every_form(form: str) -> None:
    question, begin, end = QUESTIONS[form]
    text = AnyFormAuthor("terse").answer([{"role": "user", "content": question}]).text
    assert text.startswith(begin)
    assert text.endswith(end)
    plain = json.loads(text)["new_instruction"] if form == "json" else text
    assert [(sorted(rule.words), rule.answer) for rule in read_rules(plain)] == [(["discount"], "sales")]


def test_the_target_answers_in_the_field_that_a_package_wants() -> None:
    rule = 'If the input contains "discount", answer "sales".'
    system = (
        f"[[ ## question ## ]]\n{{question}}\n[[ ## answer ## ]]\n{{answer}}\n[[ ## completed ## ]]\n"
        f"In adhering to this structure, your objective is: {rule}"
    )
    user = (
        "[[ ## question ## ]]\nTicket 100: please look at my discount\n\n"
        "Respond with the corresponding output fields, starting with the field `[[ ## answer ## ]]`."
    )
    target = AnyFormTarget(RuleFollowingTarget(FAMILIES["routing"], noise=0.0))
    messages: list[Any] = [{"role": "system", "content": system}, {"role": "user", "content": user}]
    assert target.answer(messages).text == "[[ ## answer ## ]]\nsales\n\n[[ ## completed ## ]]"


async def test_the_proxy_ends_the_search_at_the_limit_and_counts_the_test_apart() -> None:
    problem = load_problem("sim:routing", None, 0)
    with StubServer(ScriptedModel({}, otherwise="sales")) as stub:
        reference = ModelRef.parse(f"openai/stub@{stub.base}")
        scorer = AnswerScorer(problem.task(reference, reference))
        async with (
            MeteredProxy({"target": stub.base, "author": stub.base}, 2, scorer) as proxy,
            aiohttp.ClientSession() as session,
        ):
            body = {"model": "stub", "messages": [{"role": "user", "content": "Ticket 1: a quote"}]}

            async def status(role: str) -> int:
                async with session.post(f"{proxy.base}/{role}/v1/chat/completions", json=body) as response:
                    return response.status

            assert [await status("target") for _ in range(3)] == [200, 200, 403]
            assert await status("author") == 200
            async with session.post(f"{proxy.base}/phase/test") as response:
                assert response.status == 200
            assert await status("target") == 200
            row = {"input": "Ticket 1: a quote", "output": "sales"}
            async with session.post(f"{proxy.base}/score", json={"row": row, "text": "Sales."}) as response:
                assert (await response.json())["score"] == 1.0
            async with session.post(f"{proxy.base}/score", json={"row": row, "text": "billing"}) as response:
                assert await response.json() == {
                    "score": 0.0,
                    "feedback": "The answer is wrong. The right answer is: sales",
                }
            assert stub.count == 4
    counts = {key: proxy.calls[key] for key in (("target", "search"), ("author", "search"), ("target", "test"))}
    assert counts == {("target", "search"): 2, ("author", "search"): 1, ("target", "test"): 1}
    assert proxy.refused == 1


def row(method: str, problem: str, score: float, seed: int = 0) -> dict[str, Any]:
    return {
        "problem": problem,
        "method": method,
        "calls": 300,
        "seed": seed,
        "target": "simulated",
        "author": "terse",
        "score": score,
        "target_calls": 300,
        "author_calls": 6,
        "author_tokens": 1200,
        "seconds": 3.0,
    }


def test_methods_are_ranked_by_their_mean_place() -> None:
    rows = [row("a", "p", 0.5), row("a", "q", 0.9), row("b", "p", 0.6), row("b", "q", 1.0), row("b", "q", 0.8, 1)]
    lines = table(rows).splitlines()
    assert lines[0] == "300 target calls, target simulated, author terse:"
    assert [line.split(" | ")[:2] for line in lines[4:6]] == [["| b", "1.25"], ["| a", "1.75"]]
    assert interval([0.5, 0.5, 0.5], Random(0)) == (0.5, 0.5)


def test_a_method_that_fails_is_told_below_the_table() -> None:
    failed = {**row("c", "p", 0.0), "error": "RuntimeError: no such package"}
    del failed["score"]
    assert table([row("a", "p", 0.5), failed]).splitlines()[-1] == ("- c on p, seed 0: RuntimeError: no such package")
