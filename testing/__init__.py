"""Simulated models, a stub server and conformance kits, for tests of prompts, plugins and endpoints.

    from maieutic.testing import NoisyModel, ScriptedGateway, ScriptedModel, StubServer

`ScriptedModel` answers by a table or a function, `NoisyModel` by a quality of the prompt that you define.
`RuleWritingAuthor` finds rules in the cases that a question shows and writes them in one of eight styles;
`RuleFollowingTarget` does what rules in a prompt say, on the task families `FAMILIES`.
`ScriptedGateway` gives any of them to an operator or a target without any network. `StubServer` serves them over HTTP,
with latency, errors, rate limits and an exact count of requests. `maieutic.testing.run_harness` plays whole runs
against two such servers.
"""

from .conformance import (
    AgentConformance,
    AllocatorConformance,
    AskingEvaluatorConformance,
    Conformance,
    EvaluatorConformance,
    ExamplePerturberConformance,
    ExecutorConformance,
    ExporterConformance,
    LoaderConformance,
    LossEvaluatorConformance,
    MeasureConformance,
    ObserverConformance,
    OperatorConformance,
    PairEvaluatorConformance,
    PromptPerturberConformance,
    RecipeConformance,
    StrategyConformance,
    TargetConformance,
)
from .faults import Fault, Refusal
from .gateway import ScriptedGateway
from .measure_bench import SimulatedBench
from .models import Answer, LimitedModel, Model, NoisyModel, ScriptedModel
from .simulation import AUTHORS, FAMILIES, RuleFollowingTarget, RuleWritingAuthor, TaskFamily
from .stub_server import StubServer

__all__ = [
    "AUTHORS",
    "FAMILIES",
    "AgentConformance",
    "AllocatorConformance",
    "Answer",
    "AskingEvaluatorConformance",
    "Conformance",
    "EvaluatorConformance",
    "ExamplePerturberConformance",
    "ExecutorConformance",
    "ExporterConformance",
    "Fault",
    "LimitedModel",
    "LoaderConformance",
    "LossEvaluatorConformance",
    "MeasureConformance",
    "Model",
    "NoisyModel",
    "ObserverConformance",
    "OperatorConformance",
    "PairEvaluatorConformance",
    "PromptPerturberConformance",
    "RecipeConformance",
    "Refusal",
    "RuleFollowingTarget",
    "RuleWritingAuthor",
    "ScriptedGateway",
    "ScriptedModel",
    "SimulatedBench",
    "StrategyConformance",
    "StubServer",
    "TargetConformance",
    "TaskFamily",
]
