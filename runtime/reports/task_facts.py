"""What a run was made of: task, metric, data, models, and the command that makes it again."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from urllib.parse import urlsplit

from ...core.budget import Budget
from ...core.dataset import SPLITS
from ...core.identity import digest
from ...core.models import ROLES, ModelRef
from ...core.report import Report
from ...core.task import EvaluatorSpec, Task
from .document import Fact, ModelFacts, SplitFacts
from .run_facts import RunFacts

_BUDGET_OPTIONS = {"calls": "calls", "target_calls": "target-calls", "tokens": "tokens", "usd": "usd"}
_BUDGET_OPTIONS |= {"minutes": "minutes"}


def task_facts(report: Report, facts: RunFacts | None) -> tuple[Fact, ...]:
    """Task, metric, answer, recipe, seed, limits, version and date, as far as they are known."""
    pairs = [("Task", report.task)]
    if facts is not None:
        task = facts.task
        pairs += [("Description", facts.redactor.text(task.description))] if task.description else []
        pairs += [("Metric", _metric_text(facts)), ("Answer", _answer_text(task)), ("Target", task.target.use)]
    pairs += [("Recipe", report.recipe), ("Seed", str(report.seed))]
    if facts is not None:
        pairs += [("Limits", _limits_text(facts.record.budget_json)), ("Started", _date_text(facts.record.started))]
        pairs += [("Finished", _date_text(facts.record.finished))] if facts.record.finished else []
    pairs += [("Run", report.run), ("Best candidate", report.best.candidate)]
    pairs += [("Maieutic", report.version)] if report.version else []
    return tuple(Fact(label=label, value=value) for label, value in pairs if value)


def split_facts(facts: RunFacts) -> tuple[SplitFacts, ...]:
    """Each split with the hash of its examples in their order: inputs, references and ids as the run read them."""
    return tuple(
        SplitFacts(
            split=split,
            count=len(facts.examples[split]),
            sha256=digest([example.model_dump(mode="json") for example in facts.examples[split]]),
        )
        for split in SPLITS
        if facts.examples[split]
    )


def model_facts(facts: RunFacts) -> tuple[ModelFacts, ...]:
    """The model of each role; roles that share the optimizer's model and settings are one line."""
    models, lines = facts.task.models, dict[tuple[str, str], list[str]]()
    for role in ROLES:
        ref = models.for_role(role)
        settings = _model_settings(ref, facts, is_target=role == "target")
        lines.setdefault((_model_name(ref), settings), []).append(role)
    return tuple(
        ModelFacts(role=", ".join(roles), model=model, settings=settings) for (model, settings), roles in lines.items()
    )


def reproduce_commands(report: Report, facts: RunFacts | None) -> tuple[str, ...]:
    """The command that does the run again, and those that fetch its report and its prompt."""
    fetch = (
        f"maieutic report {shlex.quote(report.run)} --format html --output report.html",
        f"maieutic export {shlex.quote(report.run)} --output prompt.txt",
    )
    if facts is None or not facts.task.source:
        return fetch
    words = ["maieutic", "optimize", facts.task.source, *_option_words(report, facts)]
    return (shlex.join(words), *fetch)


def _option_words(report: Report, facts: RunFacts) -> Iterator[str]:
    yield from ("--recipe", report.recipe, "--seed", str(report.seed))
    limits = Budget.model_validate_json(facts.record.budget_json)
    for name, option in _BUDGET_OPTIONS.items():
        if (limit := getattr(limits, name)) is not None:
            yield from (f"--{option}", f"{limit:g}" if isinstance(limit, float) else str(limit))
    models = facts.task.models
    for role, ref in (("target", models.target), ("optimizer", models.optimizer)):
        if ref.api_base is None:  # an address may hold a key, and the task's file has it
            yield from (f"--{role}", ref.id)
    for name, value in facts.record.options.get("settings", {}).items():
        yield from ("--set", f"{name}={value}")
    if targets := facts.record.options.get("targets"):
        yield from ("--targets", ",".join(ModelRef.parse(str(target)).id for target in targets))


def _metric_text(facts: RunFacts) -> str:
    task = facts.task
    if not task.evaluators:
        return "none: outputs are compared by a judge or a person"
    several = len(task.evaluators) > 1
    return "; ".join(_evaluator_text(evaluator, facts, several=several) for evaluator in task.evaluators)


def _evaluator_text(evaluator: EvaluatorSpec, facts: RunFacts, *, several: bool) -> str:
    options = facts.redactor.json(json.loads(json.dumps(dict(evaluator.options), default=str)))
    text = facts.redactor.text(evaluator.use)
    if options:
        text += f" ({', '.join(f'{name} = {value}' for name, value in sorted(options.items()))})"
    text += f", weight {evaluator.weight:g}" if several else ""
    return text + (", lower is better" if evaluator.direction == "minimize" else "")


def _answer_text(task: Task) -> str:
    contract = task.answer
    if task.subtasks:
        return f"by task, of {len(task.subtasks)}"
    detail = {
        "label": ", ".join(contract.labels),
        "regex": contract.pattern or "",
        "tag": f"<{contract.tag}>",
    }.get(contract.type, "")
    return f"{contract.type}: {detail}" if detail else contract.type


def _limits_text(budget_json: str) -> str:
    limits = Budget.model_validate_json(budget_json).model_dump(exclude_none=True)
    return ", ".join(f"{value:,} {name.replace('_', ' ')}" for name, value in limits.items())


def _date_text(at: str | None) -> str:
    """`2026-12-01 03:25 UTC` of an ISO 8601 time."""
    return f"{at[:10]} {at[11:16]} UTC" if at else ""


def _model_name(ref: ModelRef) -> str:
    """With the host of its endpoint; the rest of an address may hold a key."""
    host = urlsplit(ref.api_base).hostname if ref.api_base else None
    return f"{ref.id} at {host}" if host else ref.id


def _model_settings(ref: ModelRef, facts: RunFacts, *, is_target: bool) -> str:
    task = facts.task
    chosen = ref.options.model_dump(exclude_none=True, exclude={"extra"})
    chosen |= {name: facts.redactor.text(value) for name, value in ref.options.extra}
    if is_target:
        chosen = {"temperature": task.constraints.temperature, "max_output_tokens": task.answer_tokens} | chosen
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in chosen.items())
