"""From a prompt and an example to chat messages.

Rendering is pure, and what candidates share comes first: instruction, then demos, then the one input,
so that a server's prefix cache pays for the common part once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from typing_extensions import TypedDict

from .dataset import Example
from .program import Program
from .prompt import Branch, Format, Prompt

_NUMBER = re.compile(r"(?<![\w.,])[1-9][0-9]{3,}(?!\w|,[0-9])")
_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_]*)\}")


class Message(TypedDict):
    role: Literal["system", "user", "assistant"]
    content: str


def render(prompt: Prompt, example: Example) -> list[Message]:
    """The messages that ask the target about one example.

    Where the instruction has placeholders, they are filled and nothing is appended; otherwise the input
    follows the instruction. Demos stand between the two, as turns or as text.
    """
    values = template_values(example)
    instruction = instruction_text(prompt)
    if prompt.placeholders:
        return _render_template(prompt, instruction, values)
    style, demos = prompt.format, prompt.demos_for(example.text)
    system, opening, each = prompt.system, "", ""
    if style.placement == "system":
        system = _join(style.separator, prompt.system, instruction)
    elif style.placement == "first" or style.demos == "text":
        opening = instruction
    else:
        each = instruction
    messages: list[Message] = [{"role": "system", "content": system}] if system else []
    if style.demos == "text":
        shown = [
            _question_text(style, d.input) + _answer_text(style, d.output, d.rationale, after_prefix=True)
            for d in demos
        ]
        messages.append(
            {"role": "user", "content": _join(style.separator, opening, *shown, _question_text(style, example.text))}
        )
        return messages
    for demo in demos:
        messages.append(
            {"role": "user", "content": _join(style.separator, opening, each, _question_text(style, demo.input))}
        )
        messages.append({"role": "assistant", "content": _answer_text(style, demo.output, demo.rationale)})
        opening = ""
    messages.append(
        {"role": "user", "content": _join(style.separator, opening, each, _question_text(style, example.text))}
    )
    return messages


def instruction_text(prompt: Prompt) -> str:
    """All that is asked, without demos and input: instruction, sections, principles, branches, answer hint."""
    blocks = [prompt.instruction]
    blocks += [f"{section.name}:\n{section.text}" for section in prompt.sections]
    if prompt.principles:
        blocks.append("\n".join(f"- {principle}" for principle in prompt.principles))
    if prompt.branches:
        blocks.append("\n".join(_branch_lines(prompt.branches, depth=0)))
    blocks.append(prompt.format.answer_hint)
    return _join(prompt.format.separator, *blocks)


def with_shared_prompt(program: Program, name: str) -> Prompt:
    """A program's prompt as it is said: with the shared one, where there is one, in front of its system turn."""
    prompt = program.prompts[name]
    if not program.shared or name == program.shared:
        return prompt
    shared = program.prompts[program.shared]
    return prompt.with_(system=_join("\n\n", shared.system, instruction_text(shared), prompt.system))


def program_instruction_text(program: Program) -> str:
    """All that is asked by a program: the brief of its one prompt, or each prompt's under its name."""
    if len(program.prompts) == 1:
        return instruction_text(program.main)
    return "\n\n".join(f"{name}:\n{instruction_text(prompt)}" for name, prompt in program.prompts.items())


def template_values(example: Example) -> dict[str, str]:
    """What placeholders of an example can be filled with: `input`, and each field of a mapping."""
    values = {"input": example.text}
    if isinstance(example.input, Mapping):
        values |= {name: str(value) for name, value in example.input.items()}
    return values


def fill_template(template: str, values: Mapping[str, str]) -> str:
    """Fill `{name}` once, from left to right; doubled braces become single, unknown names stay as they are."""

    def one(match: re.Match[str]) -> str:
        if match.group() in ("{{", "}}"):
            return match.group()[0]
        return values.get(match.group(1), match.group())

    return _PLACEHOLDER.sub(one, template)


def group_digits(text: str) -> str:
    """Whole numbers of four digits and more in groups of three from the right; decimals and other marks stay.

    A model that reads numbers from the left in pieces of three adds and compares grouped ones more surely.
    """
    return _NUMBER.sub(lambda found: f"{int(found[0]):,}", text)


def messages_as_text(messages: Sequence[Message]) -> str:
    """The messages as one readable text, for diffs and reports."""
    return "\n\n".join(f"[{message['role']}]\n{message['content']}" for message in messages)


def _render_template(prompt: Prompt, instruction: str, values: Mapping[str, str]) -> list[Message]:
    style, demos = prompt.format, prompt.demos_for(values["input"])
    values = {name: _format_input(style, value) for name, value in values.items()}
    system = fill_template(prompt.system, values)
    if style.placement == "system":
        system, asked = _join(style.separator, system, fill_template(instruction, values)), values["input"]
    else:
        asked = fill_template(instruction, values)
    messages: list[Message] = [{"role": "system", "content": system}] if system else []
    if demos and style.demos == "text":
        shown = [
            _question_text(style, d.input) + _answer_text(style, d.output, d.rationale, after_prefix=True)
            for d in demos
        ]
        asked = _join(style.separator, *shown, asked)
    elif demos:
        for demo in demos:
            shown_input = _format_input(style, demo.input)
            inside = style.placement != "system"
            filled = fill_template(instruction, {**values, "input": shown_input}) if inside else shown_input
            messages.append({"role": "user", "content": filled})
            messages.append({"role": "assistant", "content": _answer_text(style, demo.output, demo.rationale)})
    messages.append({"role": "user", "content": asked})
    return messages


def _format_input(style: Format, text: str) -> str:
    return group_digits(text) if style.numbers == "grouped" else text


def _question_text(style: Format, text: str) -> str:
    asked = f"{style.input_prefix}{_format_input(style, text)}"
    return f"{asked}\n{style.output_prefix}" if style.output_prefix else asked


def _answer_text(style: Format, output: str, rationale: str | None, *, after_prefix: bool = False) -> str:
    cased = {"as-is": output, "lower": output.lower(), "upper": output.upper(), "title": output.title()}[style.casing]
    said = f"{rationale}\n{cased}" if rationale else cased
    if not after_prefix:
        return said
    return f" {said}" if style.output_prefix else f"\n{said}"


def _branch_lines(branches: Sequence[Branch], depth: int) -> list[str]:
    lines: list[str] = []
    for branch in branches:
        lines.append(f"{'  ' * depth}- If {branch.when}: {branch.then}")
        lines += _branch_lines(branch.branches, depth + 1)
    return lines


def _join(separator: str, *blocks: str) -> str:
    return separator.join(block for block in blocks if block)
