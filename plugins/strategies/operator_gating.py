"""Operators chosen by a gate that learns from every edit so far (PromptFlow, arXiv 2510.12246)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...core.candidate import Candidate
from ...core.option_types import Count, Positive
from ...core.protocols import NEEDS_NOTHING, Decision
from ...core.search_types import Search, WorkOrder
from ..algorithms.fitness import fittest
from ..algorithms.population import affordable_count, current_population, survivors
from ..algorithms.selection import human_candidates
from .local_search import ACCURACY

_MAIN = "Task"
# Slightly negative, so that an operator without proposals is tried less than one without gain.
_NO_CHILD_REWARD = -0.02
# The best leader is the parent in 70 % of the draws, the second in 21 %.
_LEADER_DECAY = 1.2


@dataclass(kw_only=True)
class OperatorGating:
    """The best `leaders` prompts get children; the gate's expected reward decides operator and section.

    The gate is linear in features of the edit: the operator, the section, both together, and the operator with whether
    the prompt has sections yet. Its weights are relearned each round from all experience, oldest first, in `sweeps`
    replays with step size `rate`: the reward of an edit is the child's gain over its parent on common val examples, and
    slightly negative for an order without a child. Probabilities are exp(expected / temperature), mixed with the
    operators' prior weights by `exploring`, and decrease from leader to leader.

    Args:
        leaders: Prompts that get children.
        children: Orders per round, fewer in a small budget (see `affordable_count`).
        rows: Examples that each child is expected to be measured on.
        cases: Train examples that a parent runs on for operators that read failures.
        temperature: Of the choice.
        exploring: Share of the prior weights in the choice.
        rate: Step size of learning.
        sweeps: Replays of the experience.
        whole: Operators that edit no existing section; their gain counts for the main one alone.
    """

    name = "gated"
    needs = NEEDS_NOTHING

    leaders: Count = 3
    children: Count = 4
    rows: int = 8
    cases: int = 4
    temperature: Positive = 0.05
    exploring: float = 0.2
    rate: float = 0.2
    sweeps: int = 10
    whole: Sequence[str] = ("section-add", "answer-hint", "demo-count")

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        rng, weights = search.rng("gate"), self.fit_gate(search)
        leading = current_population(search, self.leaders, ACCURACY)
        cases = min(self.cases, search.remaining_runs // 8)
        orders = []
        for index in range(affordable_count(search, self.children, self.rows)):
            parent = leading[min(int(rng.expovariate(_LEADER_DECAY)), len(leading) - 1)]
            sections = _section_titles(search.archive[parent])
            expected = {
                (operator, section): _predict_reward(weights, edit_features(operator, section, len(sections)))
                for operator in search.operators
                for section in self._eligible_edits(operator, sections)
            }
            operators = {
                name: max(expected[name, title] for title in self._eligible_edits(name, sections))
                for name in search.operators
            }
            operator = rng.choices(list(operators), self._chances(operators, search.operators))[0]
            within = {section: expected[operator, section] for section in self._eligible_edits(operator, sections)}
            section = rng.choices(list(within), self._chances(within, dict.fromkeys(within, 1.0)))[0]
            options = {"section": section}
            orders.append(WorkOrder(operator=operator, parents=(parent,), options=options, cases=cases, stream=index))
        return orders

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        fruitful = {(search.archive[name].operator, search.archive[name].parents[:1]) for name in new}
        barren = [
            [order.operator, str(order.options.get("section", "")), order.parents[0]]
            for order in search.orders
            if (order.operator, order.parents[:1]) not in fruitful
        ]
        search.memory["barren"] = [*search.memory.get("barren", ()), *barren]
        return list(
            dict.fromkeys([*current_population(search, self.leaders, ACCURACY), *human_candidates(search), *new])
        )

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        return survivors(search, pool, self.leaders, ACCURACY)

    def final(self, search: Search) -> str:
        return fittest(search, ACCURACY)

    def fit_gate(self, search: Search) -> dict[str, float]:
        """Feature → weight. Pure: the same experience gives the same gate."""
        weights: dict[str, float] = {}
        rewards = edit_rewards(search)
        for sweep in range(self.sweeps):
            for features, reward in rewards:
                missed = reward - _predict_reward(weights, features)
                step = self.rate / (1 + sweep) / len(features)
                for name in features:
                    weights[name] = weights.get(name, 0.0) + step * missed
        return weights

    def _eligible_edits(self, operator: str, sections: Sequence[str]) -> Sequence[str]:
        return [_MAIN] if operator in self.whole else sections

    def _chances(self, expected: Mapping[str, float], priors: Mapping[str, float]) -> list[float]:
        top, total = max(expected.values()), sum(priors.values())
        raw = {name: priors[name] * math.exp((value - top) / self.temperature) for name, value in expected.items()}
        whole = sum(raw.values())
        return [(1 - self.exploring) * raw[name] / whole + self.exploring * priors[name] / total for name in expected]


def edit_rewards(search: Search) -> list[tuple[tuple[str, ...], float]]:
    """Every edit so far as (features, reward): those without a child first, then children by age."""
    archive, rewards = search.archive, list[tuple[tuple[str, ...], float]]()
    for operator, section, parent in search.memory.get("barren", ()):
        rewards.append((edit_features(operator, section, len(_section_titles(archive[parent]))), _NO_CHILD_REWARD))
    for child in archive.candidates.values():
        parent_of = archive.candidates.get(child.parents[0]) if child.parents else None
        if parent_of is None or child.operator not in search.operators:
            continue
        if paired := archive.scores.paired(child.id, parent_of.id, search.val):
            features = edit_features(child.operator, _edited_section(parent_of, child), len(_section_titles(parent_of)))
            rewards.append((features, sum(paired) / len(paired)))
    return rewards


def edit_features(operator: str, section: str, sections: int) -> tuple[str, ...]:
    stage = "plain" if sections < 2 else "sectioned"
    return (operator, f"in {section}", f"{operator} in {section}", f"{operator} of {stage}")


def _predict_reward(weights: Mapping[str, float], features: Sequence[str]) -> float:
    return sum(weights.get(name, 0.0) for name in features)


def _section_titles(candidate: Candidate) -> list[str]:
    return [_MAIN, *(section.name for section in candidate.program.main.sections)]


def _edited_section(parent: Candidate, child: Candidate) -> str:
    """The first section of the parent whose text differs; the task if none does.

    An added section is none that an edit could have been ordered for.
    """
    before, after = ({section.name: section.text for section in side.program.main.sections} for side in (parent, child))
    return next((name for name in before if before[name] != after.get(name)), _MAIN)
