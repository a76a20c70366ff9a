"""A structured prompt as an application keeps it that is written with LangChain's templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...core.dataset import Example
from ...core.prompt import Prompt
from ...core.render import render
from .binding import AppBinding

if TYPE_CHECKING:
    from langchain_core.prompt_values import ChatPromptValue
    from langchain_core.runnables import Runnable

TemplateInput = str | Mapping[str, Any]


def prompt_template(name: str, prompt: Prompt, binding: AppBinding) -> Runnable[TemplateInput, ChatPromptValue]:
    """What stands in for a `ChatPromptTemplate`: invoked with `{"input": text}`, or with fields, it gives the messages
    that ask about it, worked examples as turns. The binding notes which prompt gave them."""
    from langchain_core.messages import convert_to_messages
    from langchain_core.prompt_values import ChatPromptValue
    from langchain_core.runnables import RunnableLambda

    def messages(row: TemplateInput) -> ChatPromptValue:
        example = example_from_values(row)
        said = render(prompt, example)
        binding.rendered.append((name, example.text, tuple(said)))
        return ChatPromptValue(messages=convert_to_messages([dict(one) for one in said]))

    return RunnableLambda(messages, name=name)


def example_from_values(row: TemplateInput) -> Example:
    """A row as LangChain gives it: a text, `{"input": text}`, or fields."""
    alone = isinstance(row, Mapping) and set(row) == {"input"}
    return Example(input=row["input"] if alone else row)  # type: ignore[index]
