"""The report as a document: every number and text that a page, a Markdown file and a terminal show.

The renderers decide nothing: what is unknown, unmeasured or left out is so in the document.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ...core.report import ProposalCounts
from ...core.stats.tests import Difference, Verdict
from ...core.word_diff import DiffRun

Flip = Literal["better", "worse", "same", "not scored"]
UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class ScoreBar:
    """A share on an axis from 0 to 1 with its 95 % interval; None where nothing was measured."""

    label: str
    score: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, kw_only=True)
class CostRow:
    """What one use of a prompt takes, before and after; `unknown` where it was not measured or has no price."""

    label: str
    start: str
    best: str


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A line of a list of properties."""

    label: str
    value: str


@dataclass(frozen=True, kw_only=True)
class SplitFacts:
    """One split of the data: how many examples, and the SHA-256 of them as the run read them."""

    split: str
    count: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class FileFacts:
    """A file of the task as it is now: its path in the task's folder, its size in bytes and its SHA-256."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """The model of a role with the settings that a person gave it."""

    role: str
    model: str
    settings: str


@dataclass(frozen=True, kw_only=True)
class ExampleResult:
    """One held-out example under both prompts. A score is None where nothing scored the output."""

    id: str
    input: str
    references: tuple[str, ...]
    start_output: str | None
    best_output: str | None
    start_score: float | None
    best_score: float | None
    start_failure: str
    best_failure: str
    flip: Flip


@dataclass(frozen=True, kw_only=True)
class PromptChange:
    """One block of a prompt before and after, compared on words. `name` is `summarize: instruction` of several."""

    name: str
    runs: tuple[DiffRun, ...]
    removed: int
    added: int

    @property
    def is_changed(self) -> bool:
        return any(run.kind != "same" for run in self.runs)


@dataclass(frozen=True, kw_only=True)
class LineageRow:
    """A candidate in the tree, depth first. Scores are means on the val examples that it was measured on.

    Attributes:
        depth: 0 for the baseline.
        in_line: Whether the winner descends from it, or is it.
    """

    id: str
    depth: int
    operator: str
    status: str
    reason: str
    round: int
    score: float | None
    low: float | None
    high: float | None
    n: int
    in_line: bool


@dataclass(frozen=True, kw_only=True)
class CandidatePoint:
    """A candidate in the picture of the search: its val mean, and the run's calls when it was first measured."""

    id: str
    calls: int
    score: float
    n: int


@dataclass(frozen=True, kw_only=True)
class LeaderStep:
    """From this number of calls on, the leading candidate had this score on its val examples."""

    calls: int
    score: float


@dataclass(frozen=True, kw_only=True)
class SearchCurve:
    """The leading candidate's score over the calls of the run, with all candidates behind it."""

    leader: tuple[LeaderStep, ...]
    candidates: tuple[CandidatePoint, ...]
    calls: int


@dataclass(frozen=True, kw_only=True)
class OperatorCredit:
    """What became of an operator's proposals.

    Attributes:
        measured: Those with a val score; None where nothing scores an output.
        in_line: Those that the winner descends from, or is.
    """

    operator: str
    proposed: int
    refused: int
    measured: int | None
    kept: int
    in_line: int


@dataclass(frozen=True, kw_only=True)
class SpendingRow:
    """Requests to a model in a role, paid for in this run. usd: as text, `unknown` without a known price."""

    role: str
    model: str
    calls: int
    tokens: int
    usd: str


@dataclass(frozen=True, kw_only=True)
class TransferRow:
    """Both prompts on a target model."""

    model: str
    start: str
    best: str
    gain: str
    verdict: str
    n: int


@dataclass(frozen=True, kw_only=True)
class MeasureLine:
    """The result of one measure that was run on the prompts, in words."""

    name: str
    result: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class SearchHistory:
    """How the search went. hidden: candidates that the tree leaves out because it would be too long."""

    curve: SearchCurve | None = None
    lineage: tuple[LineageRow, ...] = ()
    hidden: int = 0
    operators: tuple[OperatorCredit, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ReportDocument:
    """A report for two readers: a manager reads the first part, a reviewer the second.

    Attributes:
        run: The run's id.
        title: Task and verdict.
        verdict: The claim.
        headline: The claim in a sentence.
        scores: Both prompts' mean scores; where a judge compared them, the share of duels that the winner won; where
            the prompt stayed the same, its score alone.
        score_title: What `scores` shows.
        score_unit: What one of them is.
        gain: The paired difference; None where nothing was scored, or the prompt stayed the same.
        noise: How far chance alone moves the baseline's mean; None where it was not measured.
        shares: How much of the difference is format and how much content; empty where nothing was scored.
        costs: What a use takes before and after.
        spent: What the run took, in a sentence.
        changes: What changed in the prompt, in at most three lines.
        caveats: What limits the claim.
        facts: Task, metric, recipe, seed, version, date.
        splits: The data.
        files: The task's files.
        data_notes: How the data were read.
        models: The models by role.
        evidence: The evidence for the claim, one sentence a line.
        transfer: Both prompts on further target models, the run's own first; empty without any.
        example_kind: What the examples are: `held-out test` or `val`.
        examples: Every example of the claim.
        prompts: The prompts' blocks before and after.
        prompt_texts: Both prompts as they are sent, before and after.
        history: The search.
        spending: What was paid, by role and model.
        proposals: Proposals and refusals; None where they were not counted.
        measures: Measures that were run.
        reproduce: Commands that do the run again and fetch its prompt.
        footer: Run, recipe, seed, version and date in a line.
    """

    run: str
    title: str
    verdict: Verdict
    headline: str
    scores: tuple[ScoreBar, ...]
    score_title: str
    score_unit: str
    gain: Difference | None
    noise: float | None
    shares: str
    costs: tuple[CostRow, ...]
    spent: str
    changes: tuple[str, ...]
    caveats: tuple[str, ...]
    facts: tuple[Fact, ...]
    splits: tuple[SplitFacts, ...]
    files: tuple[FileFacts, ...]
    data_notes: tuple[str, ...]
    models: tuple[ModelFacts, ...]
    evidence: tuple[str, ...]
    transfer: tuple[TransferRow, ...]
    example_kind: str
    examples: tuple[ExampleResult, ...]
    prompts: tuple[PromptChange, ...]
    prompt_texts: tuple[str, str]
    history: SearchHistory
    spending: tuple[SpendingRow, ...]
    proposals: ProposalCounts | None
    measures: tuple[MeasureLine, ...]
    reproduce: tuple[str, ...]
    footer: str

    @property
    def flips(self) -> Mapping[Flip, int]:
        """How many examples got better, got worse, stayed the same, or were not scored."""
        counts: dict[Flip, int] = {"better": 0, "worse": 0, "same": 0, "not scored": 0}
        for example in self.examples:
            counts[example.flip] += 1
        return counts
