"""What one decision of a search costs as the run grows: allocator and strategy of each recipe, on growing archives.

    python benchmarks/decisions.py [--recipes auto,gepa] [--most 100000] [--repeat 3]

Each archive has one candidate for ten evaluations, on 100 val examples. Before every decision one more evaluation comes
in, as in a run. The last column is the cost at the largest size beside that at the smallest, in the same process.
"""

from __future__ import annotations

import argparse
import time

from maieutic.core.candidate import Archive, Candidate
from maieutic.core.dataset import Example
from maieutic.core.identity import seeded_random
from maieutic.core.program import Program
from maieutic.core.score import Evaluation
from maieutic.core.search_types import Search
from maieutic.graphs.recipe_loader import load_recipe
from maieutic.plugins.system.registry import Registry

VAL_ROWS, ROWS_EACH = 100, 10
RECIPES = "auto,protegi,opro,ape,evoprompt,gepa,promptwizard,mipro"


def example(number: int) -> Example:
    return Example(id=f"v{number}", input=f"review {number}", outputs=(("red", "blue")[number % 2],))


def evaluation(candidate: str, row: str, score: float) -> Evaluation:
    return Evaluation(candidate=candidate, example=row, split="val", output="red", answer="red", score=score)


def archive_of(evaluations: int) -> tuple[Archive, dict[str, Example]]:
    rng, archive = seeded_random(0, "decisions", evaluations), Archive()
    examples = {example(number).id: example(number) for number in range(VAL_ROWS)}
    archive.scores.track(tuple(examples))
    for number in range(evaluations // ROWS_EACH):
        program = Program.of(f"Say the colour of the flower, in the way of painter {number}.")
        parents = (f"c{number // 2}",) if number else ()
        operator = "start" if not number else "rewrite"
        archive.add(
            Candidate(id=f"c{number}", program=program, parents=parents, operator=operator, status="kept", round=1)
        )
        for row in rng.sample(list(examples), ROWS_EACH):
            archive.scores.add(evaluation(f"c{number}", row, float(rng.random() < 0.5)))
    return archive, examples


def decision_seconds(recipe_name: str, registry: Registry, evaluations: int, repeat: int) -> float:
    """The shortest of some decisions: allocator's and strategy's, after one more evaluation."""
    recipe = load_recipe(recipe_name, registry)
    archive, examples = archive_of(evaluations)
    names, shortest = list(archive.candidates), float("inf")
    for turn in range(repeat):
        strategy = registry.create("strategy", recipe.strategy.use, **recipe.strategy.options)
        allocator = registry.create("allocator", recipe.allocator.use, **recipe.allocator.options)
        search = Search(
            archive=archive.read_only,
            train=tuple(examples)[:20],
            val=tuple(examples),
            seed=0,
            round=3,
            step=20 + turn,
            remaining_runs=400,
            total_runs=1000,
            operators={use.use: use.weight for use in recipe.operators},
            examples=examples,
        )
        archive.scores.add(evaluation(names[-1 - turn], "v0", 1.0))
        pool = names[-8:]
        began = time.perf_counter()
        allocator.ask(search, pool)
        strategy.tell(search, pool, allocator.tell(search, pool))
        strategy.final(search)
        strategy.ask(search)
        shortest = min(shortest, time.perf_counter() - began)
    return shortest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", default=RECIPES)
    parser.add_argument("--most", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    registry = Registry.load(())
    sizes = [size for size in (1_000, 10_000, 100_000) if size <= options.most]
    print("ms a decision".ljust(16) + "".join(f"{size:>12,}" for size in sizes) + f"{'ratio':>10}", flush=True)
    for name in options.recipes.split(","):
        costs = [1000 * decision_seconds(name, registry, size, options.repeat) for size in sizes]
        print(
            f"{name:<16}" + "".join(f"{cost:>12.1f}" for cost in costs) + f"{costs[-1] / costs[0]:>10.1f}", flush=True
        )


if __name__ == "__main__":
    main()
