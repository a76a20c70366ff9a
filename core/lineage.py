"""Who came from whom: the candidates of a run as a directed acyclic graph (networkx, nowhere else)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import networkx as nx

from .candidate import Candidate


class Lineage:
    """Edges go from parent to child and carry the operator. Unknown parents are ignored."""

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        self.graph: nx.DiGraph[str] = nx.DiGraph()
        rows = list(candidates)
        for one in rows:
            self.graph.add_node(one.id, operator=one.operator, status=one.status)
        for one in rows:
            self.graph.add_edges_from((p, one.id, {"operator": one.operator}) for p in one.parents if p in self.graph)

    def ancestors(self, candidate: str) -> list[str]:
        """Oldest first, without the candidate itself."""
        kept = nx.ancestors(self.graph, candidate)
        return [node for node in nx.topological_sort(self.graph) if node in kept]

    def descendants(self, candidate: str) -> set[str]:
        return set(nx.descendants(self.graph, candidate))

    def path_to(self, candidate: str) -> list[str]:
        """The line of first parents from the start prompt to a candidate, both included."""
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
