"""What every lane promises, and how it says that something went wrong."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from ....core.errors import ModelError
from ....core.models import Call, ModelRef, Reply

TransportErrorKind = Literal["unreachable", "dropped", "timeout", "limited", "server", "key", "model", "refused"]
"""unreachable: nothing was sent. dropped: sent, and the connection broke. The last three are final."""

_FINAL_KINDS: frozenset[TransportErrorKind] = frozenset({"key", "model", "refused"})


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where a model is, and the way in. The key is neither shown nor stored. embedded: it is the server
    inside this process, whose prompts take turns."""

    base: str
    name: str
    key: str | None = field(default=None, repr=False)
    key_env: str | None = None
    proxy: str | None = field(default=None, repr=False)
    embedded: bool = False


class TransportError(ModelError):
    """One request that came to nothing."""

    def __init__(
        self,
        what: str,
        *,
        kind: TransportErrorKind,
        where: str,
        remedy: str,
        possible: tuple[str, ...] = (),
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        retryable = kind not in _FINAL_KINDS
        super().__init__(
            what, where=where, possible=possible, remedy=remedy, retryable=retryable, retry_after=retry_after
        )
        self.kind: TransportErrorKind = kind
        self.status = status

    def as_final_error(self, attempts: int) -> ModelError:
        """The same, when there is no further attempt."""
        count = f" ({attempts} attempts)" if attempts > 1 else ""
        return ModelError(
            f"{self.what}{count}", where=self.where, possible=self.possible, remedy=self.remedy, retryable=True
        )

    def as_rejected(self) -> ModelError:
        """The same, for a caller that was not let through."""
        return ModelError(self.what, where=self.where, remedy=self.remedy, retryable=True)


@dataclass(frozen=True, kw_only=True)
class ProxyResponse:
    """What an endpoint answers to a client's own request, as it comes. kind: the content type. parts: to be read to
    the end, or closed."""

    status: int
    content_type: str
    chunks: AsyncGenerator[bytes, None]


class Transport(Protocol):
    """A way to a model. Sends each request once: retries are the gateway's, for each of them is paid."""

    async def send(self, call: Call, endpoint: Endpoint, within: float) -> Reply:
        """Raises Failure, whatever went wrong, and when no answer came within so many seconds. A prompt that is too
        long for the model, or that a filter stopped, is a Reply without text whose `finish` says so."""
        ...

    async def similarities(self, call: Call, endpoint: Endpoint, within: float) -> Reply:
        """The cosines of the first message's text and the others, by `lanes.likeness`. Raises Failure."""
        ...

    async def forward(self, model: ModelRef, body: Mapping[str, Any], endpoint: Endpoint) -> ProxyResponse:
        """A client's own chat request, passed on once and as it is but for the model's name. Raises Failure where
        nobody answers; a refusal is passed back."""
        ...

    async def check(self, model: ModelRef, endpoint: Endpoint) -> None:
        """Raises Failure where the model cannot be used: key, name, connection. Costs nothing."""
        ...

    async def aclose(self) -> None: ...
