"""The standings that docs/results.md prints: mean ranks and the table."""

from maieutic.benchmarks.recipe_ranks import mean_ranks, table


def test_ties_share_their_places():
    assert mean_ranks({"words": {"auto": 0.5, "ape": 0.0, "opro": 0.0}}) == {"auto": 1.0, "ape": 2.5, "opro": 2.5}


def test_recipes_that_missed_a_task_take_no_place():
    scores = {"one": {"auto": 0.5, "mars": 0.9, "ape": 0.7}, "two": {"auto": 0.5, "ape": 0.2}}
    assert mean_ranks(scores) == {"ape": 1.5, "auto": 1.5}


def test_a_table_has_the_mean_over_seeds_best_first():
    endings = ("the budget is spent", "the recipe's rounds are done")

    def row(recipe: str, seed: int, test: float) -> dict[str, object]:
        rest = dict.fromkeys(("val_rows", "read", "asks", "target_calls", "author_calls", "author_tokens", "tokens"), 4)
        span = {"start": 0.0, "val": None, "low": test - 0.1, "high": test + 0.1, "seconds": 2.0}
        which = {"task": "words", "budget": 40, "recipe": recipe, "seed": seed, "ending": endings[seed]}
        return {**which, "test": test, **rest, **span}

    lines = table([row("ape", 0, 0.3), row("auto", 1, 0.6), row("auto", 0, 0.4)]).splitlines()

    assert lines[4].startswith("| auto | – | **0.50** (0.40 0.60) [+0.30, +0.50]; [+0.50, +0.70] | 4 | 4 (8/8) |")
    assert lines[4].endswith(" | 4 | 4 | 2 | calls, itself |")
    assert lines[5].startswith("| ape | – | **0.30** [+0.20, +0.40] |")
    assert lines[-1] == "Mean rank at 40 calls over 1 tasks: auto 1; ape 2."
