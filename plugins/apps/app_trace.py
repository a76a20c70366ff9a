"""The steps of an application's run, from its model calls and the tools that it ran."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from ...core.messages import Message, ToolCall, call_text, readable
from ...core.trace import TraceStep
from .binding import AppBinding, ToolRun
from .prompt_forms import prompt_name_in


def model_steps(binding: AppBinding) -> list[dict[str, str]]:
    """Each call with the name of its prompt, so that credit and failures go to the right one."""
    steps = []
    for messages, reply in binding.exchanges:
        name, question = _prompt_in_messages(binding, messages)
        if name:
            steps.append({"prompt": name, "input": question, "output": reply.text or _requests_text(reply.tool_calls)})
    return steps


def app_trace(binding: AppBinding, *, answer: str | None = None, error: str = "") -> tuple[TraceStep, ...]:
    """Every step of the run in order: model calls, the tools between them, and how it ended."""
    steps: list[TraceStep] = []
    runs = {run.call: run for run in binding.tool_runs if run.call}
    answered: set[str] = set()
    previous: tuple[Message, ...] = ()
    for number, (messages, reply) in enumerate(binding.exchanges):
        steps += _own_runs(binding, number)
        calls = {call["id"]: call for message in messages for call in message.get("tool_calls", ())}
        for message in messages:
            call = calls.get(message.get("tool_call_id", "")) if message["role"] == "tool" else None
            if call is not None and call["id"] not in answered:
                answered.add(call["id"])
                steps.append(_tool_step(call, runs.get(call["id"]), message["content"], binding))
        name, question = _prompt_in_messages(binding, messages)
        steps.append(
            TraceStep(
                kind="model",
                name=name,
                input=question if not _continues(previous, messages) else "",
                output=reply.text,
                requests=tuple(call_text(call) for call in reply.tool_calls),
                error="" if reply.finish in ("stop", "tool_calls") else reply.finish,
            )
        )
        previous = messages
    last_calls = binding.exchanges[-1][1].tool_calls if binding.exchanges else ()
    for call in last_calls:
        if call["id"] not in answered and (run := runs.get(call["id"])) is not None:
            steps.append(_tool_step(call, run, run.output, binding))
    steps += _own_runs(binding, len(binding.exchanges))
    if answer is not None:
        steps.append(TraceStep(kind="answer", output=answer))
    if error:
        steps.append(TraceStep(kind="error", error=error))
    return tuple(steps)


def tool_recorder(binding: AppBinding) -> Any:
    """A callback that records the tools which the application runs."""
    from langchain_core.callbacks import BaseCallbackHandler

    class ToolRecorder(BaseCallbackHandler):
        """Runs in the order of the tools' ends; a retry of the same call replaces its result."""

        run_inline = True

        def __init__(self) -> None:
            self._started: dict[UUID, tuple[str, str, str]] = {}

        def on_tool_start(
            self,
            serialized: Mapping[str, Any],
            input_str: str,
            *,
            run_id: UUID,
            inputs: Mapping[str, Any] | None = None,
            **kwargs: Any,
        ) -> None:
            arguments = _json(inputs) if inputs is not None else input_str
            name = str((serialized or {}).get("name") or kwargs.get("name") or "")
            self._started[run_id] = name, arguments, str(kwargs.get("tool_call_id") or "")

        def on_tool_end(self, output: Any, *, run_id: UUID, **kwargs: Any) -> None:
            failed = getattr(output, "status", "") == "error"
            text = str(getattr(output, "content", output))
            self._record(run_id, output="" if failed else text, error=text if failed else "")

        def on_tool_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
            self._record(run_id, error=f"{type(error).__name__}: {error}")

        def _record(self, run_id: UUID, *, output: str = "", error: str = "") -> None:
            name, arguments, call = self._started.pop(run_id, ("", "", ""))
            after = len(binding.exchanges)
            binding.tool_runs.append(
                ToolRun(name=name, arguments=arguments, call=call, output=output, error=error, after=after)
            )

    return ToolRecorder()


def _own_runs(binding: AppBinding, number: int) -> list[TraceStep]:
    """The tools that the application ran on its own before its n-th model call."""
    return [
        TraceStep(kind="tool", name=run.name, input=run.arguments, output=run.output, error=run.error)
        for run in binding.tool_runs
        if not run.call and run.after == number
    ]


def _tool_step(call: ToolCall, run: ToolRun | None, result: str, binding: AppBinding) -> TraceStep:
    failed = (run is not None and bool(run.error)) or call["id"] in binding.failed_calls
    error = (run.error if run is not None and run.error else result) if failed else ""
    return TraceStep(
        kind="tool", name=call["name"], input=call["arguments"], output="" if failed else result, error=error
    )


def _continues(previous: tuple[Message, ...], messages: tuple[Message, ...]) -> bool:
    """Whether a conversation only goes on, so that nothing but tool results is new to the model."""
    return bool(previous) and messages[: len(previous)] == previous and messages[-1]["role"] == "tool"


def _prompt_in_messages(binding: AppBinding, messages: tuple[Message, ...]) -> tuple[str, str]:
    """The name of the prompt in these messages, and the input that it was given; no name where there is none."""
    for name, question, rendered in reversed(binding.rendered):
        if messages[: len(rendered)] == rendered:
            return name, question
    texts = {name: prompt for name, prompt in binding.prompts.items() if isinstance(prompt, str)}
    speaker = prompt_name_in(texts, "\n".join(message["content"] for message in messages))
    questions = [message for message in messages if message["role"] == "user"] or messages[-1:]
    question = readable(questions[-1]) if questions else ""
    return (speaker or "", question.replace(texts[speaker], "").strip() if speaker else question)


def _requests_text(calls: tuple[ToolCall, ...]) -> str:
    return "\n".join(call_text(call) for call in calls)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
