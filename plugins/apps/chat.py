"""The run's model as a LangChain chat model, so that an application's calls are cached, budgeted and counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from ...core.errors import UsageError
from ...core.models import Reply
from ...core.render import Message
from .binding import AppBinding, current_binding

M = TypeVar("M")
_ROLES = {"system": "system", "human": "user", "ai": "assistant"}
_SAMPLING_OPTIONS = ("temperature", "max_tokens", "seed")


class GatewayChat(BaseChatModel):
    """A LangChain chat model that calls the target model of the current run; outside of a run, `otherwise` answers.

    Text in, text out: `temperature`, `max_tokens`, `seed` and `stop` of a call or of `bind` are used; tools are not
    supported.

    Raises:
        UsageError: There is neither a run nor another model, or a message is no text.
        MaieuticError: What the run's gateway raises.
    """

    otherwise: BaseChatModel | None = None

    @property
    def _llm_type(self) -> str:
        return "maieutic"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        binding = current_binding()
        return {"model": binding.model.id} if binding else {}

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        binding = current_binding()
        if binding is None:
            return self._fallback_model()._generate(messages, stop, run_manager, **kwargs)
        return _chat_result(
            binding, binding.complete_blocking(to_messages(messages), _sampling_overrides(stop, kwargs))
        )

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        binding = current_binding()
        if binding is None:
            return await self._fallback_model()._agenerate(messages, stop, run_manager, **kwargs)
        return _chat_result(binding, await binding.complete(to_messages(messages), _sampling_overrides(stop, kwargs)))

    def _fallback_model(self) -> BaseChatModel:
        if self.otherwise is None:
            raise UsageError(
                "GatewayChat is called outside of a run, and has no other model",
                remedy="pass the application's own: GatewayChat(otherwise=MODEL)",
            )
        return self.otherwise


def model_in_use(otherwise: M) -> M | Any:
    """The run's model as a LangChain chat model, or the application's own outside of a run.

    Args:
        otherwise: The application's own model.
    """
    return otherwise if current_binding() is None else GatewayChat()


def to_messages(messages: Sequence[BaseMessage]) -> tuple[Message, ...]:
    """LangChain's messages as Maieutic's. Raises UsageError for other messages than system, human and AI texts."""
    return tuple(_to_message(message) for message in messages)


def _to_message(message: BaseMessage) -> Message:
    role = _ROLES.get(message.type)
    if role is None or getattr(message, "tool_calls", None):
        raise UsageError(
            f"a {message.type} message cannot go through the run's gateway",
            where="target runnable",
            possible=sorted(_ROLES),
            remedy="let that step use the application's own model; its calls are then not counted",
        )
    return {"role": role, "content": message.text}  # type: ignore[typeddict-item]


def _sampling_overrides(stop: Sequence[str] | None, options: Mapping[str, Any]) -> dict[str, Any]:
    changes = {name: options[name] for name in _SAMPLING_OPTIONS if options.get(name) is not None}
    return {**changes, **({"stop": tuple(stop)} if stop else {})}


def _chat_result(binding: AppBinding, reply: Reply) -> ChatResult:
    message = AIMessage(
        content=reply.text,
        usage_metadata={
            "input_tokens": reply.prompt_tokens,
            "output_tokens": reply.completion_tokens,
            "total_tokens": reply.tokens,
        },
        response_metadata={"finish_reason": reply.finish, "model_name": binding.model.id, "cached": reply.cached},
    )
    return ChatResult(generations=[ChatGeneration(message=message)])
