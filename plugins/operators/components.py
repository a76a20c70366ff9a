"""Instructions built from a corpus of components (after SPRIG, arXiv 2410.14826)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from types import MappingProxyType

from ...core.errors import UsageError
from ...core.protocols import Need, Team
from ...core.search_types import Proposal, Request

_FILE = "components.v2.toml"


@cache
def component_corpus() -> Mapping[str, tuple[str, ...]]:
    """Category → components; each is one line."""
    text = (resources.files(__package__) / _FILE).read_text(encoding="utf-8")
    return MappingProxyType({category: tuple(lines) for category, lines in tomllib.loads(text).items()})


def components_of(categories: Sequence[str]) -> tuple[str, ...]:
    """Those of the categories, of all where none is named. Raises UsageError for a category that there is not."""
    if strange := [one for one in categories if one not in component_corpus()]:
        raise UsageError(f"there is no category of components {strange[0]!r}", possible=tuple(component_corpus()))
    return tuple(one for category in categories or component_corpus() for one in component_corpus()[category])


@dataclass(kw_only=True)
class ComponentMutation:
    """Add a component to the instruction, drop one that is there, or exchange it.

    most: how many may stand at once. categories: of the corpus, to draw from; all where none is named.
    """

    name: str = field(default="components", init=False)
    needs: frozenset[Need] = field(default=frozenset(), init=False)
    calls: int = field(default=0, init=False)
    most: int = 2
    categories: Sequence[str] = ("advice",)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        parent, rng, made = request.parents[0], request.rng, []
        prompt = parent.program.main
        known = components_of(self.categories)
        there = [one for one in prompt.principles if one in known]
        absent = [one for one in known if one not in there]
        for _ in range(request.order.count):
            kept = list(prompt.principles)
            if there and (len(there) >= self.most or rng.random() < 0.4):
                kept.remove(rng.choice(there))
            added = rng.choice(absent) if not there or rng.random() < 0.6 else ""
            principles = tuple([*kept, added] if added else kept)
            if principles != prompt.principles:
                changed = prompt.with_(principles=principles)
                said = f"added: {added}" if added else "a component dropped"
                made.append(Proposal(program=parent.program.replace(changed), rationale=said))
        return made
