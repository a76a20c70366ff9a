"""The conformance kit: one class per contract. Make a subclass, override `make`, and run pytest.

    from maieutic.testing import EvaluatorConformance
    from my_plugin import Politeness

    class TestPoliteness(EvaluatorConformance):
        def make(self):
            return Politeness()

The kit's tests are the contract; a subclass that overrides one is refused. It may override `make` and
the samples that its docstring names. No test of the kit needs a network, a key or a plugin of pytest.
"""

from .base import Conformance
from .evaluators import EvaluatorConformance, LossEvaluatorConformance, PairEvaluatorConformance
from .file_formats import ExporterConformance, LoaderConformance, RecipeConformance
from .llm_evaluators import AskingEvaluatorConformance
from .measures import ExamplePerturberConformance, MeasureConformance, PromptPerturberConformance
from .observers import ObserverConformance
from .operators import AgentConformance, OperatorConformance
from .search import AllocatorConformance, StrategyConformance
from .targets import ExecutorConformance, TargetConformance

__all__ = [
    "AgentConformance",
    "AllocatorConformance",
    "AskingEvaluatorConformance",
    "Conformance",
    "EvaluatorConformance",
    "ExamplePerturberConformance",
    "ExecutorConformance",
    "ExporterConformance",
    "LoaderConformance",
    "LossEvaluatorConformance",
    "MeasureConformance",
    "ObserverConformance",
    "OperatorConformance",
    "PairEvaluatorConformance",
    "PromptPerturberConformance",
    "RecipeConformance",
    "StrategyConformance",
    "TargetConformance",
]
