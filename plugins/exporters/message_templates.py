"""A prompt's messages as literal text and variables, for formats with their own syntax for variables."""

from __future__ import annotations

from ...core.errors import UsageError
from ...core.message_template import MessageTemplate as MessageTemplate
from ...core.message_template import TemplateVariable as TemplateVariable
from ...core.message_template import message_templates as message_templates
from ...core.program import MAIN, Program
from ...core.render import with_shared_prompt
from ...core.report import Report
from ...runtime.tasks.prompt_files import EXPORT_MARK


def variable_names(turns: list[MessageTemplate]) -> tuple[str, ...]:
    """The names of the variables, in order."""
    return tuple(
        dict.fromkeys(piece.name for turn in turns for piece in turn.pieces if isinstance(piece, TemplateVariable))
    )


def prompt_templates(program: Program, form: str, *, several: bool = True) -> dict[str, list[MessageTemplate]]:
    """Prompt name → messages.

    Raises UsageError for a program that templates cannot express: one with a router, one whose messages depend on the
    input in another way, and, without `several`, one of several prompts.
    """
    beyond = untemplatable_feature(program)
    if not beyond and program.router is not None:
        beyond = "a program whose router chooses among prompts"
    if not beyond and not several and len(program.prompts) > 1:
        beyond = "a program of several prompts"
    if beyond:
        raise UsageError(
            f"{beyond} cannot be written in this format",
            where=f"--format {form}",
            possible=("json", "text", *(() if program.router is None else ("langchain",))),
            remedy="choose one of these, take the whole as a Runnable (Result.runnable), or serve it: maieutic serve",
        )
    return {
        name: message_templates(with_shared_prompt(program, name)) for name in program.prompts if name != program.shared
    }


def untemplatable_feature(program: Program) -> str:
    """The feature of a program that no template can express; empty if there is none."""
    styles = [prompt.format for prompt in program.prompts.values()]
    features = {
        "a prompt that groups the digits of its inputs": any(style.numbers == "grouped" for style in styles),
        "a prompt that chooses its examples by the input": any(style.nearest for style in styles),
        "a prompt that is sent with its options in several orders": any(style.shuffles > 1 for style in styles),
        "a chain of prompts": bool(program.chain),
        "a prompt that is a Jinja template": any(p.template == "jinja" for p in program.prompts.values()),
    }
    return next((words for words, holds in features.items() if holds), "")


def is_single_prompt(prompts: dict[str, list[MessageTemplate]]) -> bool:
    """Whether it is a single prompt, which needs no name."""
    return list(prompts) == [MAIN]


def export_mark(form: str) -> str:
    """What a file says of itself, in a comment of its language, so that it is recognized when it is read."""
    return f"{EXPORT_MARK} {form}"


def gain_statement(report: Report | None) -> str:
    """The report's result in one line; empty without a report."""
    if report is None:
        return ""
    start, best, difference = report.start, report.best, report.difference
    if start.score is None or best.score is None:
        return f"Run {report.run}: {report.verdict}."
    scores = f"from {start.score:.3f} to {best.score:.3f} on {best.n} rows"
    interval = f"difference {difference.value:+.3f}, 95 % interval {difference.low:+.3f} to {difference.high:+.3f}"
    return f"Run {report.run}: {report.verdict}, {scores} ({interval})."
