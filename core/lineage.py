"""The ancestry of a run's candidates as a directed acyclic graph. The only module that imports networkx."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import networkx as nx

from .candidate import Candidate, descendants


class Lineage:
    """Edges lead from parent to child and carry the operator. Unknown parents are ignored."""

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        self.graph: nx.DiGraph[str] = nx.DiGraph()
        nodes = list(candidates)
        for candidate in nodes:
            self.graph.add_node(candidate.id, operator=candidate.operator, status=candidate.status)
        for candidate in nodes:
            self.graph.add_edges_from(
                (parent, candidate.id, {"operator": candidate.operator})
                for parent in candidate.parents
                if parent in self.graph
            )

    def ancestors(self, candidate: str) -> list[str]:
        """Oldest first, without the candidate itself."""
        ancestors = nx.ancestors(self.graph, candidate)
        return [node for node in nx.topological_sort(self.graph) if node in ancestors]

    def descendants(self, candidate: str) -> set[str]:
        return set(descendants({node: self.graph.predecessors(node) for node in self.graph}, candidate))

    def path_to(self, candidate: str) -> list[str]:
        """The line of first parents from the baseline to a candidate, both included."""
        path = [candidate]
        while parents := list(self.graph.predecessors(path[-1])):
            path.append(parents[0])
        return path[::-1]

    def mermaid(self, labels: Mapping[str, str] | None = None) -> str:
        lines = ["flowchart TD"]
        for node in self.graph:
            lines.append(f'  {_slug(node)}["{_label(node, labels)}"]')
        for parent, child, data in self.graph.edges(data=True):
            lines.append(f"  {_slug(parent)} -->|{data['operator']}| {_slug(child)}")
        return "\n".join(lines)

    def dot(self, labels: Mapping[str, str] | None = None) -> str:
        lines = ["digraph lineage {", "  node [shape=box];"]
        lines += [f'  "{node}" [label="{_label(node, labels)}"];' for node in self.graph]
        lines += [f'  "{a}" -> "{b}" [label="{data["operator"]}"];' for a, b, data in self.graph.edges(data=True)]
        return "\n".join([*lines, "}"])

    def graphml(self) -> str:
        return "\n".join(nx.generate_graphml(self.graph))


def _slug(node: str) -> str:
    return node.replace("-", "_")


def _label(node: str, labels: Mapping[str, str] | None) -> str:
    return (labels or {}).get(node, node).replace('"', "'")
