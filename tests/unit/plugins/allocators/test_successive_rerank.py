"""promptquine's allocator: few rows for all, then as many as fit for the best."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from maieutic.core.candidate import Archive, Candidate
from maieutic.core.dataset import Example
from maieutic.core.program import Program
from maieutic.core.score import Evaluation
from maieutic.core.search_types import Search
from maieutic.plugins.allocators.common import row_order
from maieutic.plugins.allocators.successive_rerank import SuccessiveRerank

ROWS, FEW = 60, 8


def search(shares: Mapping[str, float | None], room: int) -> Search:
    """Candidates that were right on such a share of the first eight rows; None was not measured yet."""
    examples = {f"v{n}": Example(id=f"v{n}", input=f"row {n}", outputs=("yes",)) for n in range(ROWS)}
    archive = Archive(Candidate(id=name, program=Program.of(name), operator="x", status="racing") for name in shares)
    made = Search(
        archive=archive,
        train=(),
        val=tuple(examples),
        examples=examples,
        seed=1,
        round=5,
        step=9,
        remaining_runs=room,
        total_runs=400,
    )
    for name, share in shares.items():
        for place, row in enumerate(row_order(made)[: FEW if share is not None else 0]):
            told = {"split": "val", "output": "", "answer": "", "score": float(place < (share or 0) * FEW)}
            archive.scores.add(Evaluation(candidate=name, example=row, **told))  # type: ignore[arg-type]
    return made


MET = {"start": 0.0, **{f"c{n}": n / FEW for n in range(1, FEW + 1)}}


def test_the_best_are_ranked_on_as_many_rows_as_fit_and_fewer_where_these_would_be_hardly_any() -> None:
    allocator = SuccessiveRerank(share=0.5)
    pairs = allocator.ask(search(MET, room=400), [])
    assert Counter(pair.candidate for pair in pairs) == dict.fromkeys(["c8", "c7", "c6", "c5", "c4", "start"], 52)
    pairs = allocator.ask(search(MET, room=60), [])
    assert Counter(pair.candidate for pair in pairs) == dict.fromkeys(["c8", "c7", "start"], 20)
    assert len({pair.example for pair in pairs}) == 20, "the same rows for all"
    assert allocator.ask(search(MET, room=1), []) == []


def test_newcomers_are_screened_where_known_ones_stand_behind_them_in_the_pool() -> None:
    allocator = SuccessiveRerank(least=FEW, candidates=50)
    pairs = allocator.ask(search({**MET, "new": None, "newer": None}, room=10), ["new", "newer", "c7", "c8"])
    assert Counter(pair.candidate for pair in pairs) == {"new": FEW}
