"""The interface of a transport, and the error that it raises."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, Unpack

from ....core.errors import ErrorDetails, ModelError
from ....core.models import Call, ModelRef, Reply
from .parameters import NO_LIMITS, ParameterLimits, ParameterRefusal

TransportErrorKind = Literal[
    "unreachable", "dropped", "timeout", "limited", "server", "key", "account", "model", "parameter", "refused"
]
"""unreachable: nothing was sent. dropped: sent, then the connection broke. The last five are final."""

_FINAL_KINDS: frozenset[TransportErrorKind] = frozenset({"key", "account", "model", "parameter", "refused"})


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A model's address and key. The key is neither shown nor stored. embedded: it is the server in this process.
    limits: what the model does not take."""

    base: str
    name: str
    key: str | None = field(default=None, repr=False)
    key_env: str | None = None
    proxy: str | None = field(default=None, repr=False)
    embedded: bool = False
    limits: ParameterLimits = NO_LIMITS


class TransportError(ModelError):
    """A failed request. `status` is the HTTP status, where there was one; `refusal` the parameter that was refused."""

    def __init__(
        self,
        what: str,
        *,
        kind: TransportErrorKind,
        status: int | None = None,
        retry_after: float | None = None,
        refusal: ParameterRefusal | None = None,
        **details: Unpack[ErrorDetails],
    ) -> None:
        super().__init__(what, retryable=kind not in _FINAL_KINDS, retry_after=retry_after, **details)
        self.kind: TransportErrorKind = kind
        self.status = status
        self.refusal = refusal

    def as_final_error(self, attempts: int) -> ModelError:
        """This error when no further attempt follows, with the number of attempts."""
        count = f" ({attempts} attempts)" if attempts > 1 else ""
        return ModelError(
            f"{self.what}{count}", where=self.where, possible=self.possible, remedy=self.remedy, retryable=True
        )

    def as_rejected(self) -> ModelError:
        """This error for a request that was not sent, because the last ones failed alike."""
        return ModelError(self.what, where=self.where, remedy=self.remedy, retryable=True)


@dataclass(frozen=True, kw_only=True)
class ProxyResponse:
    """An endpoint's streamed response to a forwarded request. Read `chunks` to the end, or close it."""

    status: int
    content_type: str
    chunks: AsyncGenerator[bytes, None]


class Transport(Protocol):
    """Sends requests to models, each once. The gateway retries, because each attempt is paid."""

    async def send(self, call: Call, endpoint: Endpoint, timeout_seconds: float) -> Reply:
        """The model's reply. Raises TransportError for any failure, and after `timeout_seconds` without a reply.

        A prompt that is too long, or that a filter stopped, gives a Reply without text; its `finish` names the reason.
        """
        ...

    async def similarities(self, call: Call, endpoint: Endpoint, timeout_seconds: float) -> Reply:
        """Cosines of the first message and each of the others, by `transports.embeddings`. Raises TransportError."""
        ...

    async def forward(self, model: ModelRef, body: Mapping[str, Any], endpoint: Endpoint) -> ProxyResponse:
        """Pass on another client's chat request, unchanged but for the model's name.

        An error response is passed back. Raises TransportError where the endpoint does not answer.
        """
        ...

    async def check(self, model: ModelRef, endpoint: Endpoint) -> None:
        """Raises TransportError where the model cannot be used: key, name or connection. Costs nothing."""
        ...

    async def aclose(self) -> None: ...
