"""Ask and tell: a search whose outputs come from the calling program, over the same strategies, budget and store.

with ask_tell(prompt="…", train=rows, metric=fn, optimizer="openai/x", calls=200) as search:
    for trial in search:
        search.tell(trial, my_app(trial.messages))
print(search.result)
"""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, Unpack

from ..core.errors import UsageError
from ..core.messages import Message
from ..core.models import EMBEDDED, Call, ModelRef, Output, Reply
from ..core.program import Program
from ..core.task import Task
from ..plugins.system.registry import Registry
from ..runtime.models.transports.caller import CALLER
from ..runtime.store import Store
from .api import OptimizeKeywords, read_keywords
from .arguments.task import TaskSource
from .blocking import WorkThread
from .execution import start_run
from .result import Result
from .run_context import Callback
from .run_lifecycle import new_run_id
from .run_options import RunOptions

_TARGET = ModelRef(provider=CALLER, name="tell")


@dataclass(frozen=True, eq=False)
class Trial:
    """One input to answer: the rendered messages of a candidate's prompt on an example.

    Attributes:
        messages: What a model would be sent.
    """

    messages: tuple[Message, ...]
    _future: Future[Reply] = field(default_factory=Future, repr=False)

    @property
    def text(self) -> str:
        """The last message, which has the input."""
        return self.messages[-1]["content"]


def ask_tell(
    task: TaskSource | None = None,
    *,
    callbacks: Callback | Sequence[Callback] = (),
    registry: Registry | None = None,
    run: str | None = None,
    **options: Unpack[OptimizeKeywords],
) -> AskTell:
    """Search for a better prompt, with outputs that the caller makes.

    The run is that of `optimize`: recipe, budget, store, report and resume are the same, and each answer counts as a
    call. What was told is stored, so that the same call in the same folder asks nothing twice.

    Args:
        task: as in `optimize`.
        callbacks: as in `optimize`.
        registry: as in `optimize`.
        run: as in `optimize`.
        **options: those of `optimize`, without target: the caller is the target.

    Returns:
        The search, with `ask`, `tell` and `best`. It begins with the first `ask`.

    Raises:
        UsageError: as `optimize` does, and for a target.
    """
    if options.get("target") is not None:
        raise UsageError("the caller answers in place of a target", where="target=", remedy="leave target out")
    resolved, run_options = read_keywords(task, {**options, "target": _TARGET}, registry)
    if options.get("optimizer") is None and resolved.task.models.optimizer == _TARGET:
        models = resolved.task.models.model_copy(update={"optimizer": ModelRef.parse(EMBEDDED)})
        resolved_task = resolved.task.model_copy(update={"models": models})
    else:
        resolved_task = resolved.task
    listed = (callbacks,) if callable(callbacks) else tuple(callbacks)
    return AskTell(resolved_task, run_options, registry=resolved.registry, run=run or new_run_id(), callbacks=listed)


class AskTell:
    """A search that asks the caller. Use it from one thread; `with` ends it where the caller leaves early."""

    def __init__(
        self, task: Task, options: RunOptions, *, registry: Registry | None, run: str, callbacks: Sequence[Callback]
    ) -> None:
        self.run = run
        self._folder = Path(options.folder)
        self._start = task.program
        self._trials: queue.SimpleQueue[Trial | None] = queue.SimpleQueue()
        self._start_run = partial(
            start_run, task, options, registry=registry, run=run, callbacks=callbacks, answer=self._answer
        )
        self._thread: WorkThread | None = None

    def ask(self) -> Trial | None:
        """The next trial; waits for it. None where the search is over.

        Up to `concurrency` trials (4 by default) may be open at once; each has to be told before the search goes on.

        Raises:
            MaieuticError: what the run raised, as `optimize` would.
        """
        if self._thread is None:
            self._thread = WorkThread(self._start_run(), on_end=lambda: self._trials.put(None))
            self._thread.start()
        trial = self._trials.get()
        if trial is None:
            self._trials.put(None)  # whoever asks again is told the same
            self._thread.result()
        return trial

    def tell(self, trial: Trial, output: str | Output) -> None:
        """The output for a trial; the task's metric scores it.

        Raises:
            UsageError: an output that is no text, or a trial that was told already.
        """
        text = output.text if isinstance(output, Output) else output
        if not isinstance(text, str):
            raise UsageError(f"an output is a text, not {output!r:.60}", where="tell", possible=("a text", "an Output"))
        try:
            trial._future.set_result(Reply(text=text))
        except InvalidStateError as error:
            raise UsageError("this trial was told already", where="tell", remedy="tell each trial once") from error

    def __iter__(self) -> Iterator[Trial]:
        while (trial := self.ask()) is not None:
            yield trial

    @property
    def best(self) -> Program:
        """The best program so far; the start's until another one is better."""
        if self._thread is None:
            return self._start
        if self._thread.finished.is_set() and not self._thread.failed:
            return self.result.program
        with Store.open(self._folder, read_only=True) as store:
            name = store.run(self.run).best
            return next(
                (candidate.program for candidate in store.candidates(self.run) if candidate.id == name), self._start
            )

    @property
    def result(self) -> Result:
        """The result of the search, once `ask` returned None.

        Raises:
            UsageError: the search goes on.
            MaieuticError: what the run raised.
        """
        if self._thread is None or not self._thread.finished.is_set():
            raise UsageError("the search goes on", remedy="ask and tell until ask returns None")
        result: Result = self._thread.result()
        return result

    def close(self) -> None:
        """Stop the search where it is; the same call in the same folder continues from what was told."""
        if self._thread is not None and not self._thread.finished.is_set():
            self._thread.cancel()
            self._thread.finished.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def _answer(self, call: Call) -> Reply:
        trial = Trial(call.messages)
        self._trials.put(trial)
        return await asyncio.wrap_future(trial._future)
