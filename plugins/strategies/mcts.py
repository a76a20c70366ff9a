"""Monte Carlo tree search over prompts (PromptAgent, arXiv 2310.16427)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from ...core.protocols import NEEDS_TRAIN, Decision
from ...core.search_types import Search, WorkOrder
from ..algorithms.search_tree import SearchTree, TreeLimits
from ..algorithms.selection import best_mean, human_candidates, sufficiently_measured

_LEAST_WIDTH = _LEAST_BATCH = 2
# A child costs its minibatch and a val sample; 60 runs per child leave several iterations.
_RUNS_PER_CHILD = 60


@dataclass(kw_only=True)
class MonteCarloTreeSearch:
    """Selects a path by upper confidence bounds and expands it to its end; rewards are then back-propagated.

    After each expansion the path continues with the best child. One expansion is one round. A path ends at `depth`, and
    below `free` levels also where a child is worse than half-way between root and parent, or better than all before it
    on any path. The winner is the best node of the path with the highest mean reward.

    Args:
        iterations: Paths at most.
        width: Children per expansion; fewer in a small budget.
        depth: Depth of the tree.
        free: Levels without early stopping.
        explore: Weight of exploration.
        batch: Train examples that each child is written from; fewer in a small budget.
    """

    name = "mcts"
    needs = NEEDS_TRAIN

    iterations: int = 10
    width: int = 3
    depth: int = 5
    free: int = 2
    explore: float = 2.5
    batch: int = 5

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        memory, tree = search.memory, self._search_tree(search)
        if not memory.get("path"):
            if memory.get("iteration", 0) >= self.iterations:
                return []
            memory["iteration"] = memory.get("iteration", 0) + 1
            memory["path"] = tree.select_path()
        if not memory["path"]:
            return []
        leaf, afforded = memory["path"][-1], search.total_runs // _RUNS_PER_CHILD
        width, size = min(self.width, max(_LEAST_WIDTH, afforded)), min(self.batch, max(_LEAST_BATCH, afforded))
        rng = search.rng("batches")
        labelled = [row for row in search.train if row not in search.examples or search.examples[row].outputs]
        orders = []
        for index in range(width):
            rows = tuple(rng.sample(labelled, min(size, len(labelled))))
            for name in search.operators:
                order = WorkOrder(operator=name, parents=(leaf,), cases=len(rows), rows=rows, stream=index)
                orders.append(order)
        return orders

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        tree, root = self._search_tree(search), search.archive.baseline.id
        entering = list(dict.fromkeys([*human_candidates(search), *new]))
        for name in entering:
            tree.add(search.archive[name])
        return entering if search.archive.scores.count(root, search.val) else [root, *entering]

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        memory, tree = search.memory, self._search_tree(search)
        path: list[str] = memory.get("path", [])
        if path:
            record = max(memory.get("record", 0.0), tree.reward(path[-1]))
            below = tree.children(path[-1])
            best = max(below, key=tree.reward, default="")
            if best:
                path.append(best)
            else:
                tree.nodes[path[-1]]["empty"] += 1
            deep = tree.nodes[path[-1]]["depth"] > self.free
            if not best or tree.is_terminal(best) or (deep and tree.reward(best) > record):
                tree.back_propagate(path)
                memory["paths"] = [*memory.get("paths", []), path]
                path = []
            memory |= {"path": path, "record": max(record, tree.reward(best) if best else 0.0)}
        measured = [name for name in pool if name in tree.nodes and search.archive.scores.count(name, search.val)]
        return {name: "drop" if self._is_hopeless(tree, name) else "keep" for name in measured}

    def final(self, search: Search) -> str:
        """The best node of the best path.

        A person's prompt is a path of its own, so that it can win without a visit. Dropped nodes cannot win but count
        in the mean of their path: one that ended in a crash is worth less.
        """
        tree, archive = self._search_tree(search), search.archive
        fit = {candidate.id for candidate in sufficiently_measured(search)}
        dropped = {
            candidate.id
            for candidate in sufficiently_measured(search, [*archive.alive, *archive.with_status("dropped")])
        } - fit
        mine = [[tree.root, candidate.id] for candidate in archive.alive if candidate.operator == "person"]
        walked: list[list[str]] = [*search.memory.get("paths", []), search.memory.get("path", []), *mine]
        paths = [[name for name in path if name in fit | dropped] for path in walked if fit.intersection(path)]
        if not paths:
            return best_mean(search)
        best = max(paths, key=lambda path: fmean(map(tree.reward, path)))
        return max((name for name in best if name in fit), key=tree.reward)

    def _is_hopeless(self, tree: SearchTree, name: str) -> bool:
        """Whether its path ends at it, and it is worse than the root."""
        return tree.is_terminal(name) and tree.reward(name) < tree.reward(tree.root)

    def _search_tree(self, search: Search) -> SearchTree:
        return SearchTree(search, TreeLimits(deepest=self.depth, free=self.free, explore=self.explore))
