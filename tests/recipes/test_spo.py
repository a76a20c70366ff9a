"""SPO against its card: no references, a judge asked in both orders, one challenger a round that stays if it wins."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from maieutic.core.budget import Budget
from maieutic.core.errors import NeedsError
from maieutic.core.events import Event
from maieutic.core.identity import digest
from maieutic.core.models import ModelRef
from maieutic.core.task import Models, Task
from maieutic.graphs.api import Result, aoptimize
from maieutic.graphs.run_config import RunConfig
from maieutic.graphs.run_options import RunOptions
from maieutic.runtime.reports.html import to_html
from maieutic.runtime.reports.markdown import to_markdown
from maieutic.runtime.reports.text import summary_lines, to_json
from maieutic.runtime.store import Store
from maieutic.testing import ScriptedModel, StubServer

ROWS = {"train": 5, "val": 6, "test": 20}


def target(messages: Sequence[Any]) -> str:
    """Greets the person as warmly as the prompt is written: as many marks as it has."""
    text = "\n".join(message["content"] for message in messages)
    return f"hello {re.findall(r'person ([a-z]+ [0-9]+)', text)[-1]}" + "!" * text.count("!")


def warmer(text: str) -> str:
    """The author: one mark more than the prompt that it is shown."""
    return f"<prompt>Greet the person warmly{'!' * (text.split(chr(34) * 3)[1].count('!') + 1)}</prompt>"


def answers(text: str) -> tuple[str, str]:
    a, b = re.findall(r'Answer [AB]:\n"""\n(.*?)\n"""', text, re.DOTALL)
    return a, b


def the_warmer(text: str) -> str:
    a, b = answers(text)
    return f"One is warmer. <choice>{'A' if a.count('!') > b.count('!') else 'B'}</choice>"


def coin(text: str) -> str:
    return f"<choice>{'AB'[int(digest(text)[:8], 16) % 2]}</choice>"


@dataclass(frozen=True, kw_only=True)
class Ran:
    result: Result
    events: list[Event]
    judged: list[str]
    authored: list[str]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [dict(event.data) for event in self.events if event.kind == kind]


@pytest.fixture
def spo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.setenv("STUB_KEY", "anything")
    folders: list[Path] = []

    async def run(judge: Callable[[str], str] = the_warmer, *, calls: int = 400, **fields: Any) -> Ran:
        judged: list[str] = []
        authored: list[str] = []

        def think(messages: Sequence[Any]) -> str:
            text = messages[0]["content"]
            (judged if "<choice>" in text else authored).append(text)
            return judge(text) if "<choice>" in text else warmer(text)

        folders.append(tmp_path / str(len(folders)))
        with StubServer(ScriptedModel(target)) as one, StubServer(ScriptedModel(think)) as two:
            done, events = (
                await aoptimize(
                    unlabelled(one.base, two.base, **fields.pop("rows", ROWS)),
                    recipe="spo",
                    budget=Budget(calls=calls),
                    folder=folders[-1],
                    run="r",
                    listen=(told := []).append,
                    **fields,
                ),
                told,
            )
        return Ran(result=done, events=events, judged=judged, authored=authored)

    return run


def unlabelled(target_base: str, author_base: str, **rows: int) -> Task:
    refs = [ModelRef.parse(f"openai/stub@{base}", key_env="STUB_KEY") for base in (target_base, author_base)]
    some = {split: [{"input": f"person {split} {n}"} for n in range(count)] for split, count in rows.items()}
    return Task.create("Greet the person.", models=Models(target=refs[0], optimizer=refs[1]), **some)


async def test_each_round_one_challenger_meets_the_champion_and_the_start(spo: Callable[..., Any]) -> None:
    ran = await spo(calls=160, settings={"rounds": "3"})
    assert len(ran.of("round_started")) == 3
    assert len(ran.authored) == 3
    start = ran.of("run_started")[0]
    assert start["recipe"] == "spo"
    duels = [one for one in ran.of("duel_judged") if one["example"] in {row.id for row in _rows(ran, "val")}]
    firsts = [one["first"] for one in duels]
    # Three val rows a duel; winners after the first meet the start prompt as well.
    assert len(duels) == 3 + 6 + 6
    assert len({one["example"] for one in duels}) == 3
    assert len(set(firsts)) == 3
    assert all(one["margin"] == -1 for one in duels)
    assert ran.result.prompt.instruction.count("!") == 3


async def test_the_author_sees_outputs_and_the_judge_sees_no_prompt(spo: Callable[..., Any]) -> None:
    ran = await spo(calls=200, settings={"rounds": "2"})
    assert ran.authored[0].count("Got: ") == 3
    assert "Expected: " not in ran.authored[0]
    assert "person val" not in "".join(ran.authored)
    assert "person test" not in "".join(ran.authored)
    assert not any("Greet the person warmly" in text for text in ran.judged)
    # Four judgements a pair, two with the answers exchanged; pairs are judged side by side.
    pairs = Counter(answers(text) for text in ran.judged if "!" in text)
    assert pairs
    assert all(pairs[a, b] == pairs[b, a] == 2 for a, b in pairs)


async def test_the_sealed_claim_is_a_win_rate_and_never_a_score(spo: Callable[..., Any], tmp_path: Path) -> None:
    ran = await spo(calls=250, settings={"rounds": "3"})
    report = ran.result.report
    assert report.verdict == "improved"
    assert report.split == "test"
    assert report.start.score is report.best.score is None
    assert report.preference.rate == 1
    assert report.preference.wins == report.preference.n >= 16
    assert report.preference.low > 0.5
    assert report.difference.p < 0.05
    assert "win rate 1.00" in summary_lines(report)[0]
    for text in (to_markdown(report), to_html(report), to_json(report)):
        assert "score 0.5" not in text
    with Store.open(tmp_path / "0", read_only=True) as store:
        assert store.evaluations("r") == []
        assert {one.split for one in store.responses("r")} == {"train", "val", "test"}
        assert store.run("r").best_score is None
    assert not ran.of("baseline_measured")
    assert all("score" not in told for told in ran.of("best_changed"))


async def test_a_judge_that_looks_at_the_place_alone_changes_nothing(spo: Callable[..., Any]) -> None:
    for place in "AB":
        ran = await spo(lambda text, place=place: f"<choice>{place}</choice>", settings={"rounds": "2"})
        assert {one["margin"] for one in ran.of("duel_judged")} == {0.0}
        assert ran.result.prompt.instruction == "Greet the person."
        assert ran.result.report.verdict == "no evidence of improvement"


async def test_an_unreadable_judge_is_a_tie_and_an_event(spo: Callable[..., Any]) -> None:
    ran = await spo(lambda text: "Well, both have something.", settings={"rounds": "1"})
    assert {one["margin"] for one in ran.of("duel_judged")} == {0.0}
    assert [one["skill"] for one in ran.of("answer_unreadable")].count("compare") == 12
    assert ran.result.prompt.instruction == "Greet the person."


@pytest.mark.slow
async def test_a_judge_that_tosses_coins_claims_nothing(spo: Callable[..., Any]) -> None:
    verdicts = [(await spo(coin, calls=90, seed=seed)).result.report.verdict for seed in range(4)]
    assert "improved" not in verdicts


async def test_a_small_budget_still_holds_a_duel(spo: Callable[..., Any]) -> None:
    ran = await spo(calls=80)
    assert len(ran.of("duel_judged")) >= 3
    assert ran.result.report.calls.target + ran.result.report.calls.optimizer <= 80


def test_a_task_that_nothing_scores_needs_a_judge() -> None:
    task = unlabelled("http://127.0.0.1:9/v1", "http://127.0.0.1:9/v1", **ROWS)
    assert task.evaluators == ()
    assert RunConfig.resolve(task, RunOptions(recipe="spo")).calls_per_test_example == 2 + 4
    with pytest.raises(NeedsError, match="has no judge"):
        RunConfig.resolve(task, RunOptions(recipe="auto"))


def _rows(ran: Ran, split: str) -> list[Any]:
    task = unlabelled("http://127.0.0.1:9/v1", "http://127.0.0.1:9/v1", **ROWS)
    return list(task.data[split])  # type: ignore[index]
