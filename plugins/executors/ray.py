"""Measurements on a Ray cluster: targets and evaluators run on workers; store and ledger stay with the run.

A worker sends its model calls to the run through a mailbox actor on the cluster. Budget, cache, retries and rate
limits are therefore shared by all workers. Ray replaces a worker that dies and repeats its work; replies that it had
already requested come from the cache.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import itertools
import json
from typing import Any

from ...core.budget import Payer
from ...core.errors import MaieuticError, PluginError, RunFailed, UsageError
from ...core.executor import MeasureJob, MeasureResult, MeasureSpec
from ...core.models import Call, Reply
from ...core.protocols import NEEDS_NOTHING, Gateway

_MODULE = "ray"


class RayExecutor:
    """Runs measurements on a Ray cluster.

    Args:
        address: A running cluster (`ray://host:10001`, `auto`); empty starts one on this machine.
        workers: The number of parallel jobs of a cluster that it starts.
        attempts: How often a job is restarted when its worker dies.
    """

    name = "ray"
    needs = NEEDS_NOTHING

    def __init__(self, address: str = "", workers: int = 2, attempts: int = 3) -> None:
        if workers < 1 or attempts < 0:
            raise UsageError(
                f"{workers} workers and {attempts} attempts are too few", possible=("workers >= 1, attempts >= 0",)
            )
        _check_library()
        self._address, self._workers, self._attempts = address, workers, attempts
        self._jobs: dict[str, tuple[Gateway, list[BaseException]]] = {}
        self._numbers = itertools.count()
        self._cluster: Any = None
        self._measure: Any = None
        self._mailbox: Any = None
        self._mailbox_task: asyncio.Task[None] | None = None
        self._answer_tasks: set[asyncio.Task[None]] = set()
        self._owns_cluster = False

    async def run(self, job: MeasureJob, gateway: Gateway) -> MeasureResult:
        self._connect()
        name, raised = f"{next(self._numbers)}", list[BaseException]()
        self._jobs[name] = (gateway, raised)
        result_ref = self._measure.remote(job.work.model_dump_json(by_alias=True), self._mailbox, name)
        try:
            result = json.loads(await result_ref)
        except asyncio.CancelledError:
            self._cluster.cancel(result_ref)
            raise
        except self._cluster.exceptions.RayError as error:
            raise PluginError(
                f"a measurement was lost on the cluster: {type(error).__name__}: {error}",
                where=f"executor ray, example {job.work.example.id}",
                remedy="look at the cluster's logs (ray status); maieutic resume goes on",
            ) from error
        finally:
            del self._jobs[name]
        if raised:
            raise raised[0]
        if "failed" in result:
            raise PluginError(result["failed"], where=f"executor ray, example {job.work.example.id}")
        return MeasureResult.model_validate(result["done"])

    async def aclose(self) -> None:
        if self._mailbox_task is not None:
            self._mailbox_task.cancel()
            await asyncio.gather(self._mailbox_task, *self._answer_tasks, return_exceptions=True)
            self._mailbox_task = None
            self._cluster.kill(self._mailbox)
        if self._owns_cluster:
            self._cluster.shutdown()
        self._owns_cluster, self._cluster, self._mailbox = False, None, None

    def _connect(self) -> None:
        if self._cluster is not None:
            return
        ray = importlib.import_module(_MODULE)
        if not ray.is_initialized():
            own: dict[str, Any] = {"num_cpus": self._workers, "include_dashboard": False}
            place = {"address": self._address} if self._address else own
            try:
                ray.init(**place, log_to_driver=False, logging_level="error")
            except Exception as error:
                raise RunFailed(
                    f"the Ray cluster cannot be used: {type(error).__name__}: {error}",
                    where=f"executor ray, {self._address or 'on this machine'}",
                    remedy="start it (ray start --head), correct the address, or run without --executor ray",
                ) from error
            self._owns_cluster = True
        self._cluster = ray
        self._measure = ray.remote(num_cpus=1, max_retries=self._attempts)(_execute_on_worker)
        self._mailbox = ray.remote(num_cpus=0, max_concurrency=10_000)(Mailbox).remote()
        self._mailbox_task = asyncio.create_task(self._serve_mailbox())

    async def _serve_mailbox(self) -> None:
        """Take the workers' requests from the mailbox and answer them."""
        while True:
            for number, job, body in await self._mailbox.take.remote():
                task = asyncio.create_task(self._answer(number, job, body))
                self._answer_tasks.add(task)
                task.add_done_callback(self._answer_tasks.discard)

    async def _answer(self, number: int, job: str, body: str) -> None:
        if job not in self._jobs:
            return
        gateway, raised = self._jobs[job]
        try:
            answer = await _answer_request(gateway, json.loads(body))
        except MaieuticError as error:
            raised.append(error)
            answer = None
        await self._mailbox.answer.remote(number, answer)


