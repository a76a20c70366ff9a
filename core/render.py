"""From a prompt and an example to chat messages, and to the text that people read.

Rendering is pure. What candidates share comes first (instruction, then demos, then the input), so that a server's
prefix cache pays for the common part once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from .conversation import MESSAGES, conversation_as_text
from .dataset import Example
from .images import field_images, image_mark
from .jinja_template import render_jinja
from .messages import ImagePart, TextPart, readable
from .messages import Message as Message
from .program import MAIN, Program
from .prompt import Branch, Format, Prompt
from .words import count_unspaced

_NUMBER = re.compile(r"(?<![\w.,])[1-9][0-9]{3,}(?!\w|,[0-9])")
_BRACES = re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_]*)\}|[{}]")


# Words that begin a condition in languages other than English; Japanese ends it with one.
OTHER_CONDITION = re.compile(
    r"(?:wenn|falls|sofern|si|quand|lorsque|cuando|se|quando|als|indien|wanneer|om|hvis|jeśli|gdy|eğer|jika|nếu|если|когда)"
    r"(?!\w)|如果|如|若|假如|假设|当|當|凡|对于|對於|遇到|もし|만약|만일|.*(?:場合|とき|時|たら|なら|れば)(?:には|は|ば)?\Z",
    re.IGNORECASE | re.DOTALL,
)


def render(prompt: Prompt, example: Example) -> list[Message]:
    """The messages that ask the target about one example.

    If the instruction has placeholders for fields of the example, they are filled and nothing is appended. Otherwise
    the input follows the instruction. Other names in braces are literal. Demos go between the two, as turns or as text.
    Images of the example follow the text of the last message. A conversation keeps its roles: the prompt and its demos
    stand before it, unless the prompt has a place for it.
    """
    if example.conversation and not {"input", MESSAGES} & set(prompt.placeholders):
        return _render_conversation(prompt, example)
    messages = _render_text(prompt, example)
    if images := example.images:
        text = TextPart(type="text", text=messages[-1]["content"])
        messages[-1]["parts"] = (text, *(ImagePart(type="image", url=url) for url in images))
    return messages


def _render_conversation(prompt: Prompt, example: Example) -> list[Message]:
    """The prompt as the system message, joined with the conversation's own; demos; then the turns as they are."""
    style, values, demos = prompt.format, template_values(example), prompt.demos_for(example.text)
    texts = [prompt.system, instruction_text(prompt)]
    if prompt.template == "jinja" or any(name in values for name in prompt.placeholders):
        texts = [
            render_jinja(text, values) if prompt.template == "jinja" else fill_template(text, values) for text in texts
        ]
    turns = list(example.conversation)
    own = turns.pop(0)["content"] if turns[0]["role"] == "system" else ""
    as_text = style.demos == "text"
    blocks = [_demo_block(style, demo.input, demo.output, demo.rationale) for demo in demos] if as_text else []
    messages: list[Message] = []
    if system := _join(style.separator, *texts, *blocks, own):
        messages.append({"role": "system", "content": system})
    for demo in () if as_text else demos:
        messages.append({"role": "user", "content": _question_text(style, demo.input)})
        messages.append({"role": "assistant", "content": _answer_text(style, demo.output, demo.rationale)})
    return [*messages, *turns]


