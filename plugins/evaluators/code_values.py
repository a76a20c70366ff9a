"""How values travel between the process of generated code and the process of its tests: as JSON that says the type.

Only plain values travel as such. Everything else stays where it is and travels as a reference by number, so that an
object of the generated code's own never takes part in a comparison with a value of the tests.
"""

from __future__ import annotations

import datetime
import decimal
import fractions
import json
import math
from collections.abc import Callable
from typing import Any

ByReference = Callable[[Any], Any]
_SEQUENCES: dict[str, Any] = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}
# Written with their text, read by the function.
_TEXTS: dict[str, tuple[type, Callable[[str], Any]]] = {
    "decimal": (decimal.Decimal, decimal.Decimal),
    "fraction": (fractions.Fraction, fractions.Fraction),
    "datetime": (datetime.datetime, datetime.datetime.fromisoformat),
    "date": (datetime.date, datetime.date.fromisoformat),
    "time": (datetime.time, datetime.time.fromisoformat),
}
# Deeper values are no answer of a test, and would exhaust Python's stack on the way.
_MAX_DEPTH = 60


def encode(value: Any, reference: ByReference, depth: int = 0) -> Any:
    """A value as JSON. reference: the number of an object that does not travel."""
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        return ["str", [ord(character) for character in value]] if _has_surrogates(value) else str.__str__(value)
    if isinstance(value, int):
        return int.__int__(value) if abs(value) < 2**53 else ["int", hex(int.__int__(value))]
    if isinstance(value, float):
        return float.__float__(value) if math.isfinite(value) else ["float", float.__repr__(value)]
    if depth >= _MAX_DEPTH:
        return ["ref", *reference(value)]
    if isinstance(value, bytes | bytearray):
        return ["bytearray" if isinstance(value, bytearray) else "bytes", bytes(value).hex()]
    if isinstance(value, complex):
        return ["complex", value.real.hex(), value.imag.hex()]
    for name, kind in _SEQUENCES.items():
        if isinstance(value, kind):
            return [name, [encode(item, reference, depth + 1) for item in kind.__iter__(value)]]
    if isinstance(value, dict):
        pairs = dict.items(value)
        return ["dict", [[encode(k, reference, depth + 1), encode(v, reference, depth + 1)] for k, v in pairs]]
    for name, (kind, _) in _TEXTS.items():
        if type(value) is kind:
            return [name, value.isoformat() if isinstance(value, datetime.date | datetime.time) else str(value)]
    if isinstance(value, datetime.timedelta):
        return ["timedelta", value.days, value.seconds, value.microseconds]
    return ["ref", *reference(value)]


def decode(value: Any, resolve: Callable[[list[Any]], Any]) -> Any:
    """The value again. resolve: what stands for a reference."""
    if not isinstance(value, list):
        return value
    name, *rest = value
    if name in _SEQUENCES:
        return _SEQUENCES[name](decode(item, resolve) for item in rest[0])
    if name in _TEXTS:
        return _TEXTS[name][1](rest[0])
    match name:
        case "dict":
            return {decode(k, resolve): decode(v, resolve) for k, v in rest[0]}
        case "str":
            return "".join(map(chr, rest[0]))
        case "int":
            return int(rest[0], 16)
        case "float":
            return float(rest[0])
        case "bytes":
            return bytes.fromhex(rest[0])
        case "bytearray":
            return bytearray.fromhex(rest[0])
        case "complex":
            return complex(float.fromhex(rest[0]), float.fromhex(rest[1]))
        case "timedelta":
            return datetime.timedelta(*rest)
        case "ref" | "callback" | "module" | "exception":
            return resolve(value)
    raise ValueError(f"{name!r} is no type of a value")


def write_line(stream: Any, message: Any) -> None:
    stream.write(json.dumps(message).encode() + b"\n")
    stream.flush()


def read_line(stream: Any, limit: int = 2**24) -> Any:
    """The next message. Raises EOFError where the other side is gone, ValueError where it sends no message."""
    line = stream.readline(limit)
    if not line.endswith(b"\n"):
        raise EOFError("the other process ended")
    try:
        return json.loads(line)
    except RecursionError as error:
        raise ValueError("a message is nested too deeply") from error


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)
