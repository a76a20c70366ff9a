"""`optimize_prompt` as a LangChain tool, for agents that improve prompts themselves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from langchain_core.tools import StructuredTool
from pydantic import BaseModel, Field

from ...core.answer import AnswerContract
from ...core.budget import Budget
from ...core.dataset import Dataset, Example
from ...core.program import Program
from ...core.render import instruction_text
from ...core.task import Models, Task
from ..api import aoptimize
from ..blocking import run_blocking
from ..result import Result

_DESCRIPTION = (
    "Improve a prompt on examples and measure the gain on examples that were kept aside. Gives the better prompt, "
    "the scores before and after, and a verdict: improved, no evidence of improvement, or worse."
)


class PromptExample(BaseModel):
    """An example as an agent gives it."""

    input: str = Field(description="what the model is given")
    output: str = Field(description="what it should answer")


class OptimizePromptInput(BaseModel):
    """The tool's arguments."""

    prompt: str = Field(description="the prompt as it is now")
    examples: list[PromptExample] = Field(
        description="30 examples or more; two thirds are kept aside to measure", min_length=12
    )
    description: str = Field(default="", description="what the task is about")
    labels: list[str] = Field(default_factory=list, description="the possible answers, where they are few")
    calls: int = Field(default=400, gt=0, description="the most model calls it may take")


def optimize_tool(
    *,
    models: Models | None = None,
    most_calls: int = 400,
    folder: Path | str = ".maieutic",
    recipe: str = "auto",
    options: Mapping[str, Any] | None = None,
) -> StructuredTool:
    """`optimize` as a LangChain tool.

    Args:
        models: the embedded model if None.
        most_calls: what an agent may spend at a time, whatever it asks for.
        folder: where the store lives.
        recipe: the method.
        options: further ones of `aoptimize`.

    Returns:
        The tool `optimize_prompt`.
    """

    async def optimize_prompt(
        prompt: str,
        examples: list[PromptExample],
        description: str = "",
        labels: list[str] | None = None,
        calls: int = 400,
    ) -> dict[str, Any]:
        rows = [Example(input=example.input, outputs=(example.output,)) for example in examples]
        task = Task(
            name="prompt",
            description=description,
            program=Program.of(prompt),
            data=Dataset.split_by_hash({row.id: row for row in rows}.values()),
            answer=AnswerContract(type="label", labels=tuple(labels)) if labels else AnswerContract(),
            models=models or Models(),
        ).check()
        budget = Budget(calls=min(calls, most_calls))
        return _summary(await aoptimize(task, recipe=recipe, budget=budget, folder=folder, **dict(options or {})))

    def optimize_prompt_blocking(**arguments: Any) -> dict[str, Any]:
        return run_blocking(optimize_prompt(**arguments))

    return StructuredTool.from_function(
        func=optimize_prompt_blocking,
        coroutine=optimize_prompt,
        name="optimize_prompt",
        description=_DESCRIPTION,
        args_schema=OptimizePromptInput,
    )


def _summary(result: Result) -> dict[str, Any]:
    """What the agent is given back."""
    report = result.report
    if report is None:
        return {"run": result.run, "verdict": "stopped by a person", "prompt": instruction_text(result.prompt)}
    return {
        "run": result.run,
        "verdict": report.verdict,
        "prompt": report.prompt.best,
        "before": report.start.score,
        "after": report.best.score,
        "difference": report.difference.model_dump(mode="json") if report.difference else None,
    }
