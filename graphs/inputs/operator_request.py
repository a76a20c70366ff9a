"""From an order to a request: parents with their failures, the history, rows to learn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...core.asks import Case, ScoredPrompt
from ...core.candidate import Archive, Candidate
from ...core.dataset import Example
from ...core.identity import seeded_random
from ...core.lineage import Lineage
from ...core.render import instruction_text
from ...core.score import Evaluation
from ...core.search_types import ALL_PROMPTS, Measurement, Request, TaskBrief, WorkOrder
from ...core.stats.answer_classes import answers_are_copied, class_shares, position_of
from ...core.stats.labels import label_shares
from ...core.task import Subtask
from .multitask import examples_of_prompt, prompt_task_brief, stratified
from .pipeline_steps import step_brief, step_case, step_examples, step_names

HISTORY_LENGTH = 20
PEER_COUNT = 12


def sample_pairs(
    orders: Sequence[WorkOrder], archive: Archive, train: Sequence[Example], seed: int, round: int
) -> list[Measurement]:
    """The train rows that parents are run on so that there are failures to show: the same rows for all in a round.

    Rows without a reference count where no row has one: what came out is then shown without a verdict.
    """
    wanted: dict[Measurement, None] = {}
    known = {example.id: example for example in train}
    labelled = [example.id for example in train if example.outputs] or [example.id for example in train]
    for order in orders:
        own = _eligible_examples(order, archive, train, labelled)
        rng, count = seeded_random(seed, "minibatch", round), min(order.cases, len(own))
        several = bool(order.parents) and archive[order.parents[0]].program.by_task
        drawn = (
            stratified([known[row] for row in rng.sample(own, len(own))], count) if several else rng.sample(own, count)
        )
        rows = [row for row in order.rows if row in own] or drawn
        for parent in order.parents[:1]:
            wanted |= {Measurement(parent, row): None for row in rows if archive.result_of(parent, row) is None}
    return list(wanted)


def _eligible_examples(
    order: WorkOrder, archive: Archive, train: Sequence[Example], labelled: Sequence[str]
) -> list[str]:
    """The labelled train rows that an order may learn from."""
    rows = examples_of_prompt(archive[order.parents[0]].program, order.slot, train) if order.parents else train
    inside = {row.id for row in rows}
    return [row for row in labelled if row in inside and (not order.within or row in order.within)]


def build_request(
    order: WorkOrder,
    *,
    archive: Archive,
    examples: Mapping[str, Example],
    train: Sequence[Example],
    val: Sequence[str],
    task: TaskBrief,
    labels: Sequence[str],
    hints: Sequence[str],
    rules: Sequence[tuple[str, str]],
    seed: int,
    step: int,
    place: int,
    subtasks: Mapping[str, Subtask] | None = None,
) -> Request:
    """Failures and successes come from train rows alone; val speaks only through means."""
    parents = tuple(archive[parent] for parent in order.parents)
    if order.within:
        train = [example for example in train if example.id in order.within]
    by_task = bool(parents) and parents[0].program.by_task
    if by_task:
        # Each prompt answers the rows of its own task: none is a step of a pipeline.
        task = prompt_task_brief(task, parents[0].program, order.slot, subtasks or {})
        train = examples_of_prompt(parents[0].program, order.slot, train)
        val = [row.id for row in examples_of_prompt(parents[0].program, order.slot, [examples[one] for one in val])]
    labelled = tuple(example for example in train if example.outputs)
    known = archive.scores.row(parents[0].id, [example.id for example in train]) if parents else {}
    shown = [row for row in order.rows if row in known] if by_task else order.rows
    seen = {row: one for row, one in known.items() if not shown or row in shown}
    # A prompt that a router chooses answers the row itself: it is no step of a pipeline.
    routed = bool(parents) and parents[0].program.router is not None
    slot = "" if routed else order.slot.removeprefix(ALL_PROMPTS)
    cases = [(one.score, step_case(examples[row], one, slot)) for row, one in seen.items() if row in examples]
    if slot and any(one.trajectory for one in known.values()):
        labelled = step_examples(labelled, known, slot)
    last = not slot or slot == step_names(parents[0].program, known)[-1]
    if not last and not any(one.trajectory for one in known.values()):
        labelled = ()  # the references are the last step's: nobody knows yet what this one should say
    whole = bool(parents) and last and not by_task
    placed = whole and not labels and answers_are_copied(labelled)
    line = Lineage(archive.candidates.values()).path_to(parents[0].id)[:-1] if parents else []
    peers = top_candidates(archive, val)
    kin = dict.fromkeys([*order.parents, *line, *(one.id for one in peers)])
    return Request(
        order=order,
        task=step_brief(task, parents[0].program, slot, last=last) if slot else task,
        parents=parents,
        train=labelled,
        failures=tuple(case for score, case in cases if score < 1.0),
        successes=tuple(case for score, case in cases if score >= 1.0),
        history=scored_history(archive, val, order.slot.removeprefix(ALL_PROMPTS)),
        hints=tuple(hints),
        rules=tuple(rules),
        answers=_label_shares(labels, archive, parents[0].id, examples) if whole else {},
        places=class_shares(position_of, _referenced_evaluations(archive, parents[0].id, examples)) if placed else {},
        scores={one: mean for one in kin if (mean := archive.scores.mean(one, val)) is not None},
        ancestors=tuple(archive[one] for one in line),
        peers=tuple(peers),
        examples=examples,
        outputs=_output_cases(archive, parents[0].id, train) if parents else (),
        rng=seeded_random(seed, "operator", order.operator, step, place),
    )


def _output_cases(archive: Archive, candidate: str, train: Sequence[Example]) -> tuple[Case, ...]:
    """What came out on train rows, with nothing said of what was wanted."""
    seen = [(row, archive.result_of(candidate, row.id)) for row in train]
    return tuple(Case(input=row.text, expected="", output=one.output) for row, one in seen if one is not None)


def _label_shares(
    labels: Sequence[str], archive: Archive, candidate: str, examples: Mapping[str, Example]
) -> dict[str, tuple[float, float]]:
    seen = _referenced_evaluations(archive, candidate, examples)
    if not labels or not seen:
        return {}
    given = label_shares(labels, [one.answer for _, one in seen])
    wanted = label_shares(labels, [row.output for row, _ in seen])
    return {label: (given[label], wanted[label]) for label in labels}


def _referenced_evaluations(
    archive: Archive, candidate: str, examples: Mapping[str, Example]
) -> list[tuple[Example, Evaluation]]:
    """What is known of a candidate on the rows that have a reference."""
    seen = archive.scores.row(candidate).items()
    return [(examples[row], one) for row, one in seen if row in examples and examples[row].outputs]


def top_candidates(archive: Archive, val: Sequence[str]) -> list[Candidate]:
    """The best measured candidates, best first: none that was measured on less than half as many rows as any."""
    counts = {one.id: archive.scores.count(one.id, val) for one in archive.alive}
    most = max(counts.values(), default=0)
    return archive.ranked([one for one in archive.alive if most and counts[one.id] * 2 >= most], val)[:PEER_COUNT]


def scored_history(archive: Archive, val: Sequence[str], slot: str = "") -> tuple[ScoredPrompt, ...]:
    """The best earlier prompts with their mean on val, worst first; of programs, the one prompt that is worked on.

    What a person took out is no example to follow, whatever it scored."""
    scored = [
        ScoredPrompt(prompt=instruction_text(one.program.prompts.get(slot, one.program.main)), score=mean)
        for one in archive.candidates.values()
        if one.status != "vetoed" and (mean := archive.scores.mean(one.id, val)) is not None
    ]
    return tuple(sorted(scored, key=lambda past: past.score)[-HISTORY_LENGTH:])
