"""Mappings and lists that cannot be changed, for values that plugins and functions of users receive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import AfterValidator

K = TypeVar("K")
V = TypeVar("V")

_REMEDY = "change a copy: `dict(value)` or `list(value)`, and pass that on"


def _refuse(self: Any, *args: Any, **keywords: Any) -> NoReturn:
    raise TypeError(f"this value belongs to the run and cannot be changed; {_REMEDY}")


class FrozenDict(dict[K, V]):
    """A dict that raises TypeError at every change. `value | {…}`, `{**value}` and `dict(value)` give a plain one."""

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (dict(self),)

    def __copy__(self) -> FrozenDict[K, V]:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> FrozenDict[K, V]:
        return self


class FrozenList(list[V]):
    """A list that raises TypeError at every change. `list(value)` and `[*value]` give a plain one."""

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (list(self),)

    def __copy__(self) -> FrozenList[V]:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> FrozenList[V]:
        return self


def frozen(value: Any) -> Any:
    """The value with all dicts and lists in it frozen; anything else as it is."""
    if isinstance(value, FrozenDict | FrozenList):
        return value
    if isinstance(value, Mapping):
        return FrozenDict({key: frozen(item) for key, item in value.items()})
    if isinstance(value, list):
        return FrozenList(frozen(item) for item in value)
    return tuple(frozen(item) for item in value) if type(value) is tuple else value


def thawed(value: Any) -> Any:
    """A plain copy that its receiver may change."""
    if isinstance(value, Mapping):
        return {key: thawed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [thawed(item) for item in value]
    return tuple(thawed(item) for item in value) if type(value) is tuple else value


FrozenMapping = Annotated[Mapping[K, V], AfterValidator(frozen)]
"""A mapping field of a frozen model: what goes in is copied, and nothing can change it later."""
