"""A store, a fake clock and a gateway over a real server on loopback."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from maieutic.core.budget import Budget
from maieutic.core.models import Call, ModelRef, Sampling
from maieutic.runtime.models.client import ModelClient, TransportName
from maieutic.runtime.models.gateway import RunGateway
from maieutic.runtime.models.throttle import RetryPolicy
from maieutic.runtime.store import RunRecord, Store
from maieutic.testing import StubServer


@dataclass
class FakeClock:
    """Sleeping takes no time and moves the clock."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / ".maieutic") as opened:
        yield opened


@pytest.fixture(scope="session")
def litellm_ready() -> None:
    """Pay for the import once, not in the first test that happens to need it."""
    import os

    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    import litellm

    assert litellm.acompletion


@pytest.fixture(params=["openai_compatible", "litellm"])
def transport(request: pytest.FixtureRequest) -> TransportName:
    """Both lanes have one behaviour."""
    name: TransportName = request.param
    if name == "litellm":
        request.getfixturevalue("litellm_ready")
    return name


@pytest.fixture
async def client(transport: TransportName) -> AsyncIterator[ModelClient]:
    async with ModelClient(transport=transport) as opened:
        yield opened


OpenGateway = Callable[..., RunGateway]


@pytest.fixture
async def gateway(store: Store, client: ModelClient, clock: FakeClock) -> AsyncIterator[OpenGateway]:
    """Opens gateways of new runs: `gateway(calls=7, concurrency=16)`."""
    numbers = itertools.count()
    opened: list[RunGateway] = []

    def open_one(
        run: str | None = None,
        *,
        concurrency: int = 4,
        attempts: int = 5,
        timeout: float = 5.0,
        settle_seconds: float = 0.05,
        **limits: float,
    ) -> RunGateway:
        name = run or f"r-{next(numbers)}"
        budget = Budget.model_validate(limits or {"calls": 1000})
        ledger = store.ledger_sums(name).ledger(budget)
        patience = RetryPolicy(max_attempts=attempts, timeout=timeout, clock=clock)
        one = RunGateway(
            run=name,
            store=store,
            ledger=ledger,
            client=client,
            concurrency=concurrency,
            retry_policy=patience,
            settle_seconds=settle_seconds,
        )
        opened.append(one)
        return one

    for number in range(3):
        await store.create_run(RunRecord(id=f"r-{number}", task="t", recipe="x"))
    yield open_one
    for one in opened:
        await one.aclose()


@pytest.fixture
def ask() -> Callable[..., Call]:
    """Makes calls to a stub: `ask(stub, "hello", temperature=1.0)`."""

    def make(
        stub: StubServer, text: str = "hello", *, sample: int = 0, key_env: str | None = None, **sampling: object
    ) -> Call:
        model = ModelRef.parse(f"openai/stub@{stub.base}", key_env=key_env)
        options = Sampling.model_validate({"max_tokens": 8, **sampling})
        return Call(model=model, messages=({"role": "user", "content": text},), sampling=options, sample=sample)

    return make
