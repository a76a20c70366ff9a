"""The `runnable` target: a LangGraph agent, a LangChain Runnable or a function, with prompts that it names itself."""

from __future__ import annotations

import inspect
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...core.dataset import Example
from ...core.errors import MaieuticError, PluginError, UsageError
from ...core.models import ModelRef, Output, Sampling
from ...core.program import Program
from ...core.protocols import Gateway, Need
from ...core.render import Message, with_shared_prompt
from ..system.imports import call_function, load_object, parameters_of
from .binding import AppBinding, bind_app
from .prompt_forms import prompt_name_in, prompt_template, prompt_text

_PROMPT_FORMS = ("text", "template")
_ARGUMENT_NAMES = ("input", "prompts", "model", "config", "example")


class RunnableTarget:
    """Runs an application on an example.

    The application reads the prompts by name in any of these ways: `config["configurable"]["prompts"]`, the parameter
    `prompts` of a function, `prompt_in_use(name, otherwise)`, or a field of its input. Its model calls are cached and
    counted if it uses the run's model: `config["configurable"]["chat_model"]`, the parameter `model` of a function or
    factory, or `model_in_use(otherwise)`. Calls of other models are not counted. What the application raises is a
    PluginError.

    Args:
        app: The application, or `file.py:name` of it or of a factory `f(model)`.
        input: The field of its input for the example's text. `messages` passes a human message, `.` the text alone.
            Examples of several fields are passed as they are.
        output: The dotted path of the answer in the result. `messages` is the last message, `.` the result itself.
        form: `text`, or `template` for LangChain templates with the variable `input` and few-shot examples as turns.
        prompts: A field of the input for the prompts, if the application expects one.
        calls: The maximum number of model calls of one run.
        reply_tokens: The token limit of each reply.
    """

    name = "runnable"

    def __init__(
        self,
        app: Any,
        *,
        input: str = "input",
        output: str = "output",
        form: str = "text",
        prompts: str = "",
        calls: int = 1,
        temperature: float = 0.0,
        reply_tokens: int = 256,
        top_logprobs: int = 0,
        sample: int = 0,
        folder: str = ".",
    ) -> None:
        if calls < 1:
            raise UsageError(f"calls must be at least 1, got {calls}", where="[target] calls")
        if form not in _PROMPT_FORMS:
            raise UsageError(f"unknown form {form!r}", where="[target] form", possible=_PROMPT_FORMS)
        self.needs: frozenset[Need] = frozenset({"logprobs"} if top_logprobs else ())
        self._app = _resolve_app(load_object(app, Path(folder)) if isinstance(app, str) else app)
        self._input, self._output, self._field, self._calls = input, output, prompts, calls
        self._form, self._sample = form, sample
        self._has_run = self._has_asked = False
        self._sampling = Sampling(temperature=temperature, max_tokens=reply_tokens, top_logprobs=top_logprobs)

    async def run(self, program: Program, example: Example, model: ModelRef, gateway: Gateway) -> Output:
        binding = AppBinding(model=model, gateway=gateway, sampling=self._sampling, sample=self._sample)
        for name in program.prompts:
            prompt = with_shared_prompt(program, name)
            binding.prompts[name] = (
                prompt_text(prompt) if self._form == "text" else prompt_template(name, prompt, binding)
            )
        try:
            with bind_app(binding):
                result = await self._invoke(binding, example)
        except MaieuticError:
            raise
        except Exception as error:
            raise binding.framework_error or _app_error(f"failed: {type(error).__name__}: {error}", example) from error
        finally:
            self._has_asked = self._has_asked or bool(binding.exchanges or binding.framework_error)
        if binding.framework_error is not None:
            raise binding.framework_error
        self._has_run = True
        return self._to_output(binding, result, example)

    @property
    def has_own_calls(self) -> bool:
        """Whether the application has run, and never called the run's model."""
        return self._has_run and not self._has_asked

    def calls(self, program: Program) -> int:
        """The option `calls`. Calls of other models are not counted."""
        return self._calls

    async def _invoke(self, binding: AppBinding, example: Example) -> Any:
        from .chat import GatewayChat

        prompts, chat = dict(binding.prompts), GatewayChat()
        configurable = {"prompts": prompts, "chat_model": chat, "thread_id": uuid.uuid4().hex}
        config = {"configurable": configurable}
        app_input = self._app_input(example, prompts)
        if _is_runnable(self._app):
            return await self._app.ainvoke(app_input, config)
        values = {"input": app_input, "prompts": prompts, "model": chat, "config": config, "example": example}
        accepted = parameters_of(self._app) or {}
        named = {name: values[name] for name in _ARGUMENT_NAMES if name in accepted and name != "input"}
        first = [name for name in accepted if name not in named][:1]
        return await call_function(self._app, *(app_input for _ in first), **named)

    def _app_input(self, example: Example, prompts: Mapping[str, Any]) -> Any:
        more = {self._field: dict(prompts)} if self._field else {}
        if isinstance(example.input, Mapping):
            return {**example.input, **more}
        if self._input == "." or (not _is_runnable(self._app) and self._input == "input"):
            return example.input
        if self._input == "messages":
            from langchain_core.messages import HumanMessage

            return {"messages": [HumanMessage(example.text)], **more}
        return {self._input: example.text, **more}

    def _to_output(self, binding: AppBinding, result: Any, example: Example) -> Output:
        if isinstance(result, Mapping) and "__interrupt__" in result:
            raise _app_error("waits for a person (an interrupt), which a run cannot answer", example)
        text = _text_of(_select_output(result, self._output, example))
        if text is None:
            raise _app_error(f"returned {type(result).__name__}, not a text: {result!r:.200}", example)
        replies = [reply for _, reply in reversed(binding.exchanges)]
        if replies and replies[0].text.strip() != text.strip():
            # The application changed the last reply, so its log-probabilities belong to another text.
            replies[0] = replies[0].model_copy(update={"top_logprobs": ()})
        return Output(
            text=text,
            messages=binding.exchanges[-1][0] if binding.exchanges else (),
            replies=tuple(replies),
            trajectory=tuple(_trajectory(binding)),
        )


