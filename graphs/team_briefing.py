"""What agents are told of the aim: the measure, the target model, how its answers are read, and the limit of length."""

from __future__ import annotations

import json

from ..agents.evidence import cut_to_tokens
from ..core.answer import AnswerContract
from ..core.errors import UsageError
from ..core.search_types import TaskBrief
from ..core.task import EvaluatorSpec, Task
from ..plugins.system.hookspecs import Kind
from ..runtime.models.profile import profile_of, target_tokens
from .candidate_guards import DEFAULT_MAX_PROMPT_TOKENS
from .run_config import RunConfig

# About three words to four tokens of English: a rule of thumb for authors who count words.
_WORDS_PER_TOKEN = 0.75
_OF_THE_LAST_STEP = (
    " That holds for the program's final output; what another prompt of it brings out goes to the next step."
)
# A rubric of a page is told whole.
_OPTION_TOKENS = 800


def task_brief(task: Task, labels: tuple[str, ...]) -> TaskBrief:
    """What may be known of a task by what works on it. labels: those that may be named."""
    return TaskBrief(
        name=task.name,
        description=task.description or task.program.main.instruction,
        answer=task.answer,
        max_prompt_tokens=task.constraints.max_prompt_tokens,
        chat=task.target.use == "chat",
        labels=labels,
    )


def aim(config: RunConfig) -> str:
    """The facts that a prompt is written towards, one to a line."""
    task = config.task
    limit = task.constraints.max_prompt_tokens or DEFAULT_MAX_PROMPT_TOKENS
    profile = profile_of(task.models.target)
    lines = [
        *_measures(config),
        f"Target model: {task.models.target.id}"
        + (", which thinks before it answers" if profile.reasons else "")
        + f". It writes at most {target_tokens(task)} tokens for one input, and it sees the prompt and the input only.",
        f"Reading: {how_answers_are_read(task.answer, config.labels)}"
        + (_OF_THE_LAST_STEP if len(task.program.prompts) > 1 and task.program.router is None else ""),
        f"Length: the prompt may have {limit} tokens, about {round(limit * _WORDS_PER_TOKEN)} English words. "
        "They need not be used up, and what is needed need not be left out.",
    ]
    return "\n".join(f"- {line}" for line in lines)


def how_answers_are_read(contract: AnswerContract, labels: tuple[str, ...] = ()) -> str:
    """What a program takes from an output, in words for an author."""
    match contract.type:
        case "label":
            named = ", ".join(contract.labels)
            if contract.read == "whole":
                return f"the whole output has to be one of these labels, with nothing around it: {named}."
            return (
                f"one of these labels is looked for: {named}. After a marker such as `Answer:` it is read from there; "
                + (
                    "else the last label named counts."
                    if contract.read == "last"
                    else "an output that names two of them without a marker is unreadable and scores 0."
                )
            )
        case "choice":
            return "the letter of an option is looked for, behind a marker such as `Answer:` or alone."
        case "number":
            return "the number behind a marker such as `Answer:`, else the last number of the output."
        case "regex":
            return f"what this regular expression finds: {contract.pattern}"
        case "json":
            schema = (
                f" of the schema {json.dumps(contract.json_schema, ensure_ascii=False)}" if contract.json_schema else ""
            )
            return f"one JSON object{schema}."
        case "tag":
            return f"the text in <{contract.tag}></{contract.tag}>; an output without the tag scores 0."
        case _:
            seen = f" All answers in the data are one of: {', '.join(labels)}." if labels else ""
            return f"the whole output is the answer, so words around it count as part of it.{seen}"


def _measures(config: RunConfig) -> list[str]:
    """What scores an output, with its weight where there are several, and which way is better."""
    specs = config.task.evaluators
    lines = [
        f"Measure: {_described(config, 'evaluator', spec.use)}{_details(spec, specs)}; from 0 to 1 for each input, "
        f"{'lower' if spec.direction == 'minimize' else 'higher'} is better, and the mean over all inputs counts."
        for spec in specs
    ]
    recipe = config.recipe
    if recipe.loss is not None:
        lines.append("Measure during the search: how likely the target model finds the reference; higher is better.")
    if recipe.scorer is not None:
        lines.append(f"Measure during the search: {_described(config, 'evaluator', recipe.scorer.use)}.")
    if recipe.judge is not None:
        lines.append(f"Comparison: {_described(config, 'evaluator', recipe.judge.use)}; more wins are better.")
    return lines


def _details(spec: EvaluatorSpec, specs: tuple[EvaluatorSpec, ...]) -> str:
    """The weight among several, and the options, which may be a whole rubric."""
    weight = f", weight {spec.weight:g}" if len(specs) > 1 else ""
    options = json.dumps(dict(spec.options), ensure_ascii=False, default=str) if spec.options else ""
    return weight + (f", with {cut_to_tokens(options, _OPTION_TOKENS)}" if options else "")


def _described(config: RunConfig, kind: Kind, name: str) -> str:
    """The name of a plugin with its summary, where it has one."""
    try:
        summary = config.registry.describe(kind, name).summary
    except UsageError:
        summary = ""
    return f"{name} ({summary})" if summary else name
