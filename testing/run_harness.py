"""Runs whole optimizations against two simulated endpoints, in this process or in processes that are killed.

    with RunHarness.open(tmp_path, key_env="STUB_KEY") as harness:
        result = await harness.run("gepa", calls=90)
        assert harness.request_count <= 90

Used by the tests of what every run guarantees; plugin authors use it with `registry` for whole runs with their plugin.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from threading import Lock
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ..core.budget import Budget
from ..core.events import Event
from ..core.models import ModelRef
from ..core.report import Report
from ..core.task import Models, Task
from ..graphs.api import Result, aoptimize, aresume
from ..plugins.system.discovery import Plugin
from ..plugins.system.hookspecs import HOOKS, hookimpl
from ..plugins.system.registry import Registry
from ..runtime.store import Store
from .faults import Fault
from .fork_server import ForkServer
from .simulated_models import SimulatedOptimizer, SimulatedTarget, true_label
from .stub_server import StubServer

if TYPE_CHECKING:
    from aiohttp import web

_TARGET_EXAMPLES = 6
_MOST_KILLS = 100  # a run that dies this often without ending would die for ever
_CALLS = {"ipc": 150}  # it begins with examples alone: prompts come later
_DEFAULT_CALLS = 90  # the smallest budget with which every other recipe proposes, measures and reports


def _no_fault(number: int) -> Fault | None:
    return None


class TunableServer(StubServer):
    """A stub whose latency and faults a test changes while it runs.

    jitter: each answer waits a random time up to so many seconds. fault: from the request's number to what goes wrong.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, faults=lambda number: self.fault(number), **options)
        self.jitter = 0.0
        self.fault: Callable[[int], Fault | None] = _no_fault
        self._random = Random(0)

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        if self.jitter:
            await asyncio.sleep(self._random.uniform(0, self.jitter))
        return await super()._chat(request)