def _render_text(prompt: Prompt, example: Example) -> list[Message]:
    values = template_values(example)
    instruction = instruction_text(prompt)
    if prompt.template == "jinja" and not prompt.placeholders:
        # Without a field the input follows, as for any prompt; conditions and comments are rendered all the same.
        instruction = render_jinja(instruction, {})
        prompt = prompt.model_copy(update={"system": render_jinja(prompt.system, {}), "template": "braces"})
    if any(name in values for name in prompt.placeholders):
        return _render_template(prompt, instruction, values)
    style, demos = prompt.format, prompt.demos_for(example.text)
    system, opening, each = prompt.system, "", ""
    if style.placement == "system":
        system = _join(style.separator, prompt.system, instruction)
    elif style.placement == "first" or style.demos == "text":
        opening = instruction
    else:
        each = instruction
    question = _question_text(style, example.text)
    messages: list[Message] = [{"role": "system", "content": system}] if system else []
    if style.demos == "text":
        blocks = [_demo_block(style, demo.input, demo.output, demo.rationale) for demo in demos]
        messages.append({"role": "user", "content": _join(style.separator, opening, *blocks, question)})
        return messages
    for demo in demos:
        demo_question = _question_text(style, demo.input)
        messages.append({"role": "user", "content": _join(style.separator, opening, each, demo_question)})
        messages.append({"role": "assistant", "content": _answer_text(style, demo.output, demo.rationale)})
        opening = ""
    messages.append({"role": "user", "content": _join(style.separator, opening, each, question)})
    return messages


def instruction_text(prompt: Prompt) -> str:
    """The whole instruction without demos and input: instruction, sections, principles, branches, answer hint."""
    blocks = [prompt.instruction]
    blocks += [f"{section.name}:\n{section.text}" for section in prompt.sections]
    if prompt.principles:
        blocks.append("\n".join(f"- {principle}" for principle in prompt.principles))
    if prompt.branches:
        blocks.append("\n".join(_branch_lines(prompt.branches, depth=0)))
    blocks.append(prompt.format.answer_hint)
    return _join(prompt.format.separator, *blocks)


def program_instruction_text(program: Program) -> str:
    """The instruction of a program's only prompt, or each prompt's instruction under its name."""
    if len(program.prompts) == 1:
        return instruction_text(program.main)
    return "\n\n".join(f"{name}:\n{instruction_text(prompt)}" for name, prompt in program.prompts.items())


def with_shared_prompt(program: Program, name: str) -> Prompt:
    """A program's prompt as it is sent: the shared prompt, if there is one, precedes its system message."""
    prompt = program.prompts[name]
    if not program.shared or name == program.shared:
        return prompt
    shared = program.prompts[program.shared]
    return prompt.with_(system=_join("\n\n", shared.system, instruction_text(shared), prompt.system))


def program_text(program: Program) -> str:
    """What is sent to the target, with a marker like «input» in place of each field of the example."""
    texts = {name: prompt_text(program, name) for name in program.prompts if name != program.shared}
    if list(texts) == [MAIN] and program.router is None:
        return texts[MAIN]
    blocks = [f"=== {name} ===\n{text}" for name, text in texts.items()]
    return "\n\n".join([*blocks, *([f"=== which prompt ===\n{program.router}"] if program.router else [])])


def prompt_text(program: Program, name: str) -> str:
    """One prompt of a program as it is sent, with markers in place of the fields of the example."""
    prompt = with_shared_prompt(program, name)
    if prompt.kind != "prose":
        return prompt.instruction
    return messages_as_text(render(prompt, placeholder_example(prompt)))


def placeholder_example(prompt: Prompt) -> Example:
    """An example whose every field is its own name in guillemets."""
    if not prompt.placeholders:
        return Example(input="«input»")
    return Example(input={name: f"«{name}»" for name in ("input", *prompt.placeholders)})


def template_values(example: Example) -> dict[str, str]:
    """The values of placeholders: `input`, and each field of a mapping."""
    values = {"input": example.text}
    if isinstance(example.input, Mapping):
        values |= {name: str(value) for name, value in example.input.items()}
        values |= {name: image_mark(name) for name in field_images(example.input)}
        if example.conversation:
            values[MESSAGES] = conversation_as_text(example.conversation)
    return values


