"""One report, and what a store holds of its run, with texts that try to leave their place."""

import pytest
from maieutic.core.answer import AnswerContract
from maieutic.core.candidate import Candidate
from maieutic.core.dataset import Dataset, Example
from maieutic.core.events import Event
from maieutic.core.models import ModelRef, ModelSettings
from maieutic.core.program import Program
from maieutic.core.prompt import Demo, Prompt
from maieutic.core.report import (
    CallCounts,
    ContentShare,
    ExampleScores,
    Flips,
    FormatShare,
    PaidUsage,
    PromptScore,
    PromptTexts,
    ProposalCounts,
    RefusalCount,
    Report,
    ValScores,
    Winner,
    WordCounts,
)
from maieutic.core.score import Evaluation, Score
from maieutic.core.stats.tests import Difference, NoiseFloor
from maieutic.core.task import Models, Task
from maieutic.runtime.reports.run_facts import RunFacts
from maieutic.runtime.store import RoleSpending, RunRecord, StepTally

HOSTILE = "</pre><script>alert(1)</script><img src=https://evil.example/x> \x1b[2J | `code` ](http://evil.example)"


@pytest.fixture
def report() -> Report:
    return Report(
        run="r-1",
        task="tickets <b>",
        recipe="mars",
        seed=3,
        split="test",
        verdict="improved",
        start=PromptScore(score=0.61, n=100, low=0.51, high=0.7),
        best=Winner(score=0.73, n=100, low=0.63, high=0.81, candidate="c-7"),
        difference=Difference(value=0.12, low=0.03, high=0.21, p=0.0123, test="exact McNemar"),
        flips=Flips(gained=18, lost=6),
        format=FormatShare(start_failures=9, best_failures=1, gain=0.04),
        content=ContentShare(gain=0.08, n=91, mean=0.088),
        noise_floor=NoiseFloor(difference=0.01, changed=0.05, floor=0.04, n=100),
        tried=17,
        val=ValScores(start=0.6, best=0.8, n=40, shrunk=0.74),
        calls=CallCounts(target=1100, optimizer=34),
        paid=PaidUsage(target=1000, optimizer=34, tokens=50_000, usd=0.1),
        cached=100,
        lost=0,
        tokens=56_000,
        usd=0.12,
        seconds=192,
        words=WordCounts(start=12, best=48),
        prompt=PromptTexts(
            start="[user]\nSort it.\n\n«input»",
            best="[user]\nSort it & say <why>.\n```json\n{}\n```\n\n«input»",
        ),
        warnings=("only 12 rows <script>",),
    )


@pytest.fixture
def facts() -> RunFacts:
    """Four test examples: better, worse, the same, and unreadable for the start."""
    start = Prompt(instruction="Sort it.")
    best = Prompt(instruction="Sort it & say <why>.", demos=(Demo(input=HOSTILE, output="good"),))
    candidates = (
        Candidate(id="c-0", program=Program.of(start), operator="start", status="dropped"),
        Candidate(id="c-1", program=Program.of("Sort."), parents=("c-0",), operator="rephrase", status="kept", step=2),
        Candidate(id="c-2", program=Program.of("So?"), parents=("c-0",), operator="critic", status="rejected", step=2),
        Candidate(
            id="c-7", program=Program.of(best), parents=("c-1",), operator="critic", rationale=HOSTILE, status="kept"
        ),
    )
    texts = ["fine", HOSTILE, "很好的电影", "so so"]
    test = tuple(Example(id=f"e-{i}", input=text, outputs=("good",)) for i, text in enumerate(texts))
    val = tuple(Example(id=f"v-{i}", input=f"val {i}", outputs=("good",)) for i in range(4))
    task = Task(
        name="tickets <b>",
        description=HOSTILE,
        program=Program.of(start),
        data=Dataset(train=val[:1], val=val[1:], test=test),
        answer=AnswerContract(type="label", labels=("good", "bad")),
        models=Models(
            target=ModelRef(provider="openai", name="gpt", options=ModelSettings(price=(2.0, 10.0))),
            optimizer=ModelRef.parse("openai/author@https://user:s3cret-key@host.example/v1?key=s3cret-key"),
        ),
        source="my tasks/task.toml",
    )
    events = (
        _event(1, "batch_finished", ledger={"target_calls": 4, "optimizer_calls": 0}),
        _event(1, "baseline_measured", score=0.5, candidate="c-0"),
        _event(2, "batch_finished", ledger={"target_calls": 12, "optimizer_calls": 2}),
        _event(2, "best_changed", score=0.75, candidate="c-7"),
    )
    return RunFacts(
        record=RunRecord(
            id="r-1",
            task=task.name,
            task_json=task.model_dump_json(by_alias=True),
            recipe="mars",
            seed=3,
            started="2026-12-01T03:25:14+00:00",
            budget_json='{"calls": 1200}',
            options={"settings": {"beam.width": "8"}},
        ),
        task=task,
        examples={"train": task.data.train, "val": task.data.val, "test": test, "target": ()},
        candidates=candidates,
        tallies=(
            StepTally(candidate="c-0", step=1, n=4, total=2.0, squares=2.0, unreadable=0, cursor=4),
            StepTally(candidate="c-1", step=2, n=4, total=2.0, squares=2.0, unreadable=0, cursor=8),
            StepTally(candidate="c-7", step=2, n=4, total=3.0, squares=3.0, unreadable=0, cursor=12),
        ),
        results={
            (name, example.id): _evaluation(name, example.id, score)
            for name, scores in (("c-0", (0.0, 1.0, 1.0, None)), ("c-7", (1.0, 0.0, 1.0, 0.0)))
            for example, score in zip(test, scores, strict=True)
        },
        events=events,
        spending=(
            RoleSpending(role="target", model="openai/gpt", calls=1000, tokens=50_000, usd=0.1),
            RoleSpending(role="critic", model="openai/author", calls=34, tokens=6000, usd=0.0),
        ),
    )


@pytest.fixture
def measured(report: Report) -> Report:
    """The report with its examples and its refused proposals."""
    scores = ((0.0, 1.0), (1.0, 0.0), (1.0, 1.0), (0.0, 0.0))
    return report.model_copy(
        update={
            "rows": tuple(ExampleScores(id=f"e-{i}", start=a, best=b) for i, (a, b) in enumerate(scores)),
            "proposals": ProposalCounts(
                written=3, entered=2, refused=(RefusalCount(reason=f"too long {HOSTILE}", count=1),), unreadable=1
            ),
            "version": "1.2.3",
        }
    )


def _event(step: int, kind: str, **data: object) -> Event:
    return Event(run="r-1", kind=kind, key=f"{step}:{kind}", step=step, data=data)  # type: ignore[arg-type]


def _evaluation(candidate: str, example: str, score: float | None) -> Evaluation:
    """None is an answer that could not be read."""
    value = Score(value=score or 0.0, failure=None if score is not None else "format")
    output = HOSTILE if score is None else "good" if score else "bad"
    return Evaluation(
        candidate=candidate,
        example=example,
        split="test",
        output=output,
        answer=None if score is None else output,
        score=value.value,
        scores={"exact": value},
    )
