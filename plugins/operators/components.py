"""Instructions built from a corpus of components (after SPRIG, arXiv 2410.14826)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

from ...core.errors import UsageError
from ...core.protocols import NEEDS_NOTHING, Team
from ...core.search_types import Proposal, Request

_FILE = "components.v2.toml"
# Adding is a little more likely than dropping, so that prompts without components get some.
_DROP_PROBABILITY, _ADD_PROBABILITY = 0.4, 0.6


@cache
def component_corpus() -> Mapping[str, tuple[str, ...]]:
    """Category → components, one line each."""
    text = (resources.files(__package__) / _FILE).read_text(encoding="utf-8")
    return MappingProxyType({category: tuple(lines) for category, lines in tomllib.loads(text).items()})


def components_of(categories: Sequence[str]) -> tuple[str, ...]:
    """Components of the categories, of all if empty. Raises UsageError for an unknown category."""
    if strange := [category for category in categories if category not in component_corpus()]:
        raise UsageError(f"unknown category of components {strange[0]!r}", possible=tuple(component_corpus()))
    return tuple(
        component for category in categories or component_corpus() for component in component_corpus()[category]
    )


@dataclass(kw_only=True)
class ComponentMutation:
    """Adds a component to the instruction, drops one, or replaces one.

    Args:
        most: Components at once.
        categories: Categories of the corpus to draw from; all if empty.
    """

    name = "components"
    needs = NEEDS_NOTHING
    calls = 0

    most: int = 2
    categories: Sequence[str] = ("advice",)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        parent, rng, proposals = request.parents[0], request.rng, []
        prompt = parent.program.main
        corpus = components_of(self.categories)
        there = [component for component in prompt.principles if component in corpus]
        absent = [component for component in corpus if component not in there]
        for _ in range(request.order.count):
            principles_left = list(prompt.principles)
            if there and (len(there) >= self.most or rng.random() < _DROP_PROBABILITY):
                principles_left.remove(rng.choice(there))
            added = rng.choice(absent) if not there or rng.random() < _ADD_PROBABILITY else ""
            principles = tuple([*principles_left, added] if added else principles_left)
            if principles != prompt.principles:
                changed = prompt.with_(principles=principles)
                rationale = f"added: {added}" if added else "dropped a component"
                proposals.append(Proposal(program=parent.program.replace(changed), rationale=rationale))
        return proposals
