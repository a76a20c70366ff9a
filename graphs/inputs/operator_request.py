"""From an order to a request: parents with their failures and successes, the scored history, examples to learn from.

Operators see programs of one prompt: `for_prompt` cuts a request to the order's prompt, and `restore_program` puts what
they propose back into the whole program.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...core.asks import Case
from ...core.candidate import Archive, Candidate
from ...core.dataset import Example
from ...core.identity import seeded_random
from ...core.lineage import Lineage
from ...core.program import Program
from ...core.score import Evaluation
from ...core.search_types import ALL_PROMPTS, Measurement, Proposal, Request, TaskBrief, WorkOrder
from ...core.stats.answer_classes import answers_are_copied, class_shares, position_of
from ...core.stats.labels import label_shares
from ...core.task import Subtask
from ..scored_history import scored_history
from .multitask import examples_of_prompt, prompt_task_brief, stratified
from .pipeline_steps import step_brief, step_case, step_examples, step_names

# As many as the widest operators draw from; more would only make requests longer.
PEER_COUNT = 12


def sample_pairs(
    orders: Sequence[WorkOrder], archive: Archive, train: Sequence[Example], seed: int, round: int
) -> list[Measurement]:
    """The training examples that parents run on so that there are failures to show: the same for all in a round.

    Examples without a reference count where none has one: outputs are then shown without a verdict.
    """
    pairs: dict[Measurement, None] = {}
    by_id = {example.id: example for example in train}
    labelled = [example.id for example in train if example.outputs] or [example.id for example in train]
    for order in orders:
        eligible = _eligible_examples(order, archive, train, labelled)
        rng, count = seeded_random(seed, "minibatch", round), min(order.cases, len(eligible))
        if order.parents and archive[order.parents[0]].program.by_task:
            sampled_rows = stratified([by_id[row] for row in rng.sample(eligible, len(eligible))], count)
        else:
            sampled_rows = rng.sample(eligible, count)
        rows = [row for row in order.rows if row in eligible] or sampled_rows
        for parent in order.parents[:1]:
            pairs |= {Measurement(parent, row): None for row in rows if archive.result_of(parent, row) is None}
    return list(pairs)


def _eligible_examples(
    order: WorkOrder, archive: Archive, train: Sequence[Example], labelled: Sequence[str]
) -> list[str]:
    """The labelled training examples that an order may learn from."""
    rows = examples_of_prompt(archive[order.parents[0]].program, order.slot, train) if order.parents else train
    own = {row.id for row in rows}
    return [row for row in labelled if row in own and (not order.within or row in order.within)]


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
    index: int,
    subtasks: Mapping[str, Subtask] | None = None,
    capable: bool = False,
) -> Request:
    """Failures and successes come from training examples alone; val appears only as means.

    index: of the order in its round.
    """
    parents = tuple(archive[parent] for parent in order.parents)
    parent = parents[0] if parents else None
    by_task = parent is not None and parent.program.by_task
    if order.within:
        train = [example for example in train if example.id in order.within]
    if parent is not None and by_task:
        # Each prompt answers the examples of its own task: none is a step of a pipeline.
        task = prompt_task_brief(task, parent.program, order.slot, subtasks or {})
        train = examples_of_prompt(parent.program, order.slot, train)
        val = [row.id for row in examples_of_prompt(parent.program, order.slot, [examples[row] for row in val])]
    evaluations = archive.scores.row(parent.id, [example.id for example in train]) if parent else {}
    # A prompt that a router chooses answers the example itself: it is no step of a pipeline.
    routed = parent is not None and parent.program.router is not None
    slot = "" if routed else order.slot.removeprefix(ALL_PROMPTS)
    is_last_step = parent is None or not slot or slot == step_names(parent.program, evaluations)[-1]
    labelled = _labelled_examples(train, evaluations, slot, is_last_step=is_last_step)
    cases = _parent_cases(order, evaluations, examples, slot, by_task=by_task, steps=capable)
    ancestors = Lineage(archive.candidates.values()).path_to(parent.id)[:-1] if parent else []
    peers = top_candidates(archive, val)
    related_ids = dict.fromkeys([*order.parents, *ancestors, *(peer.id for peer in peers)])
    # Shares of answers describe the whole program: of several prompts, no one has them for its own.
    scored_whole = parent if parent is not None and is_last_step and not by_task else None
    by_position = scored_whole is not None and not labels and answers_are_copied(labelled)
    return Request(
        order=order,
        task=step_brief(task, parent.program, slot, last=is_last_step) if parent is not None and slot else task,
        parents=parents,
        train=labelled,
        failures=tuple(case for score, case in cases if score < 1.0),
        successes=tuple(case for score, case in cases if score >= 1.0),
        history=scored_history(archive, val, order.slot.removeprefix(ALL_PROMPTS)),
        hints=tuple(hints),
        rules=tuple(rules),
        answers=_label_shares(labels, archive, scored_whole.id, examples) if scored_whole else {},
        places=_position_shares(archive, scored_whole.id, examples) if scored_whole and by_position else {},
        scores={name: mean for name in related_ids if (mean := archive.scores.mean(name, val)) is not None},
        ancestors=tuple(archive[name] for name in ancestors),
        peers=tuple(peers),
        examples=examples,
        outputs=_output_cases(archive, parent.id, train) if parent else (),
        capable=capable,
        rng=seeded_random(seed, "operator", order.operator, step, index),
    )


def _labelled_examples(
    train: Sequence[Example], evaluations: Mapping[str, Evaluation], slot: str, *, is_last_step: bool
) -> tuple[Example, ...]:
    """What the order's prompt can learn from; of a step, its own inputs and outputs where runs recorded them."""
    labelled = tuple(example for example in train if example.outputs)
    recorded = any(evaluation.trajectory for evaluation in evaluations.values())
    if slot and recorded:
        return step_examples(labelled, evaluations, slot)
    # The references are the last step's: without a recorded run nobody knows what an inner step should say.
    return labelled if is_last_step or recorded else ()


