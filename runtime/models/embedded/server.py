"""The embedded model: SmolLM2-135M-Instruct, served by llama.cpp in this process, on loopback only.

Only this file imports xllamacpp.
"""

from __future__ import annotations

import os
import secrets
import sys
import threading
import time
import urllib.error
import urllib.request
from typing import Any, ClassVar

from ....core.errors import ModelError
from .weights import ensure_weights

_SLOTS = 4  # the default concurrency of a run
_CONTEXT_TOKENS = 4096  # per slot
_PROMPT_CACHE_MIB = 256
_STOP_TIMEOUT_SECONDS = 5.0
_SPIN_COUNT = "10000"


class EmbeddedServer:
    """At most one per process, shared by all clients, to hold the weights in memory once.

    base, key: what a client needs. The key is random per process, so that no other program can use the model.
    """

    _lock: ClassVar[threading.Lock] = threading.Lock()
    _running: ClassVar[EmbeddedServer | None] = None

    def __init__(self, server: Any, key: str) -> None:
        self.base = f"{server.listening_address}/v1"
        self.key = key
        self._server = server
        self._users = 1

    @classmethod
    def start(cls) -> EmbeddedServer:
        """The running server. Blocks for seconds the first time. Raises ModelError."""
        with cls._lock:
            if cls._running is not None:
                cls._running._users += 1
                return cls._running
            key = secrets.token_urlsafe(24)
            server = cls(_start_server(key), key)
            server._await_ready()
            cls._running = server
            return server

    def close(self) -> None:
        """Stop the server after its last user."""
        with self._lock:
            self._users -= 1
            if self._users or EmbeddedServer._running is not self:
                return
            EmbeddedServer._running = None
            held, self._server = [self._server], None
        # The server stops with its last reference, and may finish a request first: do not wait for it forever.
        stopping = threading.Thread(target=held.clear, name="maieutic-local-model-stop", daemon=True)
        stopping.start()
        stopping.join(_STOP_TIMEOUT_SECONDS)

    def _await_ready(self, limit: float = 30.0) -> None:
        """Wait until `/slots` answers. A server that is stopped before its own loop runs would never end."""
        request = urllib.request.Request(
            f"{self.base.removesuffix('/v1')}/slots", headers={"Authorization": f"Bearer {self.key}"}
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        until = time.monotonic() + limit
        while True:
            try:
                with opener.open(request, timeout=5.0):
                    return
            except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
                if time.monotonic() > until:
                    raise ModelError(
                        f"the embedded model does not start ({error})",
                        where=self.base,
                        remedy="try again, or name another model with --target",
                        retryable=True,
                    ) from error
            time.sleep(0.05)


def _start_server(key: str) -> Any:
    # Threads wait for each other hundreds of times per token, by default by spinning for milliseconds. On shared cores,
    # with a second run above all, spinning took most of the time.
    os.environ.setdefault("GOMP_SPINCOUNT", _SPIN_COUNT)
    try:
        import xllamacpp
    except ImportError as error:
        raise ModelError(
            f"the embedded model cannot run here: xllamacpp does not load ({error})",
            where="local/smollm2",
            remedy="pip install xllamacpp, or name another model with --target",
        ) from error
    path = ensure_weights()
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.model_alias = {"smollm2"}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [key]
    params.n_parallel = _SLOTS
    params.n_ctx = _CONTEXT_TOKENS * _SLOTS
    params.cache_ram_mib = _PROMPT_CACHE_MIB
    params.cpuparams.n_threads = cores
    params.cpuparams_batch.n_threads = cores
    params.verbosity = -1
    try:
        return xllamacpp.Server(params)
    except (RuntimeError, ValueError) as error:
        raise ModelError(
            f"the embedded model could not be started ({error})",
            where=str(path),
            remedy="delete that file if it is in the cache, check free memory (600 MB), or name another model",
        ) from error