def _trajectory(binding: AppBinding) -> list[dict[str, str]]:
    """Each call with the name of its prompt, so that credit and failures go to the right one."""
    steps = []
    for messages, reply in binding.exchanges:
        if match := _prompt_in_messages(binding, messages):
            name, question = match
            steps.append({"prompt": name, "input": question, "output": reply.text})
    return steps


def _prompt_in_messages(binding: AppBinding, messages: tuple[Message, ...]) -> tuple[str, str] | None:
    """The name of the prompt in these messages, and the input that it was given."""
    for name, question, rendered in reversed(binding.rendered):
        if rendered == messages:
            return name, question
    texts = {name: prompt for name, prompt in binding.prompts.items() if isinstance(prompt, str)}
    speaker = prompt_name_in(texts, "\n".join(message["content"] for message in messages))
    if speaker is None:
        return None
    return speaker, messages[-1]["content"].replace(texts[speaker], "").strip()


def _resolve_app(app: Any) -> Any:
    """The application, from a factory that takes only the model, or from a graph that is not compiled."""
    parameters = parameters_of(app) if inspect.isfunction(app) else None
    required = [n for n, p in (parameters or {}).items() if p.default is p.empty]
    if parameters is not None and required in (["model"], ["chat_model"]):
        from .chat import GatewayChat

        app = app(GatewayChat())
    elif parameters == {}:
        app = app()
    if not _is_runnable(app) and callable(getattr(app, "compile", None)):
        app = app.compile()
    if not _is_runnable(app) and not callable(app):
        raise UsageError(
            f"a {type(app).__name__} is not an application",
            where="[target] app",
            possible=("a LangGraph graph", "a LangChain Runnable", "a function", "a factory f(model)"),
        )
    return app


def _is_runnable(app: Any) -> bool:
    return callable(getattr(app, "ainvoke", None))


def _select_output(result: Any, path: str, example: Example) -> Any:
    if path == "." or not isinstance(result, Mapping):
        return result
    value: Any = result
    for part in path.split("."):
        if not isinstance(value, Mapping) or part not in value:
            available = sorted(map(str, value)) if isinstance(value, Mapping) else [type(value).__name__]
            raise UsageError(
                f"the application's result has no {path!r}",
                where=f"[target] output, example {example.id}",
                possible=available,
                remedy='name the field that holds the answer, or output = "." for the result itself',
            )
        value = value[part]
    return value


def _text_of(value: Any) -> str | None:
    if isinstance(value, list) and value:
        value = value[-1]
    if isinstance(value, str):
        return value
    if isinstance(getattr(value, "type", None), str) and hasattr(value, "content"):
        return str(value.text)
    return str(value) if isinstance(value, bool | int | float) else None


def _app_error(what: str, example: Example) -> PluginError:
    return PluginError(
        f"the application {what}",
        where=f"target runnable, example {example.id}",
        remedy="run it alone on this example, and correct it",
    )
