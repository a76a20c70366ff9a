"""The process of generated code: runs it, then carries out what the process of the tests asks for.

It never sees a test, an expected value or whether a test passed. It is a script of its own and imports nothing else of
Maieutic: `code_sandbox` starts it with limits, and with the two pipes to the other process as its last arguments.
"""

from __future__ import annotations

import builtins
import contextlib
import io
import operator
import sys
import types
from collections.abc import Callable
from typing import Any

from .code_values import decode, encode, read_line, write_line

_OPERATIONS: dict[str, Callable[..., Any]] = {
    **{name: getattr(builtins, name) for name in ("len", "iter", "next", "bool", "str", "repr", "hash", "isinstance")},
    **{name: getattr(builtins, name) for name in ("getattr", "setattr", "delattr", "abs", "round", "int", "float")},
    **{name: getattr(operator, name) for name in ("eq", "ne", "lt", "le", "gt", "ge", "getitem", "setitem", "delitem")},
    **{name: getattr(operator, name) for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul")},
    **{name: getattr(operator, name) for name in ("and_", "or_", "xor", "neg", "pos", "invert", "index")},
    "call": lambda function, *args, **keywords: function(*args, **keywords),
    "enter": lambda value: value.__enter__(),
    "exit": lambda value: value.__exit__(None, None, None),
}


class Worker:
    """Objects by number, and the pipes."""

    def __init__(self, requests: Any, answers: Any) -> None:
        self._requests, self._answers = requests, answers
        self._objects: list[Any] = []

    def run(self, source: str) -> None:
        module = types.ModuleType("__main__")
        sys.modules["__main__"] = module
        sys.argv = ["main.py"]
        exec(compile(source, "main.py", "exec"), module.__dict__)
        names = {name: self._encode_global(value) for name, value in vars(module).items() if not name.startswith("__")}
        write_line(self._answers, {"ok": ["names", names]})
        while True:
            try:
                request = read_line(self._requests)
            except EOFError:
                return
            write_line(self._answers, self._answer(request))

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        text = io.StringIO()
        args = [decode(value, self._resolve) for value in request["args"]]
        keywords = {name: decode(value, self._resolve) for name, value in request.get("keywords", {}).items()}
        try:
            with contextlib.redirect_stdout(text):
                value = _OPERATIONS[request["do"]](*args, **keywords)
            answer: dict[str, Any] = {"ok": self._encode(value)}
        except BaseException as error:  # noqa: BLE001 - the test may expect it
            answer = {"error": self._encode_error(error)}
        # A function may change a list that it was given: the tests look at it afterwards.
        changed = [self._encode(value) for value in args] if request["do"] == "call" else []
        return {**answer, "args": changed, "printed": text.getvalue()[:100_000]}

    def _encode(self, value: Any) -> Any:
        return encode(value, self._reference)

    def _encode_global(self, value: Any) -> Any:
        if isinstance(value, types.ModuleType):
            return ["module", value.__name__]
        if isinstance(value, type) and issubclass(value, BaseException):
            return ["exception", *self._reference(value), value.__name__, _builtin_base(value)]
        return self._encode(value)

    def _encode_error(self, error: BaseException) -> list[Any]:
        texts = [self._encode(argument) for argument in error.args]
        return [type(error).__name__, _builtin_base(type(error)), texts, f"{type(error).__name__}: {error}"[:2000]]

    def _reference(self, value: Any) -> list[Any]:
        self._objects.append(value)
        return [len(self._objects) - 1, callable(value)]

    def _resolve(self, reference: list[Any]) -> Any:
        _, number, *callback_mark = reference
        if not callback_mark:
            return self._objects[number]

        def callback(*args: Any, **keywords: Any) -> Any:
            encoded = [self._encode(value) for value in args]
            named = {name: self._encode(value) for name, value in keywords.items()}
            write_line(self._answers, {"callback": number, "args": encoded, "keywords": named})
            answer = read_line(self._requests)
            if "error" in answer:
                name, text = answer["error"]
                raise getattr(builtins, name, Exception)(text)
            return decode(answer["ok"], self._resolve)

        return callback


def _builtin_base(kind: type[BaseException]) -> str:
    return next(base.__name__ for base in kind.__mro__ if base.__module__ == "builtins")


def main() -> None:
    requests, answers = (int(number) for number in sys.argv[-2:])
    source = sys.argv[-3]
    with open(requests, "rb") as incoming, open(answers, "wb") as outgoing:
        with open(source, encoding="utf-8") as file:
            text = file.read()
        Worker(incoming, outgoing).run(text)
