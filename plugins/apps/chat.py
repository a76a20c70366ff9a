"""The run's model as a LangChain chat model: an application that takes one has its calls cached, budgeted, counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from ...core.errors import UsageError
from ...core.models import Reply
from ...core.render import Message
from .binding import AppBinding, current_binding

_ROLES = {"system": "system", "human": "user", "ai": "assistant"}
_SAMPLING_OPTIONS = ("temperature", "max_tokens", "seed")


class GatewayChat(BaseChatModel):
    """Answers through the run that is trying the application now; outside of one, `otherwise` answers.

    Text in, text out: `temperature`, `max_tokens`, `seed` and `stop` are taken from a call or from `bind`, tools are
    not. Raises UsageError where neither a run nor another model is there, and what the gateway raises.
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
                "GatewayChat is asked outside of a run, and has no other model",
                remedy="give the application's own: GatewayChat(otherwise=MODEL)",
            )
        return self.otherwise


def to_messages(messages: Sequence[BaseMessage]) -> tuple[Message, ...]:
    """LangChain's messages as Maieutic's. Raises UsageError for what is no text of system, human or AI."""
    return tuple(_to_message(one) for one in messages)


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


def _sampling_overrides(stop: Sequence[str] | None, given: Mapping[str, Any]) -> dict[str, Any]:
    changes = {name: given[name] for name in _SAMPLING_OPTIONS if given.get(name) is not None}
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
