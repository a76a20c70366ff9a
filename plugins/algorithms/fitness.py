"""Fitness of candidates: several weighted metrics of the same evaluations, each compared on common examples."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean

from ...core.answer import AnswerContract, token_f1
from ...core.dataset import Example
from ...core.label_reader import normalize_answer
from ...core.score import Evaluation
from ...core.search_types import Search
from ...core.stats.labels import infer_labels
from ...core.words import split_tokens
from .selection import sufficiently_measured

ExampleValue = Callable[[Evaluation, Example], float]
# With more references than this, groups have too few examples each.
_MAX_GROUPS = 12
VIEWS: Mapping[str, str] = {
    "accuracy": "how often the answer is right",
    "format": "how often the answer has the wanted form",
    "similarity": "how many words the answer shares with the expected one",
    "robustness": "how well the hardest group of inputs is answered",
    "brevity": "how short, and so how cheap, the prompt is",
}
_RULE_LABELS = ("accuracy", "robustness", "format")
_RULE_OPEN = ("accuracy", "similarity", "brevity")


def fitness(search: Search, names: Sequence[str], views: Mapping[str, float]) -> dict[str, float]:
    """The weighted mean of the metrics for all that were measured on val, in the order of the names; about [0, 1].

    Candidates are compared on the examples they share with the one that has most, so that unequal numbers of examples
    do no harm.
    """
    measured = [name for name in names if search.archive.scores.count(name, search.val)]
    total = sum(views.values())
    values = {view: _VIEW_FUNCTIONS[view](search, measured) for view in views} if measured else {}
    return {name: sum(weight * values[view][name] for view, weight in views.items()) / total for name in measured}


def fittest(search: Search, views: Mapping[str, float]) -> str:
    """The fittest contender; the oldest on ties."""
    fitness_by_id = fitness(search, [candidate.id for candidate in sufficiently_measured(search)], views)
    return max(fitness_by_id, key=lambda name: fitness_by_id[name]) if fitness_by_id else search.archive.baseline.id


def means_on_common_rows(
    search: Search, names: Sequence[str], value: ExampleValue, among: Sequence[str] | None = None
) -> dict[str, float]:
    """Candidate → mean of a value per example, on val or on the examples `among`.

    The candidate with most examples (the oldest on ties) is the reference: the others get its mean plus their mean
    difference to it on common examples. Each candidate needs at least one example.
    """
    evaluations = {name: search.archive.scores.row(name, search.val if among is None else among) for name in names}
    rows = {
        name: {row: value(evaluation, search.examples[row]) for row, evaluation in own.items()}
        for name, own in evaluations.items()
    }
    measure = max(rows, key=lambda name: len(rows[name]))
    level = fmean(rows[measure].values())
    means = {}
    for name, own in rows.items():
        common = [own[row] - rows[measure][row] for row in own if row in rows[measure]]
        means[name] = level + fmean(common) if common else fmean(own.values())
    return means


def _accuracy(search: Search, names: Sequence[str]) -> dict[str, float]:
    return means_on_common_rows(search, names, lambda evaluation, row: evaluation.score)


def _format(search: Search, names: Sequence[str]) -> dict[str, float]:
    return means_on_common_rows(
        search, names, lambda evaluation, row: float(evaluation.answer is not None and evaluation.failure != "format")
    )


def _similarity(search: Search, names: Sequence[str]) -> dict[str, float]:
    def shared(evaluation: Evaluation, row: Example) -> float:
        words = split_tokens(
            normalize_answer(evaluation.answer if evaluation.answer is not None else evaluation.output)
        )
        return max(
            (token_f1(words, split_tokens(normalize_answer(reference))) for reference in row.outputs), default=0.0
        )

    return means_on_common_rows(search, names, shared)


def _robustness(search: Search, names: Sequence[str]) -> dict[str, float]:
    """The lowest mean over groups of inputs: one per reference if there are few, else thirds of the examples."""
    groups: dict[str, list[str]] = {}
    for row in search.val:
        groups.setdefault(normalize_answer(search.examples[row].output or ""), []).append(row)
    if len(groups) > _MAX_GROUPS:
        groups = {str(at): list(search.val[at::3]) for at in range(3)}
    means: dict[str, list[float]] = {name: [] for name in names}
    for rows in groups.values():
        measured = [name for name in names if search.archive.scores.count(name, rows)]
        for name, mean in (
            means_on_common_rows(search, measured, lambda evaluation, row: evaluation.score, rows) if measured else {}
        ).items():
            means[name].append(mean)
    return {name: min(own) for name, own in means.items()}


def _brevity(search: Search, names: Sequence[str]) -> dict[str, float]:
    """1 for a prompt without words, 0 for the longest of the first generation, less for longer ones.

    The first generation is all candidates that existed when val was first measured, whatever became of them: a scale
    that shrank with the survivors would let the shortest win however rarely it is right.
    """
    scores, val = search.archive.scores, set(search.val)
    first_step = min((evaluation.step for evaluation in scores if evaluation.example in val), default=search.step)
    candidates = search.archive.candidates.values()
    words = {
        candidate.id: sum(prompt.words for prompt in candidate.program.prompts.values()) for candidate in candidates
    }
    first = [
        words[candidate.id]
        for candidate in candidates
        if candidate.step <= first_step and candidate.status != "rejected"
    ]
    longest = max(1, *first, 1)
    return {name: 1 - words[name] / longest for name in names}


_VIEW_FUNCTIONS: Mapping[str, Callable[[Search, Sequence[str]], dict[str, float]]] = {
    "accuracy": _accuracy,
    "format": _format,
    "similarity": _similarity,
    "robustness": _robustness,
    "brevity": _brevity,
}


def select_views(search: Search, views: Mapping[str, float]) -> dict[str, float]:
    """The declared metrics that the plan names, with their weights; accuracy always counts.

    Where the plan names none, a rule: accuracy, robustness and format for a few labels; accuracy, similarity and
    brevity for open answers. All of them where none of the rule's was declared.
    """
    plan_words = {word for step in search.plan for word in re.findall(r"[a-z]+", step.casefold())}
    named = {name for name in views if name in plan_words}
    if not named:
        few = infer_labels(AnswerContract(), search.examples.values())
        named = {name for name in views if name in (_RULE_LABELS if few else _RULE_OPEN)}
    weights = {name: weight for name, weight in views.items() if name in named or name == "accuracy"}
    return weights or dict(views)
