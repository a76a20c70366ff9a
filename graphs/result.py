"""A run's result, also as parts of a LangChain application."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable, RunnableLambda

from ..core.budget import Payer
from ..core.dataset import Example
from ..core.errors import NeedsError, UsageError
from ..core.models import Call, Reply
from ..core.program import MAIN, Program
from ..core.prompt import Prompt
from ..core.protocols import Target
from ..core.render import render, with_shared_prompt
from ..core.report import Report
from ..core.task import Task
from ..plugins.apps.prompt_forms import TemplateInput, example_from_values
from ..plugins.exporters.langchain import LangChainExporter, load_templates
from .blocking import run_blocking as run_blocking
from .run_config import RunConfig


@dataclass(frozen=True, kw_only=True)
class Result:
    """The outcome of a run.

    Attributes:
        run: the run's id.
        state: `stopped` if a person ended it without a report; it can be resumed then.
        program: the winning program.
        candidate: its id.
        report: None for a stopped run.
    """

    run: str
    state: Literal["finished", "stopped"]
    program: Program
    candidate: str
    report: Report | None
    config: RunConfig | None = field(default=None, repr=False, compare=False)

    @property
    def setup(self) -> RunConfig | None:
        """The former name of `config`, for existing programs."""
        return self.config

    @property
    def prompt(self) -> Prompt:
        """The winning prompt of a program with one prompt; the main one of several."""
        return self.program.main

    def prompt_template(self, name: str | None = None) -> ChatPromptTemplate:
        """The winning prompt as a LangChain template.

        Args:
            name: of one prompt out of several; the main one if None.

        Raises:
            UsageError: the program has no such prompt, or the prompt has parts that a template cannot hold.
        """
        return chat_prompt_template(self.program, name)

    def runnable(self, model: BaseChatModel) -> Runnable[TemplateInput, BaseMessage]:
        """The winning program in front of a LangChain chat model.

        Args:
            model: answers the prompts; what it takes is neither cached nor limited.

        Returns:
            A Runnable from an example's input to the answering message, with invoke, batch, stream and their async
            forms; routers, votes and pipelines included.

        Raises:
            UsageError: this result was not returned by optimize or resume.
        """
        if self.config is None:
            raise UsageError("this result has no task", remedy="use the one that optimize or resume returned")
        return program_runnable(self.program, self.config.task, self.config.target, model)


@dataclass(frozen=True)
class ChatModelGateway:
    """Implements `core.protocols.Gateway` over a LangChain chat model: nothing is cached, counted or limited."""

    model: BaseChatModel

    async def complete(self, call: Call, payer: Payer) -> Reply:
        stop: dict[str, Any] = {"stop": list(call.sampling.stop)} if call.sampling.stop else {}
        answer = await self.model.ainvoke(_role_pairs(call.messages), **stop)
        usage = getattr(answer, "usage_metadata", None) or {}
        return Reply(
            text=answer.text,
            prompt_tokens=int(usage.get("input_tokens", 0)),
            completion_tokens=int(usage.get("output_tokens", 0)),
        )

    async def loss(self, call: Call, reference: str, payer: Payer) -> float:
        raise NeedsError("a LangChain chat model gives no losses", remedy="let Maieutic run the program")


def chat_prompt_template(program: Program, name: str | None = None) -> ChatPromptTemplate:
    """One prompt as a template, after the prompt that all share; the main one unless named. Raises UsageError for an
    unknown name, and for a prompt with parts that a template cannot hold."""
    if name is not None and name not in program.prompts:
        raise UsageError(f"no prompt is called {name!r}", possible=sorted(program.prompts))
    prompt = with_shared_prompt(program, program.main_name if name is None else name)
    exported = LangChainExporter().export(Program.of(prompt), "", None)
    template: ChatPromptTemplate = load_templates(exported)[MAIN]
    return template


def program_runnable(
    program: Program, task: Task, target: Target, model: BaseChatModel
) -> Runnable[TemplateInput, BaseMessage]:
    """From an input, its text or its fields, to the answering message; routers, votes and pipelines included.

    A plain call streams as the model streams; what takes several calls comes whole. With several tasks, the input names
    its own in the router's field.
    """
    if task.target.use == "chat" and target.calls(program) == 1:

        def to_messages(values: TemplateInput) -> list[tuple[str, str]]:
            example = _input_example(values, program)
            (name,) = program.prompts_for(example)
            return _role_pairs(render(with_shared_prompt(program, name), example))

        return RunnableLambda(to_messages, name="prompt") | model

    async def answer(values: TemplateInput) -> BaseMessage:
        example = _input_example(values, program)
        output = await target.run(program, example, task.models.target, ChatModelGateway(model))
        return AIMessage(output.text)

    def answer_blocking(values: TemplateInput) -> BaseMessage:
        return run_blocking(answer(values))

    return RunnableLambda(answer_blocking, answer, name="maieutic")


def _role_pairs(messages: Any) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in messages]


def _input_example(values: TemplateInput, program: Program) -> Example:
    """The field that names the example's task is no part of its input."""
    if program.router is None or not program.by_task or not isinstance(values, Mapping):
        return example_from_values(values)
    task_field = program.router.field
    example = example_from_values({name: value for name, value in values.items() if name != task_field})
    return example.model_copy(update={"metadata": {task_field: values.get(task_field)}})
