"""How an application receives a structured prompt: as one text, or as a LangChain template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...core.dataset import Example
from ...core.prompt import Prompt
from ...core.render import instruction_text, render
from .binding import current_binding

_INPUT_MARK = "#{}#"


def prompt_text(prompt: Prompt) -> str:
    """All of the prompt before the input: system, instruction with its parts, few-shot examples.

    Placeholders stay in braces, for the application to fill.
    """
    demos_only = prompt.with_(
        system="",
        instruction="",
        sections=(),
        principles=(),
        branches=(),
        format=prompt.format.model_copy(update={"demos": "text", "answer_hint": "", "placement": "user"}),
    )
    mark = _INPUT_MARK.format(prompt.id)
    demos = render(demos_only, Example(input=mark))[-1]["content"].partition(f"{prompt.format.input_prefix}{mark}")[0]
    blocks = [prompt.system, instruction_text(prompt), demos.strip()]
    return "\n\n".join(block for block in blocks if block)


def prompt_name_in(wordings: dict[str, str], conversation: str) -> str | None:
    """The name of the prompt whose text a conversation contains: the longest, if several match."""
    names = [name for name, text in wordings.items() if text and text in conversation]
    return max(names, key=lambda name: len(wordings[name]), default=None)


if TYPE_CHECKING:
    from langchain_core.prompt_values import ChatPromptValue
    from langchain_core.runnables import Runnable

TemplateInput = str | Mapping[str, Any]


def prompt_template(name: str, prompt: Prompt) -> Runnable[TemplateInput, ChatPromptValue]:
    """A replacement for a `ChatPromptTemplate`: invoked with `{"input": text}`, or with fields, it returns messages.

    Few-shot examples are chat turns. The binding of the example that is running records which prompt rendered which
    messages: an application that a factory built keeps its templates for all examples.
    """
    from langchain_core.messages import convert_to_messages
    from langchain_core.prompt_values import ChatPromptValue
    from langchain_core.runnables import RunnableLambda

    def messages(values: TemplateInput) -> ChatPromptValue:
        example = example_from_values(values)
        rendered = render(prompt, example)
        if (binding := current_binding()) is not None:
            binding.rendered.append((name, example.text, tuple(rendered)))
        return ChatPromptValue(messages=convert_to_messages([dict(message) for message in rendered]))

    return RunnableLambda(messages, name=name)


def example_from_values(values: TemplateInput) -> Example:
    """An example from values as LangChain passes them: a text, `{"input": text}`, or fields."""
    is_text = isinstance(values, Mapping) and set(values) == {"input"}
    return Example(input=values["input"] if is_text else values)  # type: ignore[index]
