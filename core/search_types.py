"""What a search is given and what it decides: orders, requests, proposals, measurements. Data without behaviour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from .answer import AnswerContract
from .asks import Case, ScoredPrompt
from .candidate import Archive, Candidate
from .dataset import Example, Split
from .frozen import FrozenDict, FrozenMapping, frozen
from .identity import seeded_random
from .program import Program

ALL_PROMPTS = "*"


class TaskBrief(BaseModel):
    """What an operator may know of the task.

    Attributes:
        name: The task's name.
        description: The task in words.
        answer: What counts as an answer.
        max_prompt_tokens: The limit on a prompt's length; None is no limit.
        chat: Whether the target only makes chat model calls, so that prompts may be added to a program.
        labels: All values of the references, where the whole output is the answer and they are few.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    description: str
    answer: AnswerContract
    max_prompt_tokens: int | None = None
    chat: bool = True
    labels: tuple[str, ...] = ()

    @property
    def answer_hint(self) -> str:
        """The wanted answer in a plain wording; empty where nothing is known of it."""
        return self.answer.hint or (f"Answer with one of: {', '.join(self.labels)}." if self.labels else "")


class WorkOrder(BaseModel):
    """A strategy's decision: let `operator` work on `parents`. Plain JSON.

    Attributes:
        operator: The name of the operator.
        parents: Candidate ids.
        options: Options for the operator.
        cases: The number of train examples that the first parent is run on, so that there are failures to show.
        rows: Ids of the train examples to use instead of sampled ones. The operator sees cases of these only.
        within: If set, the ids of the train examples that may be used at all: cases are sampled among them, and
            `Request.train` holds no others.
        count: How many proposals to make.
        plan_step: The step of the plan that the order works on.
        stream: Separates the random draws of orders that are otherwise equal.
        slot: Which of a program's named prompts to work on. The operator sees parents with that prompt only, and its
            proposals are put back in place. Empty is the only prompt; of several, one is chosen. `ALL_PROMPTS` is all.
        allowance: The maximum number of model calls; None is the operator's own maximum.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    operator: str
    parents: tuple[str, ...]
    options: FrozenMapping[str, Any] = Field(default_factory=FrozenDict)
    cases: int = 0
    rows: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    count: int = 1
    plan_step: str = ""
    stream: int = 0
    slot: str = ""
    allowance: int | None = None


@dataclass(frozen=True, kw_only=True)
class Request:
    """An order with its evidence. Nothing in it comes from the held-out test.

    Attributes:
        order: What to do.
        task: What may be known of the task.
        parents: The candidates to work on.
        train: The train examples that may be used.
        failures: Train examples that the first parent got wrong.
        successes: Train examples that it got right.
        history: Earlier prompts with their scores, worst first.
        hints: What people wrote to the optimizer models during the run.
        rules: (condition, advice) pairs of people.
        answers: Label → (share of the first parent's answers, share of the references). Empty for open answers.
        places: The same for the halves of the input, `early` and `late`, if answers are copied from it
            (`core/stats/answer_classes.py`).
        scores: Candidate id → mean on val, for parents, ancestors and peers, where measured.
        ancestors: Of the first parent, oldest first.
        peers: The best measured candidates of the run, best first.
        examples: Id → every example that may be seen.
        outputs: What the first parent returned on train examples, scored or not, without the references.
        capable: Whether the optimizer models read many cases and write long texts; small ones get few and short.
        rng: The only source of randomness.
    """

    order: WorkOrder
    task: TaskBrief
    parents: tuple[Candidate, ...]
    train: tuple[Example, ...]
    failures: tuple[Case, ...] = ()
    successes: tuple[Case, ...] = ()
    history: tuple[ScoredPrompt, ...] = ()
    hints: tuple[str, ...] = ()
    rules: tuple[tuple[str, str], ...] = ()
    answers: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    places: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)
    ancestors: tuple[Candidate, ...] = ()
    peers: tuple[Candidate, ...] = ()
    examples: Mapping[str, Example] = field(default_factory=dict)
    outputs: tuple[Case, ...] = ()
    capable: bool = False
    rng: Random

    def __post_init__(self) -> None:
        for name in ("answers", "places", "scores", "examples"):
            object.__setattr__(self, name, frozen(getattr(self, name)))


class NewExample(BaseModel):
    """An example that an operator adds to train or val, or a label for one that is there.

    Attributes:
        split: The split to join.
        input: The input.
        output: The reference; empty if there is none.
        row: If set, the id of the existing example that gets this output and moves to `split`.
        by: Who made it, for the log and the report.
        confidence: In [0, 1], if the labelling tells.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    split: Split
    input: str | FrozenMapping[str, Any]
    output: str = ""
    row: str = ""
    by: str = "synthesizer"
    confidence: float | None = None


class Proposal(BaseModel):
    """A new program.

    Attributes:
        program: The program.
        rationale: Why it was made.
        parents: Candidate ids; None means the order's parents.
        refusal: Why the operator does not let it enter; empty where it may. A refused proposal becomes an event.
        text: What a model wrote for a refused proposal, where that is not in the program.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    program: Program
    rationale: str = ""
    parents: tuple[str, ...] | None = None
    refusal: str = ""
    text: str = ""


class DuelOutcome(BaseModel):
    """One decided duel.

    Attributes:
        first: Candidate id.
        second: Candidate id.
        example: Example id; empty if a person judged the prompts as a whole.
        margin: In [-1, 1], positive if the output of `first` was preferred.
        author: Who decided.
        number: The number of the duel.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    first: str
    second: str
    example: str
    margin: float = Field(ge=-1, le=1)
    author: str = "judge"
    number: int = 0


@dataclass(kw_only=True)
class Search:
    """The state that strategies and allocators decide from. A resumed run decides the same, since they read no other.

    Attributes:
        archive: All candidates with their evaluations.
        train: Ids of the train examples, in the task's order.
        val: Ids of the val examples, in the task's order.
        seed: The run's seed.
        round: The number of the round, from 1. Where a recipe begins its schedule again, it counts from there.
        rounds_before: How many rounds earlier passes took; `Candidate.round` counts them all.
        step: The number of the graph's step.
        remaining_runs: How many runs of the baseline program still fit into the budget (target calls, if a run takes
            one). Limits on tokens and cost are converted by the mean size of the calls so far.
        total_runs: How many fitted when the search began.
        target: Ids of unlabelled examples from where the prompt will be used.
        plan: The steps of the plan, if the recipe has a planner.
        remaining_optimizer_calls: How many optimizer calls still fit.
        operators: Operator name → prior weight, as the recipe says.
        examples: Id → example, without the held-out test.
        orders: The orders of this round.
        duels: Decided duels, oldest first, by a judge or a person.
        memory: The plugin's own state, plain JSON. It may write here only, in `remarks` and in `ending`.
        remarks: What the plugin puts into the log with its `tell`.
        ending: Why a strategy that returns no orders has nothing more to propose, for the report.
        capable: Whether the optimizer models read many cases and write long texts, as in `Request.capable`.
    """

    archive: Archive
    train: tuple[str, ...]
    val: tuple[str, ...]
    seed: int
    round: int
    step: int
    remaining_runs: int
    total_runs: int
    target: tuple[str, ...] = ()
    rounds_before: int = 0
    plan: tuple[str, ...] = ()
    remaining_optimizer_calls: int = 2**31
    operators: Mapping[str, float] = field(default_factory=dict)
    examples: Mapping[str, Example] = field(default_factory=dict)
    orders: Sequence[WorkOrder] = ()
    duels: Sequence[DuelOutcome] = ()
    memory: dict[str, Any] = field(default_factory=dict)
    remarks: dict[str, Any] = field(default_factory=dict)
    ending: str = ""
    capable: bool = False

    @property
    def run_round(self) -> int:
        """The round counted over all passes, as `Candidate.round` is."""
        return self.rounds_before + self.round

    def __post_init__(self) -> None:
        self.operators, self.examples = frozen(self.operators), frozen(self.examples)

    def rng(self, purpose: str) -> Random:
        """A random generator for one purpose at this step."""
        return seeded_random(self.seed, purpose, self.step)

    # Former names of fields, for existing plugins.
    @property
    def room(self) -> int:
        return self.remaining_runs

    @property
    def total(self) -> int:
        return self.total_runs

    @property
    def author_room(self) -> int:
        return self.remaining_optimizer_calls


@dataclass(frozen=True)
class Measurement:
    """One candidate to run on one example: a val example, or a train example if a method screens on those."""

    candidate: str
    example: str


@dataclass(frozen=True)
class Duel:
    """One comparison: the recipe's judge compares both candidates' outputs on an example.

    Attributes:
        first: Candidate id.
        second: Candidate id.
        example: Example id.
        number: Distinguishes repeated judgements of the same pair; each is a draw of its own.
    """

    first: str
    second: str
    example: str
    number: int = 0
