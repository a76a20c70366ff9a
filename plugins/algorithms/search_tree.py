"""A tree of prompts for Monte Carlo search: rewards, visits, upper confidence bounds, back-propagation.

Its state is plain JSON in the strategy's memory; rewards are read from the archive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, sqrt
from typing import Any

from ...core.candidate import Candidate
from ...core.search_types import Search
from .selection import EXCLUDED

# A node whose author proposed nothing three times has nothing left to try.
_MAX_EMPTY_EXPANSIONS = 3


@dataclass(frozen=True, kw_only=True)
class TreeLimits:
    """deepest: maximal depth. free: levels without early stopping. explore: weight of exploration."""

    deepest: int
    free: int
    explore: float


@dataclass(frozen=True)
class SearchTree:
    search: Search
    limits: TreeLimits

    @property
    def root(self) -> str:
        return self.search.archive.baseline.id

    @property
    def nodes(self) -> dict[str, dict[str, Any]]:
        """Node → parent, depth, children, visits, sum and number of future rewards, empty expansions."""
        nodes: dict[str, dict[str, Any]] = self.search.memory.setdefault("nodes", {})
        if self.root not in nodes:
            nodes[self.root] = _new_node("", 0)
        return nodes

    def add(self, candidate: Candidate) -> None:
        """Below its first parent; below the root if that is no node."""
        nodes = self.nodes
        parent = candidate.parents[0] if candidate.parents and candidate.parents[0] in nodes else self.root
        if candidate.id not in nodes:
            nodes[candidate.id] = _new_node(parent, nodes[parent]["depth"] + 1)
            nodes[parent]["children"].append(candidate.id)

    def reward(self, name: str) -> float:
        return self.search.archive.scores.mean(name, self.search.val) or 0.0

    def children(self, name: str) -> list[str]:
        """Children that were measured and not vetoed."""
        archive = self.search.archive
        return [
            child
            for child in self.nodes[name]["children"]
            if archive[child].status not in EXCLUDED and archive.scores.count(child, self.search.val)
        ]

    def is_terminal(self, name: str) -> bool:
        """Whether a path ends here: too deep, no children proposed, or worse than half-way from root to parent."""
        node = self.nodes[name]
        if node["depth"] >= self.limits.deepest or node["empty"] >= _MAX_EMPTY_EXPANSIONS:
            return True
        halfway = (self.reward(self.root) + self.reward(node["parent"] or name)) / 2
        return bool(node["depth"] > self.limits.free) and self.reward(name) < halfway

    def is_expandable(self, name: str) -> bool:
        """Whether anything is left to expand at or below a node."""
        if self.is_terminal(name):
            return False
        below = self.children(name)
        return not below or any(self.is_expandable(child) for child in below)

    def select_path(self) -> list[str]:
        """From the root by upper confidence bounds to a leaf; empty if none is left."""
        if not self.is_expandable(self.root):
            return []
        path = [self.root]
        while below := [child for child in self.children(path[-1]) if self.is_expandable(child)]:
            path.append(max(below, key=lambda child: self.upper_bound(child, below)))
        return path

    def upper_bound(self, name: str, among: Sequence[str]) -> float:
        """The mean sum of future rewards plus the exploration bonus.

        A child without visits counts its own reward for as many steps as paths through its siblings had: one reward
        against sums would hardly ever start a second branch.
        """
        nodes = self.nodes
        node, above = nodes[name], nodes[nodes[name]["parent"]]
        if node["visits"]:
            value = node["total"] / node["visits"]
        else:
            visits = sum(nodes[sibling]["visits"] for sibling in among)
            steps = sum(nodes[sibling]["steps"] for sibling in among) / visits if visits else 1.0
            value = self.reward(name) * steps
        return float(value + self.limits.explore * sqrt(log(above["visits"] + 1) / max(1, node["visits"])))

    def back_propagate(self, path: Sequence[str]) -> None:
        """Every node of the path gets the sum of the rewards from it to the end."""
        future, steps = 0.0, 0
        for name in reversed(path):
            future, steps = future + self.reward(name), steps + 1
            node = self.nodes[name]
            node["visits"] += 1
            node["total"] += future
            node["steps"] += steps


def _new_node(parent: str, depth: int) -> dict[str, Any]:
    return {"parent": parent, "depth": depth, "children": [], "visits": 0, "total": 0.0, "steps": 0, "empty": 0}
