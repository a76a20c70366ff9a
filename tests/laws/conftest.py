"""Whole runs, in process and as processes of their own, against two endpoints that count: target and author."""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from threading import Lock
from types import ModuleType
from typing import Any

import pytest
from maieutic.core.budget import Budget
from maieutic.core.events import Event
from maieutic.core.identity import digest
from maieutic.core.models import ModelRef
from maieutic.core.report import Report
from maieutic.core.task import Models, Task
from maieutic.graphs.api import Result, aoptimize, aresume
from maieutic.graphs.recipe_loader import recipe_names
from maieutic.plugins.system.discovery import Plugin
from maieutic.plugins.system.hookspecs import HOOKS, hookimpl
from maieutic.plugins.system.registry import Registry
from maieutic.runtime.store import Store
from maieutic.testing import Answer, Fault, StubServer

SIX_RECIPES = ("auto", "protegi", "gepa", "mipro", "capo", "mop")
LABELS = ("red", "blue")
TARGET_ROWS = 6
CALLS = {"ipc": 150}  # it begins with rows alone: prompts come later
_ROW = re.compile(r"(?:train|val|test|target) word \d+")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A guarantee that takes `any_recipe` holds for every recipe there is; six stand for all where time is short."""
    if "any_recipe" in metafunc.fixturenames:
        slow = {name for name in recipe_names(Registry.load()) if name not in SIX_RECIPES}
        recipes = [*SIX_RECIPES, *sorted(slow)]
        metafunc.parametrize(
            "any_recipe", [pytest.param(name, marks=[pytest.mark.slow] * (name in slow)) for name in recipes]
        )


def number(*parts: Any) -> int:
    """A number that the parts decide, the same in every process."""
    return int(digest([str(part) for part in parts])[:12], 16)


def truth(row: str) -> str:
    return LABELS[number("truth", row) % 2]


class TargetModel:
    """Right in 35 to 85 % of rows, by the prompt; sometimes what it says is no label at all."""

    def answer(self, messages: Sequence[Any], draw: int = 0) -> Answer:
        text = "\n".join(message["content"] for message in messages)
        row = _ROW.findall(messages[-1]["content"])[-1]
        quality = 35 + number(text.replace(row, "")) % 50
        right, wrong = (truth(row), LABELS[truth(row) == "red"])
        if number("form", text) % 12 == 0 or "BREAK" in text:
            return Answer(text="I would rather not say", logprobs={"I": -0.1})
        said = right if number("draw", text) % 100 < quality else wrong
        sure = 0.05 + (number("sure", text) % 60) / 100
        other = LABELS[said == "red"]
        return Answer(text=said, logprobs={said: -sure, other: -1.5 - sure})


class AuthorModel:
    """Answers each agent in the form that its instruction asks for; another draw is another wording."""

    def answer(self, messages: Sequence[Any], draw: int = 0) -> Answer:
        text = messages[0]["content"]
        mark = number(text, draw) % 9973
        if "<verdict>" in text:
            said = "true" if mark % 2 else f"false <suggestion>Ask about the colour number {mark}.</suggestion>"
            return Answer(text=f"<verdict>{said.split(' ')[0]}</verdict> {said.partition(' ')[2]}")
        if "<reason>" in text:
            return Answer(text=f"<reason>The prompt never says how word {mark} gets its colour.</reason>")
        if "<question>" in text:
            return Answer(text=f"<question>Which colour fits rule {mark} best?</question>")
        if "<step>" in text:
            return Answer(text=f"<step>Name colour {mark} first.</step><step>Forbid all other words.</step>")
        if "<pattern>" in text:
            return Answer(text=f"<pattern>{mark % 10} | Words of kind {mark} get the wrong colour.</pattern>")
        if "<branch>" in text:
            return Answer(text=f"<branch>NEW: If the word is of kind {mark}: say red or blue</branch>")
        if "<principle>" in text:
            said = f"<edit>add</edit><number>0</number><principle>Words of kind {mark} are red.</principle>"
            return Answer(text=said)
        if "<segment>" in text:
            return Answer(text=f"<segment>Name the colour by rule {mark}.</segment>")
        if "<drop>" in text:
            return Answer(text="<drop>none</drop>")
        if "<choice>" in text:
            return Answer(text=f"<choice>{'AB'[mark % 2]}</choice>")
        if "<critique>" in text and "somebody else" in text:
            return Answer(text=f"<critique>The prompt leaves rule {mark} open.</critique>")
        if "<expert>" in text:
            return Answer(text=f"<expert>You are a painter of {mark} pictures.</expert>")
        if "<keywords>" in text:
            return Answer(text=f"<keywords>colour, word, rule {mark}</keywords>")
        if "careful person" in text:
            return Answer(text=f"<answer>{truth(_ROW.findall(text)[-1])}</answer>")
        if "You write test cases" in text:
            return Answer(text=_made_up(mark))
        if "<analysis>" in text:
            return Answer(text=f"<analysis>Words of kind {mark} are taken for red.</analysis>")
        if "make up examples" in text:
            return Answer(text=f"<input>made word {mark}</input><output>{LABELS[mark % 2]}</output>")
        if "<reasoning>" in text:
            return Answer(text=f"<reasoning>The word sounds like number {mark}.</reasoning>")
        return Answer(text=f"<prompt>Name the colour of the word, by rule {mark}: red or blue.</prompt>")


def _made_up(mark: int) -> str:
    """Two test cases; what is said of their colours is wrong half of the time."""
    rows = [f"train word {10_000 + 2 * mark + n}" for n in range(2)]
    return "".join(f"<input>{row}</input><output>{LABELS[mark % 2]}</output>" for row in rows)


class Endpoint(StubServer):
    """A stub whose latency is drawn anew for each request where `jitter` is set, from a seed."""

    jitter: float = 0.0
    fault: Callable[[int], Fault | None] = staticmethod(lambda number: None)
    rng = Random(0)

    async def _chat(self, request: Any) -> Any:
        if self.jitter:
            await asyncio.sleep(self.rng.uniform(0, self.jitter))
        return await super()._chat(request)


@dataclass(kw_only=True)
class Lab:
    """Two endpoints, a task over them, and folders for runs. `asked` is what both endpoints saw since `fresh`."""

    target: Endpoint
    author: Endpoint
    base: Path
    _folders: Iterator[int] = field(default_factory=itertools.count)
    _from: tuple[int, int] = (0, 0)

    def fresh(self) -> None:
        self._from = (self.target.count, self.author.count)
        for stub in (self.target, self.author):
            stub.jitter, stub.fault = 0.0, lambda number: None

    @property
    def keys(self) -> list[str]:
        return [*self.target.seen.keys[self._from[0] :], *self.author.seen.keys[self._from[1] :]]

    @property
    def asked(self) -> int:
        return len(self.keys)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [*self.target_bodies, *self.author.seen.bodies[self._from[1] :]]

    @property
    def target_bodies(self) -> list[dict[str, Any]]:
        return self.target.seen.bodies[self._from[0] :]

    def folder(self) -> Path:
        return self.base / f"store-{next(self._folders)}"

    def task(self, *, train: int = 16, val: int = 12, test: int = 12, **fields: Any) -> Task:
        def rows(split: str, count: int) -> list[dict[str, str]]:
            names = [f"{split} word {n}" for n in range(count)]
            return [{"input": name, "output": truth(name)} for name in names]

        target = ModelRef.parse(f"llamacpp/stub@{self.target.base}", key_env="STUB_KEY")
        author = ModelRef.parse(f"openai/stub@{self.author.base}", key_env="STUB_KEY")
        made: dict[str, Any] = {"models": Models(target=target, optimizer=author), "name": "colours", **fields}
        prompt = made.pop("prompt", "Say red or blue.")
        splits = {"train": rows("train", train), "val": rows("val", val), "test": rows("test", test)}
        elsewhere = [{"input": f"strange target word {n}"} for n in range(TARGET_ROWS)]
        return Task.create(prompt, **splits, target=elsewhere, **made)

    async def run(self, recipe: str = "auto", calls: int = 0, task: Task | None = None, **options: Any) -> Result:
        enough = CALLS.get(recipe, 90) if isinstance(recipe, str) else 90
        options = {"folder": self.folder(), "budget": Budget(calls=calls or enough), "run": "r", **options}
        return await aoptimize(task or self.task(), recipe=recipe, **options)

    def registry(self, **kinds: dict[str, Any]) -> Registry:
        """Built-ins and what a test brings: kind → name → factory, with its `seconds` where its calls have a clock of
        their own."""
        module = ModuleType("here")
        for kind, made in kinds.items():
            setattr(module, HOOKS[kind], _hook(made))  # type: ignore[index]
        plugin = Plugin(name="here", module="here", distribution="here", version="1", state="loaded")
        registry = Registry()
        assert registry._register(plugin, module) is None
        return registry

    async def resume(self, folder: Path, run: str = "r", **options: Any) -> Result:
        return await aresume(run, folder=folder, **options)

    def at(self, kind: str, act: Callable[[], Coroutine[Any, Any, Any]]) -> Callable[[Event], None]:
        """A listener that does something at the first event of a kind. The run waits until it is done: else it is a
        matter of luck at which boundary a directive is heard."""
        left = [act]

        def listen(event: Event) -> None:
            if event.kind == kind and left:
                with ThreadPoolExecutor(1) as aside:
                    aside.submit(asyncio.run, left.pop()()).result()

        return listen

    def call_at(self, moment: int, act: Callable[[], Any]) -> None:
        """Do something in the running loop, once, when the n-th request since `fresh` arrives, before it is answered.

        Requests are counted before they come here: of two at once, both may find a count past the moment.
        """
        loop = asyncio.get_running_loop()
        waiting = [act]

        def when(_: int) -> None:
            if self.asked >= moment:
                with suppress(IndexError):
                    loop.call_soon_threadsafe(waiting.pop())

        self.target.fault = self.author.fault = when

    async def until(self, holds: Callable[[], bool]) -> None:
        """What another process or the loop itself brings about; a machine that is busy may take long over it."""
        async with asyncio.timeout(120):
            while not holds():  # noqa: ASYNC110 - the store has no event to wait for
                await asyncio.sleep(0.01)

    def outlive(
        self, folder: Path, recipe: str, calls: int, moments: set[int], *, concurrency: int = 4, news: int = 0
    ) -> int:
        """Start a run as a process, kill it while it waits for the answer to the n-th request since `fresh`, resume
        it in a new process, and so on until one ends by itself. How many were killed. news: each process kills
        itself as soon as it has told so many events, between one node and the next."""
        file, left, running, one_at_a_time = self.base / "task.json", sorted(moments), [0], Lock()
        file.write_text(self.task().model_dump_json(by_alias=True), encoding="utf-8")

        def when(_: int) -> None:
            # Of two requests at once, one at each endpoint, both may find a count past the moment.
            with one_at_a_time:
                if left and self.asked >= left[0]:
                    del left[0]
                    os.kill(running[0], signal.SIGKILL)

        self.target.fault = self.author.fault = when
        with Nursery() as nursery:
            for killed in range(100 if news else len(moments) + 1):
                running[0] = nursery.start(str(file), str(folder), recipe, str(calls), str(concurrency), str(news))
                if (code := nursery.wait()) == 0:
                    return killed
                assert code == -signal.SIGKILL
        raise AssertionError("the last process was killed by nobody")


def _hook(made: dict[str, Any]) -> Callable[..., None]:
    def offer(register: Any) -> None:
        for name, factory in made.items():
            register(name, factory, seconds=getattr(factory, "seconds", None))

    return hookimpl(offer)


class Nursery:
    """A process that has imported everything and forks one child for each run: starting one takes no time."""

    def __enter__(self) -> Nursery:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _NURSERY],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()

    def start(self, *words: str) -> int:
        """The child's process id."""
        assert self.process.stdin is not None
        print(*words, sep="\t", file=self.process.stdin, flush=True)
        return self._read()

    def wait(self) -> int:
        """The child's exit code, negative for the signal that ended it."""
        return self._read()

    def _read(self) -> int:
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())