def fill_template(template: str, values: Mapping[str, str]) -> str:
    """Fill `{name}` once, from left to right; unknown names stay as they are.

    Doubled braces that pair up become single ones. Braces that pair up singly, as in nested JSON, are literal.
    """
    parts: list[str] = []
    open_braces: list[str] = []
    position = 0
    while (match := _BRACES.search(template, position)) is not None:
        parts.append(template[position : match.start()])
        brace, position = match[0], match.end()
        if match[1]:
            parts.append(values.get(match[1], brace))
            continue
        if brace in ("{", "{{"):
            open_braces.append(brace)
        elif brace == "}}" and open_braces[-1:] != ["{{"]:
            # The end of a single pair; the brace after it is read anew.
            brace, position = "}", match.start() + 1
            open_braces = open_braces[:-1]
        elif open_braces:
            open_braces.pop()
        parts.append(brace[0])
    return "".join([*parts, template[position:]])


def group_digits(text: str) -> str:
    """Write whole numbers of four digits and more in groups of three, from the right; decimals stay as they are.

    A model that reads numbers from the left in pieces of three compares and adds grouped ones more reliably.
    """
    return _NUMBER.sub(lambda match: f"{int(match[0]):,}", text)


def messages_as_text(messages: Sequence[Message]) -> str:
    """The messages as one readable text, for diffs and reports."""
    return "\n\n".join(f"[{message['role']}]\n{readable(message)}" for message in messages)


def _render_template(prompt: Prompt, instruction: str, values: Mapping[str, str]) -> list[Message]:
    fill = render_jinja if prompt.template == "jinja" else fill_template
    style, demos = prompt.format, prompt.demos_for(values["input"])
    values = {name: _format_input(style, value) for name, value in values.items()}
    system = fill(prompt.system, values)
    if style.placement == "system":
        system, question = _join(style.separator, system, fill(instruction, values)), values["input"]
    else:
        question = fill(instruction, values)
    messages: list[Message] = [{"role": "system", "content": system}] if system else []
    if demos and style.demos == "text":
        blocks = [_demo_block(style, demo.input, demo.output, demo.rationale) for demo in demos]
        question = _join(style.separator, *blocks, question)
    elif demos:
        for demo in demos:
            demo_input = _format_input(style, demo.input)
            inside = style.placement != "system"
            content = fill(instruction, {**values, "input": demo_input}) if inside else demo_input
            messages.append({"role": "user", "content": content})
            messages.append({"role": "assistant", "content": _answer_text(style, demo.output, demo.rationale)})
    messages.append({"role": "user", "content": question})
    return messages


def _format_input(style: Format, text: str) -> str:
    return group_digits(text) if style.numbers == "grouped" else text


def _question_text(style: Format, text: str) -> str:
    question = f"{style.input_prefix}{_format_input(style, text)}"
    return f"{question}\n{style.output_prefix}" if style.output_prefix else question


def _answer_text(style: Format, output: str, rationale: str | None) -> str:
    cased = {"as-is": output, "lower": output.lower(), "upper": output.upper(), "title": output.title()}[style.casing]
    return f"{rationale}\n{cased}" if rationale else cased


def _demo_block(style: Format, text: str, output: str, rationale: str | None) -> str:
    """A demo as text: the answer follows an output prefix on the same line, else on the next one."""
    gap = " " if style.output_prefix else "\n"
    return f"{_question_text(style, text)}{gap}{_answer_text(style, output, rationale)}"


def branch_text(branch: Branch) -> str:
    """A branch in words. A condition in another language keeps the word that it begins or ends with."""
    condition = branch.when if OTHER_CONDITION.match(branch.when) else f"If {branch.when}"
    colon = "：" if count_unspaced(branch.when) else ": "
    return f"{condition}{colon}{branch.then}"


def _branch_lines(branches: Sequence[Branch], depth: int) -> list[str]:
    lines: list[str] = []
    for branch in branches:
        lines.append(f"{'  ' * depth}- {branch_text(branch)}")
        lines += _branch_lines(branch.branches, depth + 1)
    return lines


def _join(separator: str, *blocks: str) -> str:
    return separator.join(block for block in blocks if block)
