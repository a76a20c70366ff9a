"""Surrogate search: which wording with which demos, in all prompts of a program at once (MIPROv2, arXiv 2406.11695)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, product

from ...core.option_types import Count
from ...core.prompt import Prompt
from ...core.protocols import NEEDS_LABELLED_TRAIN, Decision
from ...core.search_types import ALL_PROMPTS, Search, WorkOrder
from ..algorithms.fitness import fitness
from ..algorithms.selection import best_mean, human_candidates, measured_ids
from ..operators.program_combination import combine_slots

# Several suggestions per trial, as the first ones may be measured completely.
_SUGGESTIONS = 12
# A pool larger than this gets fewer than two trials per choice.
_RUNS_PER_CHOICE = 20
ChoicePools = Mapping[str, Sequence[str]]
"""`NAME words` or `NAME demos`, for each prompt → ids of the candidates to take them from."""


def suggest_choices(
    past_trials: Sequence[tuple[Mapping[str, str], float]],
    choices: Mapping[str, Sequence[str]],
    *,
    count: int,
    seed: int,
    startup: int = 10,
) -> list[dict[str, str]]:
    """Slot → choice, `count` times, most promising first; the same choice may come twice.

    Args:
        seen: Earlier choices with their scores, oldest first. The study is rebuilt from it, so the result depends on
            the arguments alone.
        startup: Number of random trials before the estimator is used.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    space = {slot: optuna.distributions.CategoricalDistribution(tuple(values)) for slot, values in choices.items()}
    sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True, n_startup_trials=startup)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for chosen, score in past_trials:
        study.add_trial(optuna.trial.create_trial(params=dict(chosen), distributions=dict(space), value=score))
    return [{slot: str(value) for slot, value in study.ask(dict(space)).params.items()} for _ in range(count)]


