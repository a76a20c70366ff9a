"""An application's prompts in the shape in which it has them: a text, a message, or a template with its variables.

A template keeps its other messages, its placeholders for conversations and its variables; only the text of its
instruction changes: that of the first system message, else of the first message.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ...core.errors import UsageError
from ...core.prompt import Prompt
from .prompt_forms import prompt_text

_NAME = re.compile(r"\{([A-Za-z_][\w.\[\]]*)(?:![rsa])?(?::[^{}]*)?\}")


def prompt_from(value: Any, *, where: str = "prompts") -> Prompt:
    """The prompt in a text, a message or a LangChain template. Variables of a template are text: the app fills them.

    Raises UsageError for anything else.
    """
    if isinstance(value, Prompt):
        return value
    if isinstance(value, str):
        return Prompt(instruction=value)
    text = _instruction_of(value)
    if text is None:
        raise UsageError(
            f"a {type(value).__name__} is no prompt",
            where=where,
            possible=("a text", "a LangChain message", "a ChatPromptTemplate or PromptTemplate", "a Prompt"),
        )
    variables = _variables(value)
    if _is_f_string(value):
        text = _unescape(text)
    return Prompt(instruction=text, literals=tuple(variables))


def in_shape_of(prompt: Prompt, original: Any) -> Any:
    """A prompt as the application has its own: the same type, with the new text in the place of the old one.

    A variable that the new text no longer has stands at its end: without it, the input would not reach the model.
    """
    text = prompt_text(prompt)
    if isinstance(original, str | Prompt) or original is None:
        return text
    index = _instruction_index(original)
    if index is None:
        return original.model_copy(update={"content": text})
    part = _part(original, index)
    template = _template_text(part)
    variables = _text_variables(template, part)
    if _is_f_string(part):
        text = _escape(text, variables)
        absent = [name for name in variables if f"{{{name}}}" not in text]
        text = "\n\n".join([text, *(f"{{{name}}}" for name in absent)])
    else:
        absent = [name for name in variables if not re.search(rf"\{{[{{%][^}}]*\b{re.escape(name)}\b", text)]
        text = "\n\n".join([text, *(f"{{{{ {name} }}}}" for name in absent)])
    return _with_text(original, index, text)


def _instruction_of(value: Any) -> str | None:
    """The text of a message or a template."""
    if isinstance(getattr(value, "content", None), str) and hasattr(value, "type"):
        return str(value.content)
    index = _instruction_index(value)
    return None if index is None else _template_text(_part(value, index))


def _instruction_index(value: Any) -> int | None:
    """-1 for a template of one text; of a chat template, the place of its instruction; None for neither."""
    if isinstance(getattr(value, "template", None), str):
        return -1
    parts = getattr(value, "messages", None)
    if not isinstance(parts, Sequence) or isinstance(value, str):
        return None
    texts = [index for index, part in enumerate(parts) if _template_text(part)]
    systems = [index for index in texts if "system" in type(parts[index]).__name__.lower()]
    return next(iter([*systems, *texts]), None)


def _part(value: Any, index: int) -> Any:
    return value if index < 0 else value.messages[index]


def _template_text(part: Any) -> str:
    """The text of a template or of one message of it; empty where it has none."""
    if isinstance(getattr(part, "template", None), str):
        return str(part.template)
    inner: Any = getattr(part, "prompt", None)
    if isinstance(getattr(inner, "template", None), str):
        return str(inner.template)
    return part.content if isinstance(getattr(part, "content", None), str) else ""


def _variables(value: Any) -> list[str]:
    index = _instruction_index(value)
    if index is None:
        return []
    part = _part(value, index)
    return _text_variables(_template_text(part), part)


def _text_variables(text: str, part: Any) -> list[str]:
    names = getattr(part, "input_variables", None) or getattr(getattr(part, "prompt", None), "input_variables", None)
    if not names:
        return []
    in_order = [name for name in dict.fromkeys(_NAME.findall(text)) if name in names]
    return [*in_order, *(name for name in names if name not in in_order)]


def _is_f_string(value: Any) -> bool:
    index = _instruction_index(value)
    part = value if index is None else _part(value, index)
    inner = getattr(part, "prompt", part)
    return str(getattr(inner, "template_format", "f-string")) == "f-string" and not hasattr(part, "content")


def _unescape(text: str) -> str:
    return text.replace("{{", "{").replace("}}", "}")


def _escape(text: str, variables: Sequence[str]) -> str:
    """Braces doubled, but for those around variables."""
    doubled = text.replace("{", "{{").replace("}", "}}")
    for name in variables:
        doubled = doubled.replace(f"{{{{{name}}}}}", f"{{{name}}}")
    return doubled


def _with_text(original: Any, index: int, text: str) -> Any:
    if index < 0:
        return type(original).from_template(text, template_format=original.template_format)
    part = original.messages[index]
    if hasattr(part, "content"):
        changed = part.model_copy(update={"content": text})
    else:
        changed = type(part).from_template(text, template_format=part.prompt.template_format)
    messages = list(original.messages)
    messages[index] = changed
    copy = type(original)(messages)
    return copy.partial(**original.partial_variables) if original.partial_variables else copy