async def _answer_request(gateway: Gateway, request: dict[str, Any]) -> str:
    call = Call.model_validate(request["call"])
    if "reference" in request:
        return str(await gateway.loss(call, request["reference"], request["payer"]))
    return (await gateway.complete(call, request["payer"])).model_dump_json()


class Mailbox:
    """An actor on the cluster. Requests wait in it until the run takes them, workers until they are answered."""

    def __init__(self) -> None:
        self._requests: asyncio.Queue[tuple[int, str, str]] = asyncio.Queue()
        self._pending: dict[int, asyncio.Future[str | None]] = {}
        self._numbers = itertools.count()

    async def ask(self, job: str, body: str) -> str | None:
        number = next(self._numbers)
        self._pending[number] = asyncio.get_running_loop().create_future()
        await self._requests.put((number, job, body))
        try:
            return await self._pending[number]
        finally:
            del self._pending[number]

    async def take(self) -> list[tuple[int, str, str]]:
        requests = [await self._requests.get()]
        while not self._requests.empty():
            requests.append(self._requests.get_nowait())
        return requests

    async def answer(self, number: int, reply_json: str | None) -> None:
        waits = self._pending.get(number)
        if waits is not None and not waits.done():
            waits.set_result(reply_json)


class RequestUnanswered(Exception):
    """The run sent no reply; the reason was raised there."""


class MailboxGateway:
    """The `Gateway` protocol on a worker."""

    def __init__(self, mailbox: Any, job: str) -> None:
        self._mailbox, self._job = mailbox, job

    async def complete(self, call: Call, payer: Payer) -> Reply:
        return Reply.model_validate_json(await self._request({"call": call.model_dump(mode="json"), "payer": payer}))

    async def loss(self, call: Call, reference: str, payer: Payer) -> float:
        request = {"call": call.model_dump(mode="json"), "payer": payer, "reference": reference}
        return float(await self._request(request))

    async def _request(self, request: dict[str, Any]) -> str:
        reply_json = await self._mailbox.ask.remote(self._job, json.dumps(request))
        if reply_json is None:
            raise RequestUnanswered
        return str(reply_json)


def _execute_on_worker(work: str, mailbox: Any, job: str) -> str:
    """Runs on a worker: JSON in, JSON out."""
    from .worker import execute_work

    try:
        done = asyncio.run(execute_work(MeasureSpec.model_validate_json(work), MailboxGateway(mailbox, job)))
    except RequestUnanswered:
        return json.dumps({"failed": "the run gave no answer"})
    except MaieuticError as error:
        return json.dumps({"failed": str(error)})
    return json.dumps({"done": done.model_dump(mode="json")})


def _check_library() -> None:
    """Check for the library when the executor is created, before a run spends; it is imported with the first job."""
    if importlib.util.find_spec(_MODULE) is None:
        raise UsageError(
            "the executor ray needs the library ray",
            where="executor ray",
            possible=("local", "ray"),
            remedy='pip install "maieutic[ray]"',
        )
