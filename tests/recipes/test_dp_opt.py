"""DP-OPT: rows dealt to voters, a vote under noise, a target that never sees a row, and a secret that stays in."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest
from maieutic.agents.asks.replies import PromptReply, TextReply
from maieutic.core.answer import AnswerContract
from maieutic.core.candidate import Candidate
from maieutic.core.dataset import Example
from maieutic.core.errors import UsageError
from maieutic.core.program import Program
from maieutic.core.search_types import Request, TaskBrief, WorkOrder
from maieutic.plugins.operators.private_ensemble import (
    NOISE_KEY,
    ContinueInstruction,
    PrivateEnsemble,
    VoteForInstruction,
)
from maieutic.plugins.strategies.private_proposals import PrivateProposals

COMMON = "Say whether the number can be halved."
SECRET = "Zanzibar"


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NOISE_KEY, "only for tests")


class Authors:
    """All say the same of their rows, but whoever holds the secret says it."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.rows: list[set[str]] = []

    async def act(self, ask: Any) -> Any:
        self.asked[ask.skill] += 1
        match ask:
            case ContinueInstruction() | VoteForInstruction() as voting:
                self.rows.append({row.input for row in voting.rows})
                knows = any(SECRET in row.input for row in voting.rows)
                if isinstance(ask, VoteForInstruction):
                    return TextReply(text="2" if knows else "1")
                begun = f"{ask.begun} " if knows and ask.begun else ""
                return TextReply(text=f"{begun}{SECRET} is the word." if knows else COMMON)
            case _:
                return PromptReply(prompt=f"Idea number {self.asked[ask.skill]}.")


def request(seed: int = 0, secret: bool = True, rows: int = 60, **options: Any) -> Request:
    train = [Example(input=f"number {n}", outputs=("even",)) for n in range(rows)]
    train += [Example(input=f"number 99 of {SECRET}", outputs=("odd",))] if secret else []
    return Request(
        order=WorkOrder(operator="private-ensemble", parents=("p",), options=options),
        task=TaskBrief(name="parity", description="Tell parity.", answer=AnswerContract()),
        parents=(Candidate(id="p", program=Program.of("Say it."), operator="start"),),
        train=tuple(train),
        rng=Random(seed),
    )


async def instruction(operator: PrivateEnsemble, **fields: Any) -> str:
    made = await operator.propose(request(**fields), Authors())  # type: ignore[arg-type]
    return made[0].program.main.instruction if made else ""


async def test_each_row_belongs_to_one_voter_whatever_other_rows_there_are() -> None:
    with_it, without = Authors(), Authors()
    operator = PrivateEnsemble(by="proposals", shown=99)
    await operator.propose(request(secret=True), with_it)  # type: ignore[arg-type]
    await operator.propose(request(secret=False), without)  # type: ignore[arg-type]
    assert len(with_it.rows) == 10
    assert sum(map(len, with_it.rows)) == 61
    changed = [(a, b) for a, b in zip(with_it.rows, without.rows, strict=True) if a != b]
    assert len(changed) == 1
    assert changed[0][0] - changed[0][1] == {f"number 99 of {SECRET}"}


async def test_many_voters_write_word_by_word_what_they_agree_on() -> None:
    operator = PrivateEnsemble(epsilon=8.0, voters=60, words=10)
    made = await operator.propose(request(rows=400, secret=False), authors := Authors())  # type: ignore[arg-type]
    assert made[0].program.main.instruction == COMMON.removesuffix(".") + "."
    assert authors.asked == {"continue": 60}
    assert "epsilon" in made[0].rationale
    assert sum(authors.asked.values()) * 2 <= operator.calls


async def test_a_few_voters_choose_among_instructions_that_saw_no_row() -> None:
    authors = Authors()
    made = await PrivateEnsemble().propose(request(epsilon=40.0), authors)  # type: ignore[arg-type]
    assert authors.asked == {"style": 6, "vote": 10}
    # Nine of ten are content with the first, which is the prompt as it is.
    assert [proposal.refusal.startswith("it equals its p") for proposal in made] == [True]
    assert sum(authors.asked.values()) * 2 <= PrivateEnsemble().calls


@pytest.mark.slow
async def test_a_planted_secret_comes_out_no_more_often_than_the_bound_allows() -> None:
    """One voter of sixty knows the word and insists on it. In 300 runs it may come out with chance delta each."""
    operator = PrivateEnsemble(epsilon=8.0, delta=1e-3, voters=60, words=8)
    said = [await instruction(operator, seed=seed, rows=200) for seed in range(300)]
    assert sum(SECRET in text for text in said) <= 2  # expected at most 300 x 0.001; 3 or more: chance below 0.4 %
    assert sum(text != "" for text in said) > 200


async def test_one_row_more_changes_what_is_chosen_by_less_than_the_bound() -> None:
    """How often the secret holder's choice wins differs by less than e^epsilon between neighbouring data."""
    operator = PrivateEnsemble(by="proposals", voters=4, ideas=2)
    counts = {
        there: sum([bool(await instruction(operator, seed=n, secret=there, rows=3, epsilon=1.0)) for n in range(250)])
        for there in (True, False)
    }
    assert counts[True] / counts[False] < 2.72 * 1.3
    assert counts[False] / counts[True] < 2.72 * 1.3


async def test_the_same_key_and_seed_draw_the_same_noise_and_another_key_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    operator = PrivateEnsemble(by="proposals", voters=4, ideas=5)
    one = [await instruction(operator, seed=n, epsilon=0.1) for n in range(20)]
    assert one == [await instruction(operator, seed=n, epsilon=0.1) for n in range(20)]
    monkeypatch.setenv(NOISE_KEY, "another")
    assert one != [await instruction(operator, seed=n, epsilon=0.1) for n in range(20)]


@pytest.mark.parametrize("wrong", [{"epsilon": 0.0}, {"delta": 1.0}, {"releases": 0}])
def test_a_budget_that_protects_nothing_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="privacy budget"):
        PrivateProposals(**wrong)


async def test_the_recipe_runs_no_train_row_on_the_target_and_tells_what_was_spent(play: Any) -> None:
    def author(question: str) -> str:
        if "<number>" in question:
            return "<number>3</number>"
        level = 4 + ("backwards" in question) + len(question) % 3
        return f"<prompt>Say even or odd, at level {level} or so.</prompt>"

    seen: list[str] = []

    def target(messages: Any) -> str:
        seen.append(messages[-1]["content"])
        return "even"

    done = await play("dp-opt", author, target=target, settings={"private.epsilon": "30"})
    assert not any("number 1" in text for text in seen)
    assert [one["operator"] for orders in done.orders for one in orders] == ["private-ensemble"]
    assert done.skills["vote"] <= 10
    assert not any("number 1" in text for text in done.asked("style"))
    assert all("epsilon 30.00" in one.rationale for one in done.made_by("private-ensemble"))
