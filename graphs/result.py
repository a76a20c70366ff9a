"""A run's result, also as parts of a LangChain application."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
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
from ..core.render import program_text, render, with_shared_prompt
from ..core.report import Report
from ..core.task import Task
from ..plugins.apps.prompt_forms import TemplateInput, example_from_values
from ..plugins.exporters.langchain import LangChainExporter, load_templates
from ..runtime.reports.text import summary_lines
from .blocking import run_blocking as run_blocking
from .result_html import result_html
from .result_tables import ResultTables, read_tables, to_frame
from .run_config import RunConfig

_FORMAT = "maieutic-result-1"


@dataclass(frozen=True, kw_only=True)
class Result:
    """The outcome of a run.

    Attributes:
        run: the run's id.
        state: `stopped` if a person ended it without a report; it can be resumed then.
        program: the winning program.
        candidate: its id.
        report: None for a stopped run.

    `print(result)` shows verdict and prompt, and so does the last line of a notebook's cell.
    """

    run: str
    state: Literal["finished", "stopped"]
    program: Program
    candidate: str
    report: Report | None
    config: RunConfig | None = field(default=None, repr=False, compare=False)
    tables: ResultTables | None = field(default=None, repr=False, compare=False)

    @property
    def setup(self) -> RunConfig | None:
        """The former name of `config`, for existing programs."""
        return self.config

    @property
    def prompt(self) -> Prompt:
        """The winning prompt of a program with one prompt; the main one of several."""
        return self.program.main

    def candidates(self) -> list[dict[str, Any]]:
        """All candidates, best first: id, score on val with its interval, n, status, operator, parents, round, prompt.

        Raises:
            UsageError: the run's store is gone, and the result was not saved.
        """
        return [dict(row) for row in self._tables().candidates]

    def examples(self) -> list[dict[str, Any]]:
        """The examples of the claim, the held-out ones: input, expected, outputs and scores of baseline and best.

        Raises:
            UsageError: the run's store is gone, and the result was not saved.
        """
        return [dict(row) for row in self._tables().examples]

    def to_pandas(self, table: Literal["candidates", "examples"] = "candidates") -> Any:
        """The candidates or the examples as a pandas DataFrame.

        Raises:
            UsageError: pandas is not installed, or there is no such table.
        """
        if table not in ("candidates", "examples"):
            raise UsageError(f"a result has no table {table!r}", possible=("candidates", "examples"))
        return to_frame(self.candidates() if table == "candidates" else self.examples())

    def save(self, path: str | Path) -> Path:
        """Write the result with its tables to a JSON file, which `Result.load` reads without the store.

        Returns:
            The file.
        """
        tables = self._tables().model_dump(mode="json")
        report = self.report.model_dump(mode="json") if self.report else None
        body = {"format": _FORMAT, "run": self.run, "state": self.state, "candidate": self.candidate}
        text = json.dumps({**body, "program": self.program.parts(), "report": report, **tables}, ensure_ascii=False)
        Path(path).write_text(f"{text}\n", encoding="utf-8")
        return Path(path)

    @classmethod
    def load(cls, path: str | Path) -> Result:
        """Read a result that `save` wrote. It has no `config`, and so no `runnable`.

        Raises:
            UsageError: what is no such file.
        """
        try:
            body = json.loads(Path(path).read_text(encoding="utf-8"))
            if body["format"] != _FORMAT:
                raise ValueError(body["format"])
            return cls(
                run=body["run"],
                state=body["state"],
                program=Program.model_validate(body["program"]),
                candidate=body["candidate"],
                report=Report.model_validate(body["report"]) if body["report"] else None,
                tables=ResultTables.model_validate(body),
            )
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise UsageError(
                f"this is no saved result: {type(error).__name__}",
                where=str(path),
                remedy="name a file that Result.save wrote; resume(run) gives the result of a run in a store",
            ) from error

    def __str__(self) -> str:
        return "\n".join([*self._summary(), "", program_text(self.program)])

    def _repr_html_(self) -> str:
        verdict, *facts = self._summary()
        before = {"baseline": self.report.prompt.start} if self.report else {}
        try:
            candidates = self.candidates()
        except UsageError:
            candidates = []
        return result_html(verdict, facts, {**before, "best prompt": program_text(self.program)}, candidates)

    def _summary(self) -> list[str]:
        if self.report is None:
            return [f"run {self.run} was stopped before its report; resume({self.run!r}) continues it"]
        return summary_lines(self.report)

    def _tables(self) -> ResultTables:
        if self.tables is not None:
            return self.tables
        if self.config is None:
            raise UsageError("this result has no store", remedy="use the one that optimize, resume or load returned")
        return read_tables(self.config.folder, self.run, self.candidate)

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
