"""How fit candidates are: several views of the same evidence, weighed, each compared on common rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean

from ...core.answer import normalize_answer
from ...core.dataset import Example
from ...core.score import Evaluation
from ...core.search_types import Search
from ..evaluators.string_match import token_f1
from .selection import sufficiently_measured

ExampleValue = Callable[[Evaluation, Example], float]
_MOST_GROUPS = 12

VIEWS: Mapping[str, str] = {
    "accuracy": "how often the answer is right",
    "format": "how often the answer has the wanted form",
    "similarity": "how many words the answer shares with the expected one",
    "robustness": "how well the hardest group of inputs is answered",
    "brevity": "how short, and so how cheap, the prompt is",
}


def fitness(search: Search, names: Sequence[str], views: Mapping[str, float]) -> dict[str, float]:
    """The weighted mean of the views for all that were measured on val, in the order of the names; around [0, 1].

    Candidates are compared on the rows they have in common with the one that has most, so that it does no harm when
    they were not measured on the same number of rows.
    """
    known = [name for name in names if search.archive.scores.count(name, search.val)]
    total = sum(views.values())
    seen = {view: _VIEW_FUNCTIONS[view](search, known) for view in views} if known else {}
    return {name: sum(weight * seen[view][name] for view, weight in views.items()) / total for name in known}


def fittest(search: Search, views: Mapping[str, float]) -> str:
    """The fittest contender; the oldest on ties."""
    told = fitness(search, [one.id for one in sufficiently_measured(search)], views)
    return max(told, key=lambda name: told[name]) if told else search.archive.baseline.id


def means_on_common_rows(
    search: Search, names: Sequence[str], value: ExampleValue, among: Sequence[str] | None = None
) -> dict[str, float]:
    """Name → mean of a row's value, on val or on the rows `among`, of which each has one at least.

    The one with most rows, the oldest on ties, is the measure: the others are its mean plus their mean difference to it
    on common rows.
    """
    known = {name: search.archive.scores.row(name, search.val if among is None else among) for name in names}
    rows = {name: {row: value(seen, search.examples[row]) for row, seen in own.items()} for name, own in known.items()}
    measure = max(rows, key=lambda name: len(rows[name]))
    level = fmean(rows[measure].values())
    told = {}
    for name, own in rows.items():
        common = [own[row] - rows[measure][row] for row in own if row in rows[measure]]
        told[name] = level + fmean(common) if common else fmean(own.values())
    return told


def _accuracy(search: Search, names: Sequence[str]) -> dict[str, float]:
    return means_on_common_rows(search, names, lambda seen, row: seen.score)


def _format(search: Search, names: Sequence[str]) -> dict[str, float]:
    return means_on_common_rows(
        search, names, lambda seen, row: float(seen.answer is not None and seen.failure != "format")
    )


def _similarity(search: Search, names: Sequence[str]) -> dict[str, float]:
    def shared(seen: Evaluation, row: Example) -> float:
        said = normalize_answer(seen.answer if seen.answer is not None else seen.output).split()
        return max((token_f1(said, normalize_answer(one).split()) for one in row.outputs), default=0.0)

    return means_on_common_rows(search, names, shared)


def _robustness(search: Search, names: Sequence[str]) -> dict[str, float]:
    """The lowest mean over groups of inputs: one for each reference where these are few, else thirds of the rows."""
    groups: dict[str, list[str]] = {}
    for row in search.val:
        groups.setdefault(normalize_answer(search.examples[row].output or ""), []).append(row)
    if len(groups) > _MOST_GROUPS:
        groups = {str(at): list(search.val[at::3]) for at in range(3)}
    means: dict[str, list[float]] = {name: [] for name in names}
    for rows in groups.values():
        met = [name for name in names if search.archive.scores.count(name, rows)]
        for name, mean in (
            means_on_common_rows(search, met, lambda seen, row: seen.score, rows) if met else {}
        ).items():
            means[name].append(mean)
    return {name: min(own) for name, own in means.items()}


def _brevity(search: Search, names: Sequence[str]) -> dict[str, float]:
    """1 for a prompt without words, 0 for the longest of the first generation, less for longer ones.

    The first generation is all that were there when val was first asked, whatever became of them: a ruler that shrank
    with those that are left would let the shortest win however seldom it is right.
    """
    seen, val = search.archive.scores, set(search.val)
    begun = min((one.step for one in seen if one.example in val), default=search.step)
    made = search.archive.candidates.values()
    words = {one.id: sum(prompt.words for prompt in one.program.prompts.values()) for one in made}
    first = [words[one.id] for one in made if one.step <= begun and one.status != "rejected"]
    longest = max(1, *first, 1)
    return {name: 1 - words[name] / longest for name in names}


_VIEW_FUNCTIONS: Mapping[str, Callable[[Search, Sequence[str]], dict[str, float]]] = {
    "accuracy": _accuracy,
    "format": _format,
    "similarity": _similarity,
    "robustness": _robustness,
    "brevity": _brevity,
}
