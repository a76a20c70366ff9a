"""What a run found, as parts of a LangChain application."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any, TypeVar

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable, RunnableLambda

from ..core.budget import Payer
from ..core.dataset import Example
from ..core.errors import NeedsError, UsageError
from ..core.models import Call, Reply
from ..core.program import MAIN, Program
from ..core.protocols import Target
from ..core.render import render, with_shared_prompt
from ..core.task import Task
from ..plugins.apps.prompt_template import TemplateInput, example_from_values
from ..plugins.exporters.langchain import LangChainExporter, load_templates

T = TypeVar("T")


@dataclass(frozen=True)
class ChatModelGateway:
    """Implements `core.contracts.Gateway` over a LangChain chat model: nothing is cached, counted or limited."""

    model: BaseChatModel

    async def complete(self, call: Call, payer: Payer) -> Reply:
        wanted: dict[str, Any] = {"stop": list(call.sampling.stop)} if call.sampling.stop else {}
        said = await self.model.ainvoke([(one["role"], one["content"]) for one in call.messages], **wanted)
        used = getattr(said, "usage_metadata", None) or {}
        return Reply(
            text=said.text,
            prompt_tokens=int(used.get("input_tokens", 0)),
            completion_tokens=int(used.get("output_tokens", 0)),
        )

    async def loss(self, call: Call, reference: str, payer: Payer) -> float:
        raise NeedsError("a LangChain chat model gives no losses", remedy="let Maieutic run the program")


def chat_prompt_template(program: Program, name: str | None = None) -> ChatPromptTemplate:
    """One prompt as a template, with what all share in front of it; the main one unless named. Raises UsageError for a
    name that it has not, and for what a template cannot say."""
    if name is not None and name not in program.prompts:
        raise UsageError(f"no prompt is called {name!r}", possible=sorted(program.prompts))
    prompt = with_shared_prompt(program, program.main_name if name is None else name)
    made: ChatPromptTemplate = load_templates(LangChainExporter().export(Program.of(prompt), "", None))[MAIN]
    return made


def run_blocking(work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine gives, for callers that cannot await: inside a running loop too, as in a notebook."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(copy_context().run, asyncio.run, work).result()


def program_runnable(
    program: Program, task: Task, target: Target, model: BaseChatModel
) -> Runnable[TemplateInput, BaseMessage]:
    """From a row, its text or its fields, to the message that answers it; routers, votes and pipelines included.

    A plain call streams as the model streams; what takes several calls comes whole. Of several tasks, the row names its
    own in the router's field.
    """
    if task.target.use == "chat" and target.calls(program) == 1:

        def ask(row: TemplateInput) -> list[tuple[str, str]]:
            example = _row_example(row, program)
            (name,) = program.prompts_for(example)
            return [(one["role"], one["content"]) for one in render(with_shared_prompt(program, name), example)]

        return RunnableLambda(ask, name="prompt") | model

    async def answer(row: TemplateInput) -> BaseMessage:
        output = await target.run(program, _row_example(row, program), task.models.target, ChatModelGateway(model))
        return AIMessage(output.text)

    def wait(row: TemplateInput) -> BaseMessage:
        return run_blocking(answer(row))

    return RunnableLambda(wait, answer, name="maieutic")


def _row_example(row: TemplateInput, program: Program) -> Example:
    """What names the row's task is no part of its input."""
    if program.router is None or not program.by_task or not isinstance(row, Mapping):
        return example_from_values(row)
    named = program.router.field
    example = example_from_values({name: value for name, value in row.items() if name != named})
    return example.model_copy(update={"metadata": {named: row.get(named)}})
