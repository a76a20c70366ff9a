"""The process of the tests: runs a test on generated code that is in another process, and says whether it passed.

Names of the generated code stand for objects over there. What they return comes back as plain values, which the test
compares by the expected value's own comparison; an object of the generated code's own class is equal to no plain value,
whatever its `__eq__` says. The word that a test passed goes through a pipe that the generated code does not have.

A script of its own, as `code_worker` is.
"""

from __future__ import annotations

import builtins
import importlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

from .code_values import decode, encode, read_line, write_line

_FORWARDED = {
    **{f"__{name}__": name for name in ("len", "str", "repr", "bool", "abs", "neg", "pos", "invert", "enter")},
    **{f"__{name}__": name for name in ("getitem", "setitem", "delitem", "round", "float", "int", "index", "hash")},
    **{f"__{name}__": name for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "xor")},
    "__and__": "and_",
    "__or__": "or_",
    "__next__": "next",
    "__instancecheck__": "",
}
_ORDERINGS = ("lt", "le", "gt", "ge")
# What a reader of the feedback needs, and less than a pipe holds.
_OUTCOME_CHARACTERS = 2000


class Session:
    """The pipes to the generated code, and what of the tests it may call back."""

    def __init__(self, answers: Any, requests: Any) -> None:
        self._answers, self._requests = answers, requests
        self._callbacks: list[Callable[..., Any]] = []
        self.errors: dict[str, type[BaseException]] = {}

    def names(self) -> dict[str, Any]:
        """The generated code's global names. Raises EOFError where it ended before its end."""
        _, names = read_line(self._answers)["ok"]
        return {name: decode(value, self._resolve) for name, value in names.items()}

    def ask(self, operation: str, *args: Any, **keywords: Any) -> Any:
        encoded = [self._encode(value) for value in args]
        named = {name: self._encode(value) for name, value in keywords.items()}
        write_line(self._requests, {"do": operation, "args": encoded, "keywords": named})
        while "callback" in (answer := read_line(self._answers)):
            write_line(self._requests, self._call_back(answer))
        sys.stdout.write(str(answer.get("printed", "")))
        for given, changed in zip(args, answer.get("args", ()), strict=False):
            _take_over(given, decode(changed, self._resolve))
        if "error" in answer:
            raise self._error(*answer["error"])
        return decode(answer["ok"], self._resolve)

    def _call_back(self, message: dict[str, Any]) -> dict[str, Any]:
        args = [decode(value, self._resolve) for value in message["args"]]
        keywords = {name: decode(value, self._resolve) for name, value in message["keywords"].items()}
        try:
            return {"ok": self._encode(self._callbacks[message["callback"]](*args, **keywords))}
        except Exception as error:  # noqa: BLE001 - raised again where it was called
            return {"error": [type(error).__name__, str(error)]}

    def _error(self, name: str, base: str, args: list[Any], text: str) -> BaseException:
        own = self.errors.get(name)
        kind: type[BaseException] = getattr(builtins, base, Exception) if own is None else own
        # What would end this process instead of failing the test is an error of the code.
        if not issubclass(kind, Exception):
            return RuntimeError(f"it raised {text}")
        values = [decode(value, self._resolve) for value in args]
        try:
            return kind(*values) if name in (base, *self.errors) else kind(text)
        except Exception:  # noqa: BLE001 - a class that wants other arguments
            return RuntimeError(text)

    def _encode(self, value: Any) -> Any:
        if isinstance(value, Remote):
            return ["ref", object.__getattribute__(value, "_number")]
        return encode(value, self._callback)

    def _callback(self, value: Any) -> list[Any]:
        if isinstance(value, Remote):
            return [object.__getattribute__(value, "_number")]
        if not callable(value):
            raise TypeError(f"a {type(value).__name__} cannot be passed to code that is tested")
        self._callbacks.append(value)
        return [len(self._callbacks) - 1, "callback"]

    def _resolve(self, reference: list[Any]) -> Any:
        match reference:
            case ["module", str(name)] if name.partition(".")[0] in sys.stdlib_module_names:
                return importlib.import_module(name)
            case ["exception", int(), bool(), str(name), str(base)]:
                parent = getattr(builtins, base, Exception)
                self.errors[name] = type(name, (parent,), {})
                return self.errors[name]
            case ["ref", int(number), bool()]:
                return Remote(self, number)
        return None


