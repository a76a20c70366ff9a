"""Encouraging snippets in the system prompt, as a grid (Eccentric Automatic Prompts, arXiv 2402.10949)."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from ...core.protocols import Need, Team
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import sample_items, with_system_prefix

_FILE = "snippets.v1.toml"


@cache
def snippet_grid() -> tuple[str, ...]:
    """All combinations of one piece per list, without the empty one."""
    lists = tomllib.loads((resources.files(__package__) / _FILE).read_text(encoding="utf-8")).values()
    return tuple(" ".join(part for part in parts if part) for parts in itertools.product(*lists) if any(parts))


@dataclass(kw_only=True)
class SystemSnippets:
    """Random combinations, as many as the order counts, in front of the user's own system prompt."""

    name: str = field(default="snippets", init=False)
    needs: frozenset[Need] = field(default=frozenset(), init=False)
    calls: int = field(default=0, init=False)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        sampled = sample_items(snippet_grid(), request.order.count, request.rng)
        return [with_system_prefix(request, snippet, snippet) for snippet in sampled]
