"""Models that are not there: deterministic stand-ins for tests of prompts, plugins and endpoints.

    from maieutic.testing import NoisyModel, ScriptedGateway, ScriptedModel, StubServer

`ScriptedModel` answers by a table or a function, `NoisyModel` by a hidden quality of the prompt that you set;
`ScriptedGateway` hands either to an operator or a target without any network; `StubServer` serves either over HTTP,
with latency, errors, rate limits and an exact count of what it saw.
"""

from .conformance import (
    AgentConformance,
    AllocatorConformance,
    AskingEvaluatorConformance,
    Conformance,
    EvaluatorConformance,
    ExecutorConformance,
    ExporterConformance,
    LoaderConformance,
    LossEvaluatorConformance,
    ObserverConformance,
    OperatorConformance,
    PairEvaluatorConformance,
    RecipeConformance,
    StrategyConformance,
    TargetConformance,
)
from .faults import Fault
from .gateway import ScriptedGateway
from .models import Answer, Model, NoisyModel, ScriptedModel
from .stub_server import StubServer

__all__ = [
    "AgentConformance",
    "AllocatorConformance",
    "Answer",
    "AskingEvaluatorConformance",
    "Conformance",
    "EvaluatorConformance",
    "ExecutorConformance",
    "ExporterConformance",
    "Fault",
    "LoaderConformance",
    "LossEvaluatorConformance",
    "Model",
    "NoisyModel",
    "ObserverConformance",
    "OperatorConformance",
    "PairEvaluatorConformance",
    "RecipeConformance",
    "ScriptedGateway",
    "ScriptedModel",
    "StrategyConformance",
    "StubServer",
    "TargetConformance",
]
