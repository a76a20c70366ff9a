"""Everything that a plugin imports from Maieutic, in one module.

A plugin is a module with hooks. Each hook registers names of one kind; an entry point of the group `maieutic` makes an
installed module a plugin, and a task can name a single file with `plugins = ["./my_plugin.py"]`.

    from maieutic.plugin import Example, Output, Score, hookimpl

    api = 1

    class Politeness:
        "The share of polite words."

        name = "politeness"
        needs = frozenset()

        async def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:
            ...

    @hookimpl
    def maieutic_evaluators(register):
        register("politeness", Politeness)

`register` takes the summary from the class's docstring and the needs from its attribute `needs` (see `Register`). The
options of a task or recipe arrive as keyword arguments of the class.

The kinds, with the protocol that each implements and the hook that registers it:

| kind | protocol | hook |
|---|---|---|
| evaluator | `Evaluator`, `AskingEvaluator`, `PairEvaluator` or `LossEvaluator` | `maieutic_evaluators` |
| operator | `Operator`: makes candidates from a `Request` | `maieutic_operators` |
| strategy | `Strategy`: decides from a `Search` what is tried and kept | `maieutic_strategies` |
| allocator | `Allocator`: decides which examples are measured next | `maieutic_allocators` |
| target | `Target`: runs a program on an input through the `Gateway` | `maieutic_targets` |
| loader | `Loader`: reads `SourceRow`s from a source | `maieutic_loaders` |
| exporter | `Exporter`: writes a program in another tool's format | `maieutic_exporters` |
| recipe | a `Recipe`, or its TOML text | `maieutic_recipes` |
| executor | `Executor`: measures somewhere else | `maieutic_executors` |
| agent | `Agent`: answers for a role of the team | `maieutic_agents` |
| observer | `Observer`: receives the events of a run | `maieutic_observers` |
| measure | `Measure`: figures of a program on examples, through a `MeasureBench` | `maieutic_measures` |
| perturber | `PromptPerturber` or `ExamplePerturber`: variants that keep the intent | `maieutic_perturbers` |

What plugins receive is described where it is defined: `help(maieutic.plugin.Search)` lists the fields of a search, and
so for `Request`, `Output`, `ScoreMatrix`, `Call` and every other name below. Treat all of it as read-only, but for
`Search.memory` and `Search.remarks`. `maieutic.testing` has a conformance kit for each kind.
"""

from __future__ import annotations

from .agents.asks.replies import (
    CasesReply,
    ChoiceReply,
    ItemsReply,
    JudgementReply,
    PathReply,
    PromptReply,
    QuestionsReply,
    RatingReply,
    ReasonsReply,
    TextReply,
    VerdictsReply,
)
from .core.answer import AnswerContract
from .core.asks import CALLS_PER_ASK, AgentReply, Ask, Case, ScoredPrompt
from .core.candidate import Archive, Candidate
from .core.dataset import Example
from .core.errors import BudgetSpent, MaieuticError, ModelError, NeedsError, PluginError, TaskError, UsageError
from .core.evaluator_protocols import (
    AskingEvaluator,
    Evaluator,
    EvaluatorContext,
    LossEvaluator,
    PairEvaluator,
    UsesOwnModels,
)
from .core.events import Event
from .core.executor import Executor, MeasureJob, MeasureResult, MeasureSpec
from .core.measures import (
    DeclaredCalls,
    ExamplePerturber,
    ExampleVariant,
    Figure,
    Measure,
    MeasureBench,
    MeasureSubject,
    PromptPerturber,
    PromptVariant,
    Reading,
)
from .core.messages import Message, ToolCall, ToolDefinition
from .core.models import Call, ModelRef, Output, Reply, Sampling
from .core.observer import Observer, RunClosed
from .core.program import Program
from .core.prompt import Branch, Demo, Format, Prompt, Section
from .core.protocols import (
    NEEDS_JUDGE,
    NEEDS_LABELLED_TRAIN,
    NEEDS_NOTHING,
    NEEDS_REFERENCES,
    NEEDS_TRAIN,
    Agent,
    Allocator,
    Decision,
    Exporter,
    Gateway,
    Need,
    Operator,
    RequiresOperators,
    RestrictsOperators,
    Strategy,
    Target,
    Team,
)
from .core.recipe import PluginRef, Recipe
from .core.report import Report
from .core.score import Evaluation, Preference, Score, ScoreMatrix
from .core.search_types import (
    ALL_PROMPTS,
    Duel,
    DuelOutcome,
    Measurement,
    NewExample,
    Proposal,
    Request,
    Search,
    TaskBrief,
    WorkOrder,
)
from .core.stats.intervals import Interval, mean_interval, paired_difference
from .plugins.loaders.files import Loader
from .plugins.system.hookspecs import Kind, Register, hookimpl
from .plugins.targets.worlds.episode import Episode, Move, World
from .runtime.tasks.rows import SourceRow

__all__ = [
    "ALL_PROMPTS",
    "CALLS_PER_ASK",
    "NEEDS_JUDGE",
    "NEEDS_LABELLED_TRAIN",
    "NEEDS_NOTHING",
    "NEEDS_REFERENCES",
    "NEEDS_TRAIN",
    "Agent",
    "AgentReply",
    "Allocator",
    "AnswerContract",
    "Archive",
    "Ask",
    "AskingEvaluator",
    "Branch",
    "BudgetSpent",
    "Call",
    "Candidate",
    "Case",
    "CasesReply",
    "ChoiceReply",
    "Decision",
    "DeclaredCalls",
    "Demo",
    "Duel",
    "DuelOutcome",
    "Episode",
    "Evaluation",
    "Evaluator",
    "EvaluatorContext",
    "Event",
    "Example",
    "ExamplePerturber",
    "ExampleVariant",
    "Executor",
    "Exporter",
    "Figure",
    "Format",
    "Gateway",
    "Interval",
    "ItemsReply",
    "JudgementReply",
    "Kind",
    "Loader",
    "LossEvaluator",
    "MaieuticError",
    "Measure",
    "MeasureBench",
    "MeasureJob",
    "MeasureResult",
    "MeasureSpec",
    "MeasureSubject",
    "Measurement",
    "Message",
    "ModelError",
    "ModelRef",
    "Move",
    "Need",
    "NeedsError",
    "NewExample",
    "Observer",
    "Operator",
    "Output",
    "PairEvaluator",
    "PathReply",
    "PluginError",
    "PluginRef",
    "Preference",
    "Program",
    "Prompt",
    "PromptPerturber",
    "PromptReply",
    "PromptVariant",
    "Proposal",
    "QuestionsReply",
    "RatingReply",
    "Reading",
    "ReasonsReply",
    "Recipe",
    "Register",
    "Reply",
    "Report",
    "Request",
    "RequiresOperators",
    "RestrictsOperators",
    "RunClosed",
    "Sampling",
    "Score",
    "ScoreMatrix",
    "ScoredPrompt",
    "Search",
    "Section",
    "SourceRow",
    "Strategy",
    "Target",
    "TaskBrief",
    "TaskError",
    "Team",
    "TextReply",
    "ToolCall",
    "ToolDefinition",
    "UsageError",
    "UsesOwnModels",
    "VerdictsReply",
    "WorkOrder",
    "World",
    "hookimpl",
    "mean_interval",
    "paired_difference",
]
