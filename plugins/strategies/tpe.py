"""The tree-structured Parzen estimator over choices; the only module that imports Optuna."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


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
