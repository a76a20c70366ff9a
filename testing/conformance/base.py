"""What all kits share: how the object under test is made, its contract, and that a kit's tests stay as they are."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, ClassVar, TypeVar

from ...plugins.system.contract_table import contract_violations
from ...plugins.system.discovery import IN_PROCESS, Plugin
from ...plugins.system.hookspecs import Kind
from ...plugins.system.sandbox import PluginProxy, PluginThread, proxy_for

T = TypeVar("T")
_KIT = Plugin(name="kit", module="kit", distribution=IN_PROCESS, version="", state="loaded")
# As long as a call of a run may take (`CALL_TIMEOUT_SECONDS` of the registry), so that the kit refuses no other.
_CALL_SECONDS = 120.0


class Conformance:
    """Override `make`. Nothing that begins with `test_` in a kit may be overridden."""

    kind: ClassVar[Kind]

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        kits = [base for base in cls.__mro__[1:] if base.__module__.startswith(__package__)]
        if cls.__module__.startswith(__package__):
            return
        own = {name for kit in kits for name in vars(kit) if name.startswith("test_")}
        if overridden := sorted(own & set(vars(cls))):
            raise TypeError(f"{cls.__name__} overrides tests of the conformance kit: {', '.join(overridden)}")

    def make(self) -> Any:
        """A new object, as a task or a recipe would get it."""
        raise NotImplementedError(f"{type(self).__name__}.make has to say how the {self.kind} is made")

    def make_guarded(self) -> Any:
        """A new object as a run holds it: behind the proxy that names what hangs, ends the process, replaces Python's
        own functions, or returns what the run cannot carry out. Raises PluginError from the call that does."""
        instance = self.make()
        if isinstance(instance, PluginProxy):
            return instance
        return proxy_for(self.kind, "kit", instance, _KIT, PluginThread("maieutic kit", _CALL_SECONDS))

    def test_it_has_the_fields_and_methods_of_its_contract(self) -> None:
        assert contract_violations(self.kind, self.make()) == []

    def test_it_can_be_made_twice_with_the_same_name_and_needs(self) -> None:
        first, second = self.make(), self.make()
        for field in ("name", "needs", "calls", "suffix"):
            value = getattr(first, field, None)
            assert callable(value) or value == getattr(second, field, None)


def run_with_timeout(work: Coroutine[Any, Any, T], seconds: float = 60) -> T:
    """The coroutine's result. Raises TimeoutError where it takes longer."""

    async def within() -> T:
        async with asyncio.timeout(seconds):
            return await work

    return asyncio.run(within())
