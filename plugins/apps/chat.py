"""The run's model as a LangChain chat model, so that an application's calls are cached, budgeted and counted."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, Literal, TypeVar, cast

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.language_models.base import LangSmithParams
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.output_parsers import JsonOutputParser, PydanticOutputParser
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableMap, RunnablePassthrough
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_json_schema, convert_to_openai_tool
from langchain_core.utils.pydantic import is_basemodel_subclass

from ...core.errors import UsageError
from .binding import AppBinding, current_binding
from .chat_messages import ai_message, answer_chunks, sampling_changes, to_messages, tool_choice_name, tool_use

M = TypeVar("M")
StructuredMethod = Literal["function_calling", "json_schema", "json_mode"]


class GatewayChat(BaseChatModel):
    """A LangChain chat model that calls the target model of the current run; outside of a run, `otherwise` answers.

    Tools, structured outputs, images, streaming and async calls work as with any chat model. Each call is charged to
    the run and cached, tool calls included; an answer is stored whole before it is streamed. Of the options of a call,
    `temperature`, `max_tokens`, `seed`, `stop`, `tools`, `tool_choice`, `parallel_tool_calls` and `response_format`
    are used.

    Args:
        otherwise: The application's own model.
        temperature: For every call; the run's by default.
        max_tokens: The limit on each answer; the run's by default.
        seed: For every call.
        stop: Texts that end an answer.

    Raises:
        UsageError: There is neither a run nor another model, or a message has audio or a file.
        MaieuticError: What the run's gateway raises.
    """

    otherwise: BaseChatModel | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    stop: list[str] | None = None

    @property
    def _llm_type(self) -> str:
        return "maieutic"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        binding = self._binding()
        return {"model": binding.model.id} if binding else {}

    def _binding(self) -> AppBinding | None:
        return current_binding()

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        binding = self._binding()
        params = super()._get_ls_params(stop=stop, **kwargs)
        params["ls_provider"] = binding.model.provider if binding else "maieutic"
        params["ls_model_name"] = kwargs.get("model") or (binding.model.name if binding else "the run's model")
        return params

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        binding = self._binding()
        if binding is None:
            model, options = self._fallback_model(kwargs)
            return model._generate(messages, stop, run_manager, **options)
        changes = sampling_changes(self._options(stop), kwargs)
        reply = binding.complete_blocking(to_messages(messages, binding.failed_calls), changes, tool_use(kwargs))
        return _result(ai_message(reply, binding.model.id))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        binding = self._binding()
        if binding is None:
            model, options = self._fallback_model(kwargs)
            return await model._agenerate(messages, stop, run_manager, **options)
        changes = sampling_changes(self._options(stop), kwargs)
        reply = await binding.complete(to_messages(messages, binding.failed_calls), changes, tool_use(kwargs))
        return _result(ai_message(reply, binding.model.id))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        if self._binding() is None:
            model, options = self._fallback_model(kwargs)
            if type(model)._stream is not BaseChatModel._stream:
                yield from model._stream(messages, stop, run_manager, **options)
                return
        message = self._generate(messages, stop, run_manager, **kwargs).generations[0].message
        for chunk in answer_chunks(message):
            if run_manager and chunk.text:
                run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        if self._binding() is None:
            model, options = self._fallback_model(kwargs)
            if type(model)._astream is not BaseChatModel._astream:
                async for chunk in model._astream(messages, stop, run_manager, **options):
                    yield chunk
                return
        message = (await self._agenerate(messages, stop, run_manager, **kwargs)).generations[0].message
        for chunk in answer_chunks(message):
            if run_manager and chunk.text:
                await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | bool | dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """The model with tools that it may call.

        Args:
            tools: Tools, functions, pydantic classes or OpenAI's descriptions.
            tool_choice: `auto`, `none`, `any` or `required`, or the name of the tool that must be called.
            **kwargs: Further options of each call.
        """
        choice = {} if tool_choice is None else {"tool_choice": tool_choice_name(tool_choice)}
        strict = kwargs.pop("strict", None)
        return self.bind(tools=[convert_to_openai_tool(tool, strict=strict) for tool in tools], **choice, **kwargs)

    def with_structured_output(
        self,
        schema: dict[str, Any] | type,
        *,
        method: StructuredMethod = "function_calling",
        include_raw: bool = False,
        strict: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, Any]:
        """The model with answers of the form of a schema.

        Args:
            schema: A pydantic class, a TypedDict, a JSON schema or OpenAI's description of a function.
            method: `function_calling` asks for a tool of that form, `json_schema` for a text that keeps to the schema,
                `json_mode` for JSON of any form, which the prompt has to describe.
            include_raw: Whether the result is `{"raw", "parsed", "parsing_error"}`.
            strict: Whether the endpoint has to keep to the schema.
        """
        if method == "function_calling":
            return super().with_structured_output(schema, include_raw=include_raw, **kwargs)
        is_class = isinstance(schema, type) and is_basemodel_subclass(schema)
        form: dict[str, Any] = {"type": "json_object"}
        if method == "json_schema":
            json_schema = convert_to_json_schema(schema)
            name = re.sub(r"[^\w-]", "_", str(json_schema.get("title") or "answer"))[:64]
            strictly = {} if strict is None else {"strict": strict}
            form = {"type": "json_schema", "json_schema": {"name": name, "schema": json_schema, **strictly}}
        format_note = {"kwargs": {"method": method}, "schema": schema}
        model = self.bind(response_format=form, ls_structured_output_format=format_note)
        schema_class: Any = schema
        parser: Any = PydanticOutputParser(pydantic_object=schema_class) if is_class else JsonOutputParser()
        if not include_raw:
            return cast("Runnable[LanguageModelInput, Any]", model | parser)
        parsed = RunnablePassthrough.assign(parsed=itemgetter("raw") | parser, parsing_error=lambda _: None)
        unparsed = RunnablePassthrough.assign(parsed=lambda _: None)
        return RunnableMap(raw=model) | parsed.with_fallbacks([unparsed], exception_key="parsing_error")

    def _options(self, stop: list[str] | None) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in ("temperature", "max_tokens", "seed")}
        return {**own, "stop": stop or self.stop}

    def _fallback_model(self, options: Mapping[str, Any]) -> tuple[BaseChatModel, dict[str, Any]]:
        """The application's own model, and the options of the call with the tools spelled in that model's way."""
        if self.otherwise is None:
            raise UsageError(
                "GatewayChat is called outside of a run, and has no other model",
                remedy="pass the application's own: GatewayChat(otherwise=MODEL)",
            )
        options = {name: value for name, value in options.items() if name != "ls_structured_output_format"}
        tools = options.pop("tools", None)
        if not tools:
            return self.otherwise, options
        choice = {"tool_choice": options.pop("tool_choice")} if "tool_choice" in options else {}
        if choice == {"tool_choice": "required"}:  # Anthropic's model would take OpenAI's word for the name of a tool
            choice = {"tool_choice": "any"}
        bound: Any = self.otherwise.bind_tools(tools, **choice)
        return bound.bound, {**bound.kwargs, **options}


def model_in_use(otherwise: M) -> M | Any:
    """The run's model as a LangChain chat model, or the application's own outside of a run.

    Args:
        otherwise: The application's own model.
    """
    return otherwise if current_binding() is None else GatewayChat()


def _result(message: BaseMessage) -> ChatResult:
    return ChatResult(generations=[ChatGeneration(message=message)])