@dataclass(kw_only=True)
class RunHarness:
    """Two endpoints, a task over them, and folders for runs. What was requested is counted since the last `reset`."""

    target: TunableServer
    optimizer: TunableServer
    base: Path
    key_env: str | None = None
    _folders: Iterator[int] = field(default_factory=itertools.count)
    _start: tuple[int, int] = (0, 0)

    @classmethod
    @contextmanager
    def open(cls, base: Path, *, key_env: str | None = None) -> Iterator[RunHarness]:
        """Both endpoints run until the block ends. base: an empty folder. key_env: as in `ModelRef`."""
        with TunableServer(SimulatedTarget()) as target, TunableServer(SimulatedOptimizer()) as optimizer:
            yield cls(target=target, optimizer=optimizer, base=base, key_env=key_env)

    def reset(self) -> None:
        """Count from zero, without latency or faults."""
        self._start = (self.target.count, self.optimizer.count)
        for server in (self.target, self.optimizer):
            server.jitter, server.fault = 0.0, _no_fault

    @property
    def request_keys(self) -> list[str]:
        return [*self.target.seen.keys[self._start[0] :], *self.optimizer.seen.keys[self._start[1] :]]

    @property
    def request_count(self) -> int:
        return len(self.request_keys)

    @property
    def request_bodies(self) -> list[dict[str, Any]]:
        return [*self.target_bodies, *self.optimizer.seen.bodies[self._start[1] :]]

    @property
    def target_bodies(self) -> list[dict[str, Any]]:
        return self.target.seen.bodies[self._start[0] :]

    def new_folder(self) -> Path:
        return self.base / f"store-{next(self._folders)}"

    def task(self, *, train: int = 16, val: int = 12, test: int = 12, **fields: Any) -> Task:
        """The simulated task with so many examples a split; fields: of `Task.create`."""

        def examples(split: str, count: int) -> list[dict[str, str]]:
            inputs = [f"{split} word {number}" for number in range(count)]
            return [{"input": text, "output": true_label(text)} for text in inputs]

        target = ModelRef.parse(f"llamacpp/stub@{self.target.base}", key_env=self.key_env)
        optimizer = ModelRef.parse(f"openai/stub@{self.optimizer.base}", key_env=self.key_env)
        options: dict[str, Any] = {"models": Models(target=target, optimizer=optimizer), "name": "colours", **fields}
        prompt = options.pop("prompt", "Say red or blue.")
        sizes = {"train": train, "val": val, "test": test}
        splits: dict[str, Any] = {split: examples(split, size) for split, size in sizes.items()}
        elsewhere = [{"input": f"strange target word {number}"} for number in range(_TARGET_EXAMPLES)]
        return Task.create(prompt, **splits, target=elsewhere, **options)

    async def run(self, recipe: str = "auto", calls: int = 0, task: Task | None = None, **options: Any) -> Result:
        """options: of `aoptimize`. The run is called `r` and has a new folder unless they say otherwise."""
        default_calls = _CALLS.get(recipe, _DEFAULT_CALLS) if isinstance(recipe, str) else _DEFAULT_CALLS
        budget = Budget(calls=calls or default_calls)
        options = {"folder": self.new_folder(), "budget": budget, "run": "r", **options}
        return await aoptimize(task or self.task(), recipe=recipe, **options)

    async def resume(self, folder: Path, run: str = "r", **options: Any) -> Result:
        return await aresume(run, folder=folder, **options)

    def registry(self, **kinds: dict[str, Any]) -> Registry:
        """The built-ins and what a test adds: kind → name → factory. A factory's `seconds` limit its calls."""
        module = ModuleType("here")
        for kind, factories in kinds.items():
            setattr(module, HOOKS[kind], _hook(factories))  # type: ignore[index]
        plugin = Plugin(name="here", module="here", distribution="here", version="1", state="loaded")
        registry = Registry()
        assert registry._add_entries(registry._loader.collect(plugin, module)) is None
        return registry

    def on_first(self, kind: str, action: Callable[[], Coroutine[Any, Any, Any]]) -> Callable[[Event], None]:
        """A listener that does something at the first event of a kind. The run waits for it, so that a directive
        always arrives before the same boundary."""
        actions = [action]

        def listen(event: Event) -> None:
            if event.kind == kind and actions:
                with ThreadPoolExecutor(1) as thread:
                    thread.submit(asyncio.run, actions.pop()()).result()

        return listen

    def at_request(self, number: int, action: Callable[[], Any]) -> None:
        """Do something in the running loop, once, when the n-th request since `reset` arrives, before it is answered.

        Requests are counted before they come here: of two at once, both may find a count past the number.
        """
        loop = asyncio.get_running_loop()
        actions = [action]

        def fault(_: int) -> None:
            if self.request_count >= number:
                with suppress(IndexError):
                    loop.call_soon_threadsafe(actions.pop())

        self.target.fault = self.optimizer.fault = fault

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """For what another process or the loop itself brings about; a busy machine may take long over it."""
        async with asyncio.timeout(120):
            while not condition():  # noqa: ASYNC110 - the store has no event to wait for
                await asyncio.sleep(0.01)

    def run_with_kills(
        self, folder: Path, recipe: str, calls: int, requests: set[int], *, concurrency: int = 4, events: int = 0
    ) -> int:
        """Start a run as a process, kill it while it waits for the answer to the n-th request since `reset`, resume it
        in a new process, and so on until one ends by itself.

        Args:
            requests: the numbers of the requests at which a process is killed.
            events: each process kills itself as soon as it emitted so many events, between one node and the next.

        Returns:
            How many processes were killed.
        """
        file, numbers, process, lock = self.base / "task.json", sorted(requests), [0], Lock()
        file.write_text(self.task().model_dump_json(by_alias=True), encoding="utf-8")

        def fault(_: int) -> None:
            # Of two requests at once, one at each endpoint, both may find a count past the number.
            with lock:
                if numbers and self.request_count >= numbers[0]:
                    del numbers[0]
                    os.kill(process[0], signal.SIGKILL)

        self.target.fault = self.optimizer.fault = fault
        with ForkServer() as forks:
            for kills in range(_MOST_KILLS if events else len(requests) + 1):
                process[0] = forks.start(str(file), str(folder), recipe, str(calls), str(concurrency), str(events))
                if (code := forks.wait()) == 0:
                    return kills
                assert code == -signal.SIGKILL
        raise AssertionError("the last process was killed by nobody")


def _hook(factories: dict[str, Any]) -> Callable[..., None]:
    def offer(register: Any) -> None:
        for name, factory in factories.items():
            register(name, factory, seconds=getattr(factory, "seconds", None))

    return hookimpl(offer)


@dataclass(frozen=True)
class RunSummary:
    """What a finished run left in its store, without what may differ between two runs that did the same."""

    candidates: list[Any]
    evaluations: list[Any]
    best: str
    report: dict[str, Any]

    @classmethod
    def of(cls, folder: Path, run: str = "r") -> RunSummary:
        with Store.open(folder, read_only=True) as store:
            record = store.run(run)
            assert record.state == "finished", record.state
            report = Report.model_validate_json(store.report(run) or "{}")
            return cls(
                candidates=[candidate.model_dump(mode="json") for candidate in store.candidates(run)],
                evaluations=[evaluation.model_dump(mode="json") for evaluation in store.evaluations(run)],
                best=record.best or "",
                report=_comparable(report),
            )


def _comparable(report: Report) -> dict[str, Any]:
    fields = report.model_dump(mode="json", exclude={"run", "seconds", "paid", "cached", "lost"})
    # What was lost, and which runs opened the same held-out examples before, depends on the past.
    past = ("without a reply", "opened by")
    warnings = [warning for warning in fields["warnings"] if not any(words in warning for words in past)]
    return {**fields, "warnings": warnings}


def events_of(folder: Path, run: str = "r") -> list[Event]:
    with Store.open(folder, read_only=True) as store:
        return store.events(run)