def _parent_cases(
    order: WorkOrder,
    evaluations: Mapping[str, Evaluation],
    examples: Mapping[str, Example],
    slot: str,
    *,
    by_task: bool,
    steps: bool,
) -> list[tuple[float, Case]]:
    """The parent's scored runs on the requested examples, on all where none was requested."""
    requested = [row for row in order.rows if row in evaluations] if by_task else order.rows
    return [
        (evaluation.score, step_case(examples[row], evaluation, slot, steps=steps))
        for row, evaluation in evaluations.items()
        if row in examples and (not requested or row in requested)
    ]


def _output_cases(archive: Archive, candidate: str, train: Sequence[Example]) -> tuple[Case, ...]:
    """The outputs on training examples, without the references."""
    results = [(row, archive.result_of(candidate, row.id)) for row in train]
    return tuple(
        Case(input=row.text, expected="", output=result.output) for row, result in results if result is not None
    )


def _label_shares(
    labels: Sequence[str], archive: Archive, candidate: str, examples: Mapping[str, Example]
) -> dict[str, tuple[float, float]]:
    """Label → (share of the candidate's answers, share of the references)."""
    evaluations = _referenced_evaluations(archive, candidate, examples)
    if not labels or not evaluations:
        return {}
    answered = label_shares(labels, [evaluation.answer for _, evaluation in evaluations])
    expected = label_shares(labels, [row.output for row, _ in evaluations])
    return {label: (answered[label], expected[label]) for label in labels}


def _position_shares(
    archive: Archive, candidate: str, examples: Mapping[str, Example]
) -> Mapping[str, tuple[float, float]]:
    """The same of the halves of the input that answers are copied from."""
    return class_shares(position_of, _referenced_evaluations(archive, candidate, examples))


def _referenced_evaluations(
    archive: Archive, candidate: str, examples: Mapping[str, Example]
) -> list[tuple[Example, Evaluation]]:
    """A candidate's evaluations on examples that have a reference."""
    evaluations = archive.scores.row(candidate).items()
    return [(examples[row], evaluation) for row, evaluation in evaluations if row in examples and examples[row].outputs]


def top_candidates(archive: Archive, val: Sequence[str]) -> list[Candidate]:
    """The best measured candidates, best first: none that was measured on less than half as many examples as any."""
    counts = {candidate.id: archive.scores.count(candidate.id, val) for candidate in archive.alive}
    most = max(counts.values(), default=0)
    measured = [candidate for candidate in archive.alive if most and counts[candidate.id] * 2 >= most]
    return archive.ranked(measured, val)[:PEER_COUNT]


def for_prompt(request: Request) -> Request:
    """The request as if programs consisted of the order's prompt alone; unchanged where the order names none."""
    slot = request.order.slot
    if slot in ("", ALL_PROMPTS):
        return request
    return replace(
        request,
        parents=tuple(_single_prompt(candidate, slot) for candidate in request.parents),
        ancestors=tuple(_single_prompt(candidate, slot) for candidate in request.ancestors),
        peers=tuple(_single_prompt(candidate, slot) for candidate in request.peers),
    )


def restore_program(proposals: Sequence[Proposal], slot: str, whole: Program) -> list[Proposal]:
    """Whole programs again: `whole` with its prompt `slot` replaced by the proposal's."""
    if slot in ("", ALL_PROMPTS):
        return list(proposals)
    return [
        proposal.model_copy(update={"program": whole.replace(proposal.program.main, slot)}) for proposal in proposals
    ]


def _single_prompt(candidate: Candidate, slot: str) -> Candidate:
    """A candidate from before the program had several prompts has one prompt for everything."""
    program = candidate.program
    return candidate.model_copy(update={"program": Program.of(program.prompts.get(slot, program.main))})