_NURSERY = """
import os, signal, sys
from pathlib import Path
import aiohttp, scipy.stats
from maieutic.core.budget import Budget
from maieutic.core.task import Task
from maieutic.graphs.recipe_loader import recipe_names
from maieutic.graphs.api import optimize, resume

def work(file, folder, recipe, calls, concurrency, news):
    told = []
    def listen(event):
        told.append(event)
        if len(told) == int(news):
            os.kill(os.getpid(), signal.SIGKILL)
    if (Path(folder) / "maieutic.db").exists():
        return resume("r", folder=folder, listen=listen)
    options = dict(budget=Budget(calls=int(calls)), concurrency=int(concurrency), folder=folder, run="r")
    return optimize(Task.model_validate_json(Path(file).read_text()), recipe=recipe, listen=listen, **options)

for line in sys.stdin:
    child = os.fork()
    if not child:
        work(*line.rstrip("\\n").split("\\t"))
        os._exit(0)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@dataclass(frozen=True)
class Ended:
    """What a finished run left behind, without what may differ between two runs that did the same."""

    candidates: list[Any]
    evaluations: list[Any]
    best: str
    report: dict[str, Any]

    @classmethod
    def of(cls, folder: Path, run: str = "r") -> Ended:
        with Store.open(folder, read_only=True) as store:
            record = store.run(run)
            assert record.state == "finished", record.state
            written = Report.model_validate_json(store.report(run) or "{}")
            return cls(
                candidates=[one.model_dump(mode="json") for one in store.candidates(run)],
                evaluations=[one.model_dump(mode="json") for one in store.evaluations(run)],
                best=record.best or "",
                report=_numbers(written),
            )


def _numbers(report: Report) -> dict[str, Any]:
    told = report.model_dump(mode="json", exclude={"run", "seconds", "paid", "cached", "lost"})
    apart = ("without an answer", "opened by")  # what was lost, and who was here before
    return {**told, "warnings": [one for one in told["warnings"] if not any(words in one for words in apart)]}


def events_of(folder: Path, run: str = "r") -> list[Event]:
    with Store.open(folder, read_only=True) as store:
        return store.events(run)


def kinds(folder: Path, run: str = "r") -> Counter[str]:
    return Counter(event.kind for event in events_of(folder, run))


@pytest.fixture(scope="module")
def _endpoints(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with Endpoint(TargetModel(), faults=lambda n: target.fault(n)) as target:
        with Endpoint(AuthorModel(), faults=lambda n: author.fault(n)) as author:
            yield Lab(target=target, author=author, base=tmp_path_factory.mktemp("lab"))


@pytest.fixture
def lab(_endpoints: Lab, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setenv("STUB_KEY", "anything")
    monkeypatch.setenv("MAIEUTIC_NOISE_KEY", "so that noise is drawn alike")
    _endpoints.fresh()
    return _endpoints


@pytest.fixture
def ended() -> Callable[..., Ended]:
    return Ended.of


@pytest.fixture
def log() -> Callable[..., list[Event]]:
    return events_of
