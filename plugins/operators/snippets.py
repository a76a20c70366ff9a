"""Encouraging snippets in the system prompt, as a grid (Eccentric Automatic Prompts, arXiv 2402.10949)."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib import resources

from ...core.protocols import NEEDS_NOTHING, Team
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import sample_items, with_system_prefix

_FILE = "snippets.v1.toml"


@cache
def snippet_grid() -> tuple[str, ...]:
    """All combinations of one piece per list, without the empty one."""
    lists = tomllib.loads((resources.files(__package__) / _FILE).read_text(encoding="utf-8")).values()
    return tuple(" ".join(part for part in parts if part) for parts in itertools.product(*lists) if any(parts))


class SystemSnippets:
    """Random combinations, as many as the order counts, in front of the user's own system prompt."""

    name = "snippets"
    needs = NEEDS_NOTHING
    calls = 0

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        sampled = sample_items(snippet_grid(), request.order.count, request.rng)
        return [with_system_prefix(request, snippet, snippet) for snippet in sampled]
