"""A prompt's messages taken apart into words and holes, for every format that has its own way to write a hole."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...core.dataset import Example
from ...core.errors import UsageError
from ...core.program import MAIN, Program
from ...core.prompt import Prompt
from ...core.render import render, with_shared_prompt
from ...core.report import Report


@dataclass(frozen=True)
class TemplateVariable:
    """Where a value of the row goes: `input`, or one of the prompt's placeholders."""

    name: str


@dataclass(frozen=True)
class MessageTemplate:
    """One message. Its words stand as they are sent."""

    role: str
    pieces: tuple[str | TemplateVariable, ...]


def message_templates(prompt: Prompt) -> list[MessageTemplate]:
    """Render with marks for the values, then cut at the marks. A mark carries the prompt's own hash, which no text of
    the prompt can contain. For rows whose values are not empty, what fills the holes is what Maieutic sends."""
    names = dict.fromkeys(("input", *prompt.placeholders))
    marks = {f"«{prompt.id}:{name}»": name for name in names}
    row = {name: mark for mark, name in marks.items()} if prompt.placeholders else next(iter(marks))
    mark = re.compile("(" + "|".join(map(re.escape, marks)) + ")")
    return [
        MessageTemplate(
            message["role"],
            tuple(
                TemplateVariable(marks[one]) if one in marks else one for one in mark.split(message["content"]) if one
            ),
        )
        for message in render(prompt, Example(input=row))
    ]


def variable_names(turns: list[MessageTemplate]) -> tuple[str, ...]:
    """The names of the values that have to be given, in order."""
    return tuple(dict.fromkeys(one.name for turn in turns for one in turn.pieces if isinstance(one, TemplateVariable)))


def prompt_templates(program: Program, form: str, *, several: bool = True) -> dict[str, list[MessageTemplate]]:
    """Prompt name → turns. Raises UsageError for a program that is more than templates: one with a router or whose
    messages follow from each input in another way, and, without `several`, one of more prompts than one."""
    beyond = untemplatable_feature(program)
    if not beyond and program.router is not None:
        beyond = "a program whose router chooses among prompts"
    if not beyond and not several and len(program.prompts) > 1:
        beyond = "a program of several prompts"
    if beyond:
        raise UsageError(
            f"{beyond} is more than this format can say",
            where=f"--format {form}",
            possible=("json", "text", *(() if program.router is None else ("langchain",))),
            remedy="choose one of these, take the whole as a Runnable (Result.runnable), or serve it: maieutic serve",
        )
    return {
        name: message_templates(with_shared_prompt(program, name)) for name in program.prompts if name != program.shared
    }


def untemplatable_feature(program: Program) -> str:
    """What of a program follows from each input in a way that no template can; empty where nothing does."""
    styles = [prompt.format for prompt in program.prompts.values()]
    told = {
        "a prompt that groups the digits of its inputs": any(style.numbers == "grouped" for style in styles),
        "a prompt that chooses its examples by the input": any(style.nearest for style in styles),
        "a prompt that is asked with its options in several orders": any(style.shuffles > 1 for style in styles),
        "a chain of prompts": bool(program.chain),
    }
    return next((words for words, holds in told.items() if holds), "")


def is_single_prompt(prompts: dict[str, list[MessageTemplate]]) -> bool:
    """Whether it is the one prompt that needs no name."""
    return list(prompts) == [MAIN]


def gain_statement(report: Report | None) -> str:
    """What the report claims, in one line; empty without a report."""
    if report is None:
        return ""
    start, best, difference = report.start, report.best, report.difference
    if start.score is None or best.score is None:
        return f"Run {report.run}: {report.verdict}."
    moved = f"from {start.score:.3f} to {best.score:.3f} on {best.n} rows"
    held = f"difference {difference.value:+.3f}, 95 % interval {difference.low:+.3f} to {difference.high:+.3f}"
    return f"Run {report.run}: {report.verdict}, {moved} ({held})."
