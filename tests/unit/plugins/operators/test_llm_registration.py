"""The operators that let agents write stand in the registry, and declare there what they declare themselves."""

import pytest
from maieutic.plugins.system.registry import Registry


@pytest.mark.parametrize("name", ["gradient", "scored-history", "induce", "paraphrase", "rewrite", "socratic"])
def test_the_registry_makes_it(name: str) -> None:
    registry = Registry.load([])
    operator = registry.create("operator", name)
    assert operator.name == name
    assert operator.calls > 0
    assert registry.describe("operator", name).needs == operator.needs
    assert registry.describe("operator", name).summary


def test_options_change_what_an_order_may_cost() -> None:
    registry = Registry.load([])
    small = registry.create("operator", "gradient", gradients=1, paraphrases=0)
    assert small.calls == 2 * (1 + 1)
