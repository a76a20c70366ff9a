"""What a plugin declares beside its contract is declared by the proxy's class too."""

from __future__ import annotations

import inspect

import pytest
from maieutic.core.evaluator_protocols import UsesOwnModels
from maieutic.core.models import ModelRef
from maieutic.core.protocols import RequiresOperators
from maieutic.plugins.evaluators.reference_match import ExactMatch
from maieutic.plugins.strategies.greedy import GreedySearch
from maieutic.plugins.system.discovery import Plugin
from maieutic.plugins.system.sandbox import PluginThread, proxy_for

PLUGIN = Plugin(name="p", module="p", distribution="d", version="1", state="loaded")


class Needing(GreedySearch):
    requires = frozenset({"merge"})


class Bringing(ExactMatch):
    models = (ModelRef.parse("local/smollm2"),)


@pytest.mark.parametrize("declares", [True, False])
def test_a_strategys_operators_and_an_evaluators_models_are_seen_through_the_guard(declares: bool) -> None:
    strategy = proxy_for("strategy", "s", Needing() if declares else GreedySearch(), PLUGIN, PluginThread("r", 5))
    evaluator = proxy_for("evaluator", "e", Bringing() if declares else ExactMatch(), PLUGIN, PluginThread("r", 5))
    for guard, protocol, name in ((strategy, RequiresOperators, "requires"), (evaluator, UsesOwnModels, "models")):
        assert isinstance(guard, protocol) is declares
        assert (inspect.getattr_static(type(guard), name, None) is not None) is declares
    if declares:
        assert strategy.requires == {"merge"}
        assert evaluator.models == Bringing.models
