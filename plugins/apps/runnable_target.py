"""The `runnable` target: a LangGraph agent, a LangChain Runnable or a function, with prompts that it names itself."""

from __future__ import annotations

import inspect
import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...core.dataset import Example
from ...core.errors import MaieuticError, PluginError, UsageError
from ...core.models import ModelRef, Output, Sampling
from ...core.program import Program
from ...core.prompt import Prompt
from ...core.protocols import Gateway, Need
from ...core.render import with_shared_prompt
from ..system.imports import call_function, load_object, parameters_of
from ..targets.callable import checked_own_calls
from .app_prompts import AppPrompts
from .app_trace import app_trace, model_steps, tool_recorder
from .binding import AppBinding, bind_app
from .factories import build_app, is_factory, is_runnable, resolve_app, takes_messages
from .prompt_forms import prompt_template, prompt_text
from .prompt_shapes import in_shape_of
from .tool_texts import ToolTexts, is_tool_text

_PROMPT_FORMS = ("text", "template")
# Candidates that are measured at once are fewer; an application is built in milliseconds.
_MAX_BUILT = 64
_ARGUMENT_NAMES = ("input", "prompts", "model", "config", "example")


class RunnableTarget:
    """Runs an application on an example.

    The application reads the prompts by name in any of these ways: `config["configurable"]["prompts"]`, the parameter
    `prompts` of a function or factory, `prompt_in_use(name, otherwise)`, or a field of its input. Its model calls are
    cached and counted if it uses the run's model: `config["configurable"]["chat_model"]`, the parameter `model` of a
    function or factory, or `model_in_use(otherwise)`. Calls of other models are charged as declared. Texts of the
    program that are named `tool:NAME` or `tool:NAME.ARGUMENT` are what that model reads of the application's tools.
    What the application raises is a PluginError, with the steps that led there in its `trace`.

    Args:
        app: The application, or `file.py:name` of it or of a factory `f(model)`, `f(prompts)` or `f(model, prompts)`.
        input: The field of its input for the example's text. `messages` passes a human message, `.` the text alone.
            Examples of several fields are passed as they are. By default `messages` for a graph that takes messages.
        output: The dotted path of the answer in the result. `messages` is the last message, `.` the result itself. By
            default `messages` for a graph that returns messages.
        form: `text`, or `template` for LangChain templates with the variable `input` and few-shot examples as turns.
        prompts: A field of the input for the prompts, if the application expects one.
        own_prompts: The application's own prompts by name, or `file.py:name` of them: those that the task does not
            name stay as they are, and the others are passed in the same shape, as a text, a message or a template.
        calls: The maximum number of calls to the run's model for one example.
        calls_per_example: Calls of other models for one example, which the budget is charged with.
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
        own_prompts: Mapping[str, Any] | str | None = None,
        calls: int = 1,
        calls_per_example: int | None = None,
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
        loaded = load_object(app, Path(folder)) if isinstance(app, str) else app
        own = load_object(own_prompts, Path(folder)) if isinstance(own_prompts, str) else own_prompts
        self._own_prompts: Mapping[str, Any] = {
            name: prompt_text(prompt) if isinstance(prompt, Prompt) else prompt for name, prompt in (own or {}).items()
        }
        self._factory = loaded if is_factory(loaded) else None
        self._app = None if self._factory else resolve_app(loaded)
        self._input, self._output, self._field, self._calls = input, output, prompts, calls
        self._form, self._sample = form, sample
        self._built: dict[str, Any] = {}
        self._has_run = self._has_asked = False
        self.calls_per_example = checked_own_calls(calls_per_example)
        self._sampling = Sampling(temperature=temperature, max_tokens=reply_tokens, top_logprobs=top_logprobs)

    async def run(self, program: Program, example: Example, model: ModelRef, gateway: Gateway) -> Output:
        binding = self._bind(program, model, gateway)
        try:
            with bind_app(binding):
                result = await self._invoke(binding, program, example)
        except MaieuticError as error:
            error.trace = app_trace(binding, error=error.what)
            raise
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            failure = binding.framework_error or _app_error(f"failed: {reason}", example)
            failure.trace = app_trace(binding, error=reason)
            raise failure from error
        finally:
            self._has_asked = self._has_asked or bool(binding.exchanges or binding.framework_error)
        if binding.framework_error is not None:
            raise binding.framework_error
        self._has_run = True
        return self._to_output(binding, result, example)

    @property
    def has_own_calls(self) -> bool:
        """Whether calls of other models are declared, or the application has run and never called the run's model."""
        return self.calls_per_example is not None or (self._has_run and not self._has_asked)

    def calls(self, program: Program) -> int:
        """The options `calls` and `calls_per_example`; a `calls` of 1 may just be the default."""
        return self._calls if self.calls_per_example is None else self.calls_per_example + self._calls - 1

    def _bind(self, program: Program, model: ModelRef, gateway: Gateway) -> AppBinding:
        binding = AppBinding(
            model=model,
            gateway=gateway,
            sampling=self._sampling,
            sample=self._sample,
            tool_texts=ToolTexts.of(program),
            sources={name: with_shared_prompt(program, name) for name in program.prompts if not is_tool_text(name)},
        )
        for name, prompt in binding.sources.items():
            is_text = self._form == "text"
            binding.prompts[name] = prompt_text(prompt) if is_text else prompt_template(name, prompt)
        return binding

    def _app_prompts(self, binding: AppBinding) -> AppPrompts:
        """What the application gets by name: the run's prompts, and its own beside them."""
        run_prompts = {
            name: in_shape_of(binding.sources[name], self._own_prompts.get(name)) if isinstance(value, str) else value
            for name, value in binding.prompts.items()
        }
        return AppPrompts({**self._own_prompts, **run_prompts})

    def _app_for(self, program: Program, prompts: AppPrompts) -> Any:
        """The application; of a factory that takes prompts, the one for this program."""
        if self._factory is None:
            return self._app
        if program.id not in self._built:
            if len(self._built) >= _MAX_BUILT:
                self._built.clear()
            self._built[program.id] = build_app(self._factory, prompts)
        return self._built[program.id]

    async def _invoke(self, binding: AppBinding, program: Program, example: Example) -> Any:
        from .chat import GatewayChat

        prompts, chat = self._app_prompts(binding), GatewayChat()
        app = self._app_for(program, prompts)
        configurable = {"prompts": prompts, "chat_model": chat, "thread_id": uuid.uuid4().hex}
        config = {"configurable": configurable, "callbacks": [tool_recorder(binding)]}
        app_input = self._app_input(app, example, prompts)
        if is_runnable(app):
            return await app.ainvoke(app_input, config)
        values = {"input": app_input, "prompts": prompts, "model": chat, "config": config, "example": example}
        accepted = parameters_of(app) or {}
        named = {name: values[name] for name in _ARGUMENT_NAMES if name in accepted and name != "input"}
        first = [name for name in accepted if name not in named][:1]
        if first == ["input"] and accepted["input"].kind is not inspect.Parameter.POSITIONAL_ONLY:
            return await call_function(app, input=app_input, **named)
        return await call_function(app, *(app_input for _ in first), **named)

    def _app_input(self, app: Any, example: Example, prompts: Mapping[str, Any]) -> Any:
        more = {self._field: dict(prompts)} if self._field else {}
        field = "messages" if self._input == "input" and takes_messages(app) else self._input
        if isinstance(example.input, Mapping) and not (field == "messages" and example.images):
            return {**example.input, **more}
        if field == "." or (not is_runnable(app) and field == "input"):
            return example.input
        if field == "messages":
            from langchain_core.messages import HumanMessage

            pictures = [{"type": "image_url", "image_url": {"url": url}} for url in example.images]
            content: Any = [{"type": "text", "text": example.text}, *pictures] if pictures else example.text
            return {"messages": [HumanMessage(content)], **more}
        return {field: example.text, **more}

    def _to_output(self, binding: AppBinding, result: Any, example: Example) -> Output:
        if isinstance(result, Mapping) and "__interrupt__" in result:
            raise _app_error("waits for a person (an interrupt), which a run cannot answer", example)
        value = _select_output(result, self._output, example)
        text = _text_of(value)
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
            trajectory=tuple(model_steps(binding)),
            trace=app_trace(binding, answer=text),
        )


def _select_output(result: Any, path: str, example: Example) -> Any:
    if path == "." or not isinstance(result, Mapping):
        return result
    if path == "output" and path not in result and "messages" in result:
        path = "messages"
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
    if callable(getattr(value, "model_dump_json", None)):
        return str(value.model_dump_json())
    if isinstance(value, Mapping) and value:
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value) if isinstance(value, bool | int | float) else None


def _app_error(what: str, example: Example) -> PluginError:
    return PluginError(
        f"the application {what}",
        where=f"target runnable, example {example.id}",
        remedy="run it alone on this example, and correct it",
    )
