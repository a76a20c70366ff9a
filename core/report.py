"""The report of a run: what was gained, how certain that is, and what it cost."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from .deployment import FrontPoint
from .stats.tests import Difference, NoiseFloor, Verdict
from .stats.win_rate import WinRate


class _ReportPart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PromptScore(_ReportPart):
    """A prompt's mean score with its 95 % interval; None if nothing was measured."""

    score: float | None
    n: int
    low: float | None = None
    high: float | None = None


class Winner(PromptScore):
    """The score of the chosen candidate."""

    candidate: str


class Flips(_ReportPart):
    """How many examples got better and how many got worse."""

    gained: int
    lost: int


class FormatShare(_ReportPart):
    """Unreadable answers, and the part of the gain on examples where one answer was unreadable."""

    start_failures: int
    best_failures: int
    gain: float


class ContentShare(_ReportPart):
    """The part of the gain on examples that both prompts answered readably. `mean` is over those examples only."""

    gain: float
    n: int
    mean: float | None


class ValScores(_ReportPart):
    """Means on the val examples that both prompts were measured on. They chose the winner, so they prove nothing.

    `shrunk` is the winner's mean after shrinkage towards all candidates, against the winner's curse.
    """

    start: float
    best: float
    n: int
    shrunk: float


class TransferScore(_ReportPart):
    """Baseline and best on another target model, on the same examples. error: why nothing was measured."""

    model: str
    n: int
    start: float | None = None
    best: float | None = None
    difference: Difference | None = None
    flips: Flips | None = None
    verdict: Verdict | None = None
    error: str = ""


class CallCounts(_ReportPart):
    """Model calls by payer."""

    target: int
    optimizer: int


class PaidUsage(CallCounts):
    """What the endpoints were asked for, without replies from the cache."""

    tokens: int
    usd: float


class WordCounts(_ReportPart):
    """The lengths of both prompts in words."""

    start: int
    best: int


class PromptTexts(_ReportPart):
    """Both prompts as they are sent."""

    start: str
    best: str


class TaskResult(_ReportPart):
    """The result on one task, if the run served several."""

    task: str
    start: float
    best: float
    difference: Difference
    n: int


class RefusalCount(_ReportPart):
    """How many proposals were refused for a reason."""

    reason: str
    count: int


class ProposalCounts(_ReportPart):
    """What became of the proposals of a run.

    Attributes:
        written: Proposals of operators.
        entered: Those that became candidates.
        refused: How many were refused for each reason, most frequent first.
        unreadable: Answers of optimizer models that could not be read, of which no proposal came.
    """

    written: int = 0
    entered: int = 0
    refused: tuple[RefusalCount, ...] = ()
    unreadable: int = 0


class SearchEnd(_ReportPart):
    """Why the search ended, and what was left then.

    Attributes:
        reason: Why.
        passes: How often the recipe began its schedule again.
        left: Target calls that were left for the search; None if the budget does not limit calls.
        calls: Target calls that it had; None likewise.
        share: The share of the budget that was left, in [0, 1]; None if only time was limited.
    """

    reason: str = ""
    passes: int = 0
    left: int | None = None
    calls: int | None = None
    share: float | None = None


class ExampleScores(_ReportPart):
    """One example with both scores."""

    id: str
    start: float
    best: float


class FailedExamples(_ReportPart):
    """Examples that failed for a prompt, and why. An app, a metric, a target or the endpoint failed on them.

    Attributes:
        count: How many; they count as 0.
        of: How many were measured.
        reasons: Reason → how many failed for it, the commonest first.
    """

    count: int = 0
    of: int = 0
    reasons: dict[str, int] = Field(default_factory=dict)


class NoAnswers(_ReportPart):
    """Examples on which the model gave no text (a refusal, a tool call, nothing): no unreadable answers."""

    start: int = 0
    best: int = 0


class Report(_ReportPart):
    """What a reader needs to judge the claim of a run. "Start" is the baseline, "best" the winner.

    Attributes:
        run: The run's id.
        task: The task's name.
        recipe: The recipe's name.
        seed: The run's seed.
        split: Where the claim was measured: `test`, the held-out test. A task without test examples has only `val`,
            which supports no claim.
        verdict: The claim.
        start: The baseline's score.
        best: The winner's score.
        difference: The gain with its interval and test.
        flips: Examples that got better and worse.
        format: The part of the gain that comes from readable answers; adds up to the gain with `content`.
        content: The other part.
        noise_floor: How far the baseline differs from itself, if it was measured twice.
        preference: The share of duels that the winner won, if nothing scores an output. `difference` is then that of
            both prompts' shares.
        tried: The number of measured candidates beside the baseline.
        val: Both scores on val.
        calls: Model calls, cached ones included.
        paid: What was paid for.
        cached: Calls answered from the cache.
        lost: Calls that may have been paid for without a reply.
        tokens: Tokens, cached replies included.
        usd: Cost, cached replies included.
        seconds: The running time.
        words: Both prompts' lengths.
        prompt: Both prompts' texts.
        rows: Every example of the claim.
        tasks: The result on each task, if the run served several.
        warnings: What limits the claim.
        failed: Examples of the claim that failed for one of the prompts.
        no_answer: Examples of the claim that a prompt got no answer to.
        limits_passed: What the calls in flight used beyond a limit, one line per limit.
        transfer: Both prompts on further target models, where the run names some.
        proposals: What became of the proposals; None in a report of an earlier version.
        data: How the data were read, and what of them was not used.
        search: Why the search ended and what was left; None in a report of an earlier version.
        priced: Whether the price of every model is known, so that a cost of 0 means no charge; None in a report of an
            earlier version.
        front: The winner and the candidates measured on the same val examples, without those that another one beats in
            score and length; shortest first.
        version: The version of Maieutic that wrote it; empty in a report of an earlier one.
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
    failed: FailedExamples = FailedExamples()
    no_answer: NoAnswers = NoAnswers()
    limits_passed: tuple[str, ...] = ()
    transfer: tuple[TransferScore, ...] = ()
    proposals: ProposalCounts | None = None
    data: tuple[str, ...] = ()
    search: SearchEnd | None = None
    priced: bool | None = None
    front: tuple[FrontPoint, ...] = ()
    version: str = ""