class Remote:
    """An object of the generated code. Operations on it are carried out over there."""

    def __init__(self, session: Session, number: int) -> None:
        object.__setattr__(self, "_session", session)
        object.__setattr__(self, "_number", number)

    def __getattr__(self, name: str) -> Any:
        return _ask(self, "getattr", name)

    def __setattr__(self, name: str, value: Any) -> None:
        _ask(self, "setattr", name, value)

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        return _ask(self, "call", *args, **keywords)

    def __iter__(self) -> Iterator[Any]:
        iterator = _ask(self, "iter")
        while True:
            try:
                item = next(iterator)
            except StopIteration:
                return
            yield item

    def __contains__(self, item: Any) -> bool:
        return any(item == other for other in self)

    def __instancecheck__(self, value: Any) -> bool:
        return isinstance(value, Remote) and bool(_ask(value, "isinstance", self))

    def __exit__(self, *error: Any) -> None:
        _ask(self, "exit")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Remote) and bool(_ask(self, "eq", other))

    def __ne__(self, other: object) -> bool:
        return not isinstance(other, Remote) or bool(_ask(self, "ne", other))


def _ask(remote: Remote, operation: str, *args: Any, **keywords: Any) -> Any:
    session: Session = object.__getattribute__(remote, "_session")
    return session.ask(operation, remote, *args, **keywords)


def _forward(operation: str) -> Callable[..., Any]:
    return lambda self, *args: _ask(self, operation, *args)


def _order(operation: str) -> Callable[..., Any]:
    """Two objects of the code are ordered by it; one and a plain value have no order."""
    return lambda self, other: _ask(self, operation, other) if isinstance(other, Remote) else NotImplemented


for _name, _operation in _FORWARDED.items():
    if _operation:
        setattr(Remote, _name, _forward(_operation))
for _operation in _ORDERINGS:
    setattr(Remote, f"__{_operation}__", _order(_operation))


def _take_over(given: Any, changed: Any) -> None:
    """Make a mutable value of the test what the code made of its copy."""
    if isinstance(given, list | bytearray) and isinstance(changed, list | bytearray):
        given[:] = changed
    elif isinstance(given, dict | set) and isinstance(changed, type(given)):
        given.clear()
        given.update(changed)


def main() -> None:
    """The test comes by the standard input, so that it is in no file and no list of arguments."""
    result, answers, requests = (int(number) for number in sys.argv[-3:])
    test = sys.stdin.read()
    sys.argv = ["test.py"]
    with open(result, "w", encoding="utf-8", errors="replace") as word, open(answers, "rb") as incoming:
        with open(requests, "wb", buffering=0) as outgoing:
            word.write(_outcome_of(test, Session(incoming, outgoing))[:_OUTCOME_CHARACTERS])


def _outcome_of(test: str, session: Session) -> str:
    """`passed`, `ended` where the generated code did, or `failed` with the reason."""
    try:
        names = session.names()
    except (EOFError, ValueError, KeyError, TypeError):
        return "ended"
    try:
        exec(compile(test, "test.py", "exec"), {**names, "__name__": "__main__"})
    except SystemExit as error:
        return f"failed the test ended itself with {error.code!r}"
    except (EOFError, BrokenPipeError):
        return "ended"
    except BaseException as error:  # noqa: BLE001 - whatever it is, the test has not passed
        return f"failed {type(error).__name__}: {error}" if str(error) else f"failed {type(error).__name__}"
    return "passed"
