"""The tree-structured Parzen estimator over choices: the one door to Optuna."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def suggest_choices(
    seen: Sequence[tuple[Mapping[str, str], float]],
    choices: Mapping[str, Sequence[str]],
    *,
    count: int,
    seed: int,
    startup: int = 10,
) -> list[dict[str, str]]:
    """Slot → choice, `count` times, the most promising first; the same question may come twice.

    seen: what was chosen before and its score, oldest first. The study is made anew from it, so that nothing but the
    arguments decides. startup: before so many trials choices are drawn at random.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    space = {slot: optuna.distributions.CategoricalDistribution(tuple(values)) for slot, values in choices.items()}
    sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True, n_startup_trials=startup)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for chosen, score in seen:
        study.add_trial(optuna.trial.create_trial(params=dict(chosen), distributions=dict(space), value=score))
    return [{slot: str(value) for slot, value in study.ask(dict(space)).params.items()} for _ in range(count)]
