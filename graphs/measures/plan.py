"""Which measures fit a subject, and what each takes, before anything is spent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...core.asks import CALLS_PER_ASK
from ...core.dataset import Example, Split
from ...core.errors import MaieuticError, NeedsError, UsageError
from ...core.measures import DeclaredCalls, Measure, MeasureSubject
from ...core.program import Program
from ...core.recipe import PluginRef
from ...runtime.models.client import supports_loss
from ..run_config import RunConfig
from ..team_briefing import task_brief

# Enough for eight prompts on 25 examples; minutes on the embedded model.
DEFAULT_CALLS = 200


@dataclass(frozen=True, kw_only=True)
class MeasurePlan:
    """What one measure would take.

    Attributes:
        name: Its name.
        summary: One line on it.
        examples: How many examples fit the limit.
        calls: The most that it takes on them; 0 where it does not fit.
        missing: Why it does not fit; empty where it does.
    """

    name: str
    summary: str
    examples: int = 0
    calls: int = 0
    missing: str = ""


@dataclass(frozen=True, kw_only=True)
class PlannedMeasure:
    """A measure with the subject that fits its limit."""

    measure: Measure
    subject: MeasureSubject
    declared: DeclaredCalls
    calls: int


def measure_subject(
    config: RunConfig, program: Program, baseline: Program | None, examples: Sequence[Example]
) -> MeasureSubject:
    """The subject with the examples in an order of their own, so that leaving out the last ones leaves a sample."""
    task = config.task
    subject = MeasureSubject(
        task=task_brief(task, config.labels),
        program=program,
        baseline=None if baseline is not None and baseline.id == program.id else baseline,
        examples=(),
        model=task.models.target,
        labels=config.labels,
        seed=config.seed,
    )
    rows = list(examples)
    subject.rng("examples").shuffle(rows)
    return replace(subject, examples=tuple(rows))


def plan_measure(config: RunConfig, use: PluginRef, subject: MeasureSubject, limit: int) -> PlannedMeasure:
    """The measure on as many examples as fit.

    Args:
        limit: The most calls, 1 or more.

    Raises:
        NeedsError: The run lacks what the measure needs, with its name.
        UsageError: One example takes more calls than the limit.
    """
    measure: Measure = config.registry.create("measure", use.use, **use.options)
    available = available_needs(config, subject)
    if missing := sorted(measure.needs - available):
        raise NeedsError(
            f"the measure {use.use!r} needs {', '.join(missing)}, which this task does not have",
            where=config.task.where("[data]"),
            possible=sorted(available),
            remedy="provide what it needs, or leave it out: maieutic measure without a name lists those that fit",
        )
    total = len(subject.examples)
    fitting, above = 0, total + 1
    while above - fitting > 1:  # the largest number of examples that fits
        middle = (fitting + above) // 2
        if _calls(config, measure, _with_examples(subject, middle)) <= limit:
            fitting = middle
        else:
            above = middle
    if not fitting:
        least = _calls(config, measure, _with_examples(subject, 1))
        raise UsageError(
            f"the measure {use.use!r} takes {least} calls for one example, and {limit} are allowed",
            where="--calls",
            remedy=f"raise --calls to {least} or more; {_calls(config, measure, subject)} measure all examples",
        )
    fitted = _with_examples(subject, fitting)
    return PlannedMeasure(
        measure=measure, subject=fitted, declared=measure.calls(fitted), calls=_calls(config, measure, fitted)
    )


def plan_all(config: RunConfig, subject: MeasureSubject, limit: int) -> list[MeasurePlan]:
    """Every measure that is installed, those that fit first, each as `plan_measure` sees it."""
    plans = []
    for name in config.registry.names("measure"):
        summary = config.registry.describe("measure", name).summary
        try:
            planned = plan_measure(config, PluginRef(use=name), subject, limit)
        except MaieuticError as error:
            plans.append(MeasurePlan(name=name, summary=summary, missing=error.what))
        else:
            size = len(planned.subject.examples)
            plans.append(MeasurePlan(name=name, summary=summary, examples=size, calls=planned.calls))
    return sorted(plans, key=lambda plan: bool(plan.missing))


def available_needs(config: RunConfig, subject: MeasureSubject) -> frozenset[str]:
    """What the task can give to a measure. The optimizer's models and the judge are the target itself if unnamed."""
    available = {"optimizer", "judge"}
    if all(example.outputs for example in subject.examples):
        available.add("references")
    if config.task.data.train:
        available.add("train")
    if supports_loss(subject.model):
        available.add("logprobs")
    if subject.baseline is not None:
        available.add("baseline")
    return frozenset(available)


def measured_split(config: RunConfig, split: Split | None) -> Split:
    """The split to measure on: the held-out test, or val where there is none. Raises UsageError for an empty one."""
    data = config.task.data
    chosen: Split = split or ("test" if data.test else "val")
    if not data[chosen]:
        raise UsageError(f"the split {chosen} has no examples", where=config.task.where(f"[data] {chosen}"))
    return chosen


def _with_examples(subject: MeasureSubject, count: int) -> MeasureSubject:
    return replace(subject, examples=subject.examples[:count])


def _calls(config: RunConfig, measure: Measure, subject: MeasureSubject) -> int:
    """Model calls of what a measure declares, at most."""
    declared = measure.calls(subject)
    programs = [subject.program, *([subject.baseline] if subject.baseline else [])]
    each = max(sum(config.calls_per_run(program, repairs=True)) for program in programs)
    return declared.runs * each + declared.asks * CALLS_PER_ASK + declared.losses
