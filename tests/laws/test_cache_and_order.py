"""L1 what was paid for is never paid again; L6 the same run is the same archive."""

from __future__ import annotations

from typing import Any


async def test_L1_a_second_run_pays_for_nothing_and_ends_the_same(lab: Any, ended: Any, any_recipe: str) -> None:
    folder = lab.folder()
    await lab.run(any_recipe, folder=folder)
    paid = lab.asked
    assert paid > 20
    second = await lab.run(any_recipe, folder=folder, run="again")
    assert lab.asked == paid
    assert ended(folder, "again") == ended(folder)
    assert second.report is not None
    assert second.report.cached == paid
    await lab.resume(folder)
    assert lab.asked == paid


async def test_L6_concurrency_and_latency_change_nothing(lab: Any, ended: Any, any_recipe: str) -> None:
    first = lab.folder()
    await lab.run(any_recipe, folder=first, concurrency=1)
    alone = ended(first)
    for concurrency, jitter in ((4, 0.0), (16, 0.02)):
        folder = lab.folder()
        lab.target.jitter = lab.author.jitter = jitter
        await lab.run(any_recipe, folder=folder, concurrency=concurrency)
        assert ended(folder) == alone


async def test_L6_another_seed_is_another_run(lab: Any, ended: Any) -> None:
    one, two = lab.folder(), lab.folder()
    await lab.run(folder=one, seed=1)
    await lab.run(folder=two, seed=2)
    assert ended(one).candidates != ended(two).candidates
