"""From an order to a request: parents with their failures, the history, rows to learn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..core.candidate import Archive
from ..core.contracts import Order, Pair, Request, TaskBrief
from ..core.dialogue import Case, Past
from ..core.example import Example
from ..core.identity import seeded
from ..core.labels import shares
from ..core.lineage import Lineage
from ..core.render import brief

HISTORY = 20


def sample_pairs(
    orders: Sequence[Order], archive: Archive, train: Sequence[Example], seed: int, round: int
) -> list[Pair]:
    """The train rows that parents are run on so that there are failures to show: the same rows for all in a round."""
    wanted: dict[Pair, None] = {}
    labelled = [example.id for example in train if example.outputs]
    for order in orders:
        rows = seeded(seed, "minibatch", round).sample(labelled, min(order.cases, len(labelled)))
        for parent in order.parents[:1]:
            wanted |= {Pair(parent, row): None for row in rows if archive.scores.get(parent, row) is None}
    return list(wanted)


def assemble(
    order: Order,
    *,
    archive: Archive,
    examples: Mapping[str, Example],
    train: Sequence[Example],
    val: Sequence[str],
    task: TaskBrief,
    labels: Sequence[str],
    hints: Sequence[str],
    seed: int,
    step: int,
    place: int,
) -> Request:
    """Failures and successes come from train rows alone; val speaks only through means."""
    parents = tuple(archive[parent] for parent in order.parents)
    ids = [example.id for example in train]
    seen = archive.scores.row(parents[0].id, ids) if parents else {}
    cases = [
        (
            evaluation.score,
            Case(
                input=examples[row].text,
                expected=" | ".join(examples[row].outputs),
                output=evaluation.output,
                feedback=evaluation.feedback,
            ),
        )
        for row, evaluation in seen.items()
        if row in examples
    ]
    line = Lineage(archive.candidates.values()).path_to(parents[0].id)[:-1] if parents else []
    kin = dict.fromkeys([*order.parents, *line])
    return Request(
        order=order,
        task=task,
        parents=parents,
        train=tuple(example for example in train if example.outputs),
        failures=tuple(case for score, case in cases if score < 1.0),
        successes=tuple(case for score, case in cases if score >= 1.0),
        history=history(archive, val),
        hints=tuple(hints),
        answers=_label_shares(labels, archive, parents[0].id, examples) if parents else {},
        scores={one: mean for one in kin if (mean := archive.scores.mean(one, val)) is not None},
        ancestors=tuple(archive[one] for one in line),
        examples=examples,
        rng=seeded(seed, "operator", order.operator, step, place),
    )


def _label_shares(
    labels: Sequence[str], archive: Archive, candidate: str, examples: Mapping[str, Example]
) -> dict[str, tuple[float, float]]:
    seen = archive.scores.row(candidate)
    if not labels or not seen:
        return {}
    given = shares(labels, [one.answer for one in seen.values()])
    wanted = shares(labels, [examples[row].output for row in seen if row in examples])
    return {label: (given[label], wanted[label]) for label in labels}


def history(archive: Archive, val: Sequence[str]) -> tuple[Past, ...]:
    """The best earlier prompts with their mean on val, worst first."""
    scored = [
        Past(prompt=brief(one.program.main), score=mean)
        for one in archive.candidates.values()
        if (mean := archive.scores.mean(one.id, val)) is not None
    ]
    return tuple(sorted(scored, key=lambda past: past.score)[-HISTORY:])
