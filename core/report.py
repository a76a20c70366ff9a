"""The report of a run: what was gained, how sure that is, and what it cost."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from .stats.tests import Difference, NoiseFloor, Verdict


class _ReportPart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PromptScore(_ReportPart):
    """A prompt's mean score on the rows of the claim with its 95 % interval; None where no row was measured."""

    score: float | None
    n: int
    low: float | None = None
    high: float | None = None


class Winner(PromptScore):
    candidate: str


class Flips(_ReportPart):
    """Rows that got better and rows that got worse."""

    gained: int
    lost: int


class FormatShare(_ReportPart):
    """Answers that could not be read, and the part of the difference that lies on rows where one was not."""

    start_failures: int
    best_failures: int
    gain: float


class ContentShare(_ReportPart):
    """The part of the difference that lies on rows both prompts answered readably; mean is over those rows."""

    gain: float
    n: int
    mean: float | None


class ValScores(_ReportPart):
    """Means on the val rows that both were measured on. They chose the winner, so they are no claim;
    `shrunk` is the winner's mean as far as its rows support it among all that were tried."""

    start: float
    best: float
    n: int
    shrunk: float


class CallCounts(_ReportPart):
    target: int
    optimizer: int


class PaidUsage(CallCounts):
    """What the endpoint was asked for now, without answers from the cache."""

    tokens: int
    usd: float


class WordCounts(_ReportPart):
    start: int
    best: int


class PromptTexts(_ReportPart):
    start: str
    best: str


class WinRate(_ReportPart):
    """Of a task that nothing scores: how often the judge preferred the winner's output to the start's on the same row,
    a tie being half, with its 95 % interval; 0.5 is no difference."""

    judge: str
    rate: float
    low: float
    high: float
    wins: int
    ties: int
    losses: int
    n: int


class TaskResult(_ReportPart):
    """Of several tasks, one: what its rows of the claim say."""

    task: str
    start: float
    best: float
    difference: Difference
    n: int


class ExampleScores(_ReportPart):
    """One row of the claim: its id and both scores."""

    id: str
    start: float
    best: float


class Report(_ReportPart):
    """Everything a reader needs to believe a claim or not.

    split: where the claim was measured: `test`, sealed until now; a task without test rows has only `val`, which
    supports no claim. calls, tokens, usd: what the run consumed, cached answers included; `paid` is without them,
    `cached` their number, `lost` calls whose answer never arrived. tried: candidates measured beside the start.
    format and content add up to the difference. tasks: each, where the run served several. preference: where nothing
    scores an output, in place of scores; the difference is then that of both prompts' shares of the duels.
    """

    run: str
    task: str
    recipe: str
    seed: int
    split: Literal["test", "val"]
    verdict: Verdict
    start: PromptScore
    best: Winner
    difference: Difference
    flips: Flips
    format: FormatShare
    content: ContentShare
    noise_floor: NoiseFloor | None = None
    preference: WinRate | None = None
    tried: int
    val: ValScores | None = None
    calls: CallCounts
    paid: PaidUsage
    cached: int
    lost: int
    tokens: int
    usd: float
    seconds: float
    words: WordCounts
    prompt: PromptTexts
    rows: tuple[ExampleScores, ...] = ()
    tasks: tuple[TaskResult, ...] = ()
    warnings: tuple[str, ...] = ()