@dataclass(kw_only=True)
class SurrogateSearch:
    """Builds pools of demo sets and instructions per prompt, then runs trials chosen by a surrogate model.

    A trial chooses an instruction and a demo set for every prompt at once. The estimator (TPE) is refitted every round
    with all measured choices. The baseline is in all pools and is measured first.

    Args:
        bootstrap: Operator that makes demo sets; without it their pools hold the baseline's alone.
        propose: Operator that makes instructions, likewise.
        combine: Operator that makes programs of both.
        sets: Demo sets per prompt, fewer in a small budget.
        instructions: Instructions per prompt, likewise.
        cases: Train examples that the baseline runs on, a quarter of the budget at most.
        trials: Trials at most; 0 leaves the end to the budget.
        startup: Random trials before the estimator is used.
    """

    name = "surrogate"
    needs = NEEDS_LABELLED_TRAIN

    bootstrap: str = "demo-bootstrap"
    propose: str = "grounded"
    combine: str = "combine"
    sets: Count = 6
    instructions: Count = 6
    cases: int = 40
    trials: int = 0
    startup: int = 6

    @property
    def requires(self) -> frozenset[str]:
        return frozenset({self.combine})

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        start, most = search.archive.baseline, max(2, search.total_runs // _RUNS_PER_CHOICE)
        slots = start.program.slots or ("",)
        if search.round == 1 and self.bootstrap in search.operators:
            count, cases = min(self.sets, most), min(self.cases, search.remaining_runs // 4)
            order = WorkOrder(operator=self.bootstrap, parents=(start.id,), count=count, cases=cases)
            return [order.model_copy(update={"slot": slot}) for slot in slots]
        pools = self._pools(search)
        if not search.memory.get("asked") and self.propose in search.operators:
            search.memory["asked"] = True
            count = min(self.instructions, most)
            demos = [pool for kind, pool in pools.items() if kind.endswith(" demos")]
            orders = [
                WorkOrder(operator=self.propose, parents=tuple(pool), count=count, slot=slot)
                for slot, pool in zip(slots, demos, strict=True)
            ]
            # A trial keeps the round from being empty if the budget does not hold the proposals.
            newest = [parent for pool in demos for parent in (start.id, pool[-1])]
            return [*orders, self._trial_order(search, newest)]
        done = search.memory.get("trials", 0)
        if (self.trials and done >= self.trials) or (choice := self._suggest_choice(search, pools)) is None:
            return []
        search.memory["trials"] = done + 1
        return [self._trial_order(search, choice)]

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        tried = search.archive.baseline.id
        if choice := search.memory.get("choice"):
            program_id = _program_id(search, choice)
            tried = next((candidate.id for candidate in search.archive.alive if candidate.program.id == program_id), "")
        return list(dict.fromkeys([*human_candidates(search), *([tried] if tried else [])]))

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        return dict.fromkeys(measured_ids(search, pool), "keep")

    def final(self, search: Search) -> str:
        return best_mean(search)

    def _pools(self, search: Search) -> ChoicePools:
        """The possible wordings and demos of each prompt, the baseline's first."""
        start, pools = search.archive.baseline, {}
        firstborn = [candidate for candidate in search.archive.alive if candidate.parents[:1] == (start.id,)]
        for slot in start.program.slots or (start.program.main_name,):
            own = [
                candidate for candidate in firstborn if candidate.program.prompts[slot] != start.program.prompts[slot]
            ]
            for part, operator in (("words", self.propose), ("demos", self.bootstrap)):
                pools[f"{slot} {part}"] = [
                    start.id,
                    *(candidate.id for candidate in own if candidate.operator == operator),
                ]
        return pools

    def _trial_order(self, search: Search, choice: Sequence[str]) -> WorkOrder:
        search.memory["choice"] = list(choice)
        slot = ALL_PROMPTS if search.archive.baseline.program.slots else ""
        return WorkOrder(operator=self.combine, parents=tuple(choice), slot=slot)

    def _suggest_choice(self, search: Search, pools: ChoicePools) -> Sequence[str] | None:
        """The most promising choice with something left to learn; None if all are known."""
        programs = {candidate.program.id: candidate for candidate in search.archive.candidates.values()}

        def more_to_learn(choice: Sequence[str]) -> bool:
            existing = programs.get(_program_id(search, choice))
            if existing is None:
                return True
            rows = search.archive.scores.count(existing.id, search.val)
            return existing.status not in ("rejected", "dropped", "vetoed") and rows < len(search.val)

        suggestions = suggest_choices(
            list(self._past_trials(search, pools)),
            pools,
            count=_SUGGESTIONS,
            seed=search.rng("trial").getrandbits(31),
            startup=self.startup,
        )
        choices = [[suggestion[kind] for kind in pools] for suggestion in suggestions]
        return next((choice for choice in chain(choices, product(*pools.values())) if more_to_learn(choice)), None)

    def _past_trials(self, search: Search, pools: ChoicePools) -> Iterator[tuple[Mapping[str, str], float]]:
        """Choices that may still win, with their fitness, oldest first."""
        holders = {
            (kind, _slot_content(search, holder, kind)): holder
            for kind, pool in pools.items()
            for holder in reversed(pool)
        }
        fitness_by_id = fitness(search, [candidate.id for candidate in search.archive.alive], {"accuracy": 1.0})
        for name, fit in fitness_by_id.items():
            choice = [holders.get((kind, _slot_content(search, name, kind))) for kind in pools]
            if None not in choice:
                yield dict(zip(pools, choice, strict=True)), fit  # type: ignore[arg-type]


def _program_id(search: Search, choice: Sequence[str]) -> str:
    """The id of the program that a choice makes."""
    return combine_slots([search.archive[name].program for name in choice]).id


def _slot_content(search: Search, name: str, kind: str) -> str:
    """What a candidate contributes to a slot: the same id for the same content."""
    slot, _, part = kind.rpartition(" ")
    prompt = search.archive[name].program.prompts[slot]
    return (Prompt(demos=prompt.demos) if part == "demos" else prompt.with_(demos=())).id
