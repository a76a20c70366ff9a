"""Keeps secrets out of the store, also where an error text or a model's answer repeats one."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

_SECRET_WORDS = frozenset({"KEY", "APIKEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIALS"})
_SECRET_ENDINGS = ("KEY", "TOKEN", "SECRET", "PASSWORD")
_MIN_SECRET_LENGTH = 8
# Shorter ones also occur inside longer words (`password`, `anything`), and are masked only where they stand alone.
_MIN_UNIQUE_LENGTH = 12
# A plain word (`anything`, `password`) is what people give a local endpoint for a key. It guards nothing, and
# masking it would change prompts that use the word.
_PLAIN_WORD = re.compile(r"[a-z]+|[A-Z][a-z]*|[A-Z]+")
# What precedes a value that stands alone: the text's start, no letter or digit, or the end of a JSON escape.
_BEFORE = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrtbf])|(?<=\\u[0-9a-f]{4}))"


class _Secret(NamedTuple):
    """A value as it may stand in a text, where it counts, and what replaces it."""

    value: str
    pattern: re.Pattern[str]
    replacement: str


@dataclass(frozen=True, kw_only=True)
class Redactor:
    """Replaces the values of secret environment variables by their names, and the keys in addresses by `[address]`.

    names: variables that a run uses as keys, whatever their names. addresses: values in its models' addresses.
    environment: os.environ as it is at each call, if None.
    """

    names: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    environment: Mapping[str, str] | None = field(default=None, repr=False)
    _latest: list[tuple[Mapping[Any, Any], tuple[_Secret, ...]]] = field(
        default_factory=list, init=False, repr=False, compare=False
    )

    def text(self, text: str) -> str:
        return _replace(text, self._secrets())

    def json(self, value: Any) -> Any:
        """A copy of a JSON value with all texts redacted, field names included."""
        secrets = self._secrets()
        return _walk(value, secrets) if secrets else value

    def task(self, text: str) -> str:
        """A task's JSON: `resume` reads the addresses from it, and calls them with their keys."""
        return Redactor(names=self.names, environment=self.environment).text(text)

    def joined_by(self, task_json: str) -> Redactor:
        """With what a task's models and evaluators name."""
        try:
            task = json.loads(task_json)
            parts = [task.get("models"), task.get("evaluators")]
        except (ValueError, AttributeError):
            return self
        names, addresses = _variables(parts), _address_keys(parts)
        return Redactor(
            names=self.names | frozenset(names),
            addresses=self.addresses | frozenset(addresses),
            environment=self.environment,
        )

    def _secrets(self) -> tuple[_Secret, ...]:
        """As the environment is now. Each text asks, and decoding every variable for each of them took most of the time
        of a run; so they are found again only where a variable has changed."""
        # What os.environ decodes at every look. It has no public name; where it is missing, all is read each time.
        table = getattr(os.environ, "_data", None)
        if self.environment is not None or table is None:
            return self._find_secrets(os.environ if self.environment is None else self.environment)
        for known, secrets in self._latest:
            if known == table:
                return secrets
        known = dict(table)  # before it is read: what another thread changes meanwhile is found with the next text
        secrets = self._find_secrets(os.environ)
        self._latest[:] = [(known, secrets)]
        return secrets

    def _find_secrets(self, environment: Mapping[str, str]) -> tuple[_Secret, ...]:
        """Longest first: of a secret that begins with another one, the rest must not stay."""
        values = [(value, f"[{name}]") for name, value in environment.items() if name in self.names or _is_key(name)]
        values += [(value, "[address]") for value in self.addresses]
        long_enough = [pair for pair in values if _may_be_secret(pair[0])]
        return tuple(
            _Secret(form, _pattern(form), name.replace("\\", "\\\\"))
            for value, name in sorted(long_enough, key=lambda pair: (-len(pair[0]), pair))
            for form in dict.fromkeys((value, json.dumps(value)[1:-1]))
        )


def redact(text: str, environment: Mapping[str, str] | None = None) -> str:
    """The text with the value of every secret environment variable replaced by its name in brackets.

    A variable is secret by its name (`…_KEY`, `…_TOKEN`, `…_SECRET`, `…_PASSWORD`). Values under 8 characters, and
    plain words under 12 letters, are left alone: they would match ordinary words.
    """
    return Redactor(environment=environment).text(text)


def redact_json(value: Any, environment: Mapping[str, str] | None = None) -> Any:
    """A copy of a JSON value with all texts redacted, field names included."""
    return Redactor(environment=environment).json(value)


def _is_key(name: str) -> bool:
    words = name.upper().split("_")
    return not _SECRET_WORDS.isdisjoint(words) or (len(words) > 1 and words[-1].endswith(_SECRET_ENDINGS))


def _may_be_secret(value: str) -> bool:
    is_word = len(value) < _MIN_UNIQUE_LENGTH and _PLAIN_WORD.fullmatch(value) is not None
    return len(value) >= _MIN_SECRET_LENGTH and not is_word


def _replace(text: str, secrets: tuple[_Secret, ...]) -> str:
    for value, pattern, replacement in secrets:
        if value in text:
            text = pattern.sub(replacement, text)
    return text


def _pattern(form: str) -> re.Pattern[str]:
    alone = len(form) < _MIN_UNIQUE_LENGTH
    return re.compile(f"{_BEFORE}{re.escape(form)}(?![A-Za-z0-9])" if alone else re.escape(form))


def _walk(value: Any, secrets: tuple[_Secret, ...]) -> Any:
    if isinstance(value, str):
        return _replace(value, secrets)
    if isinstance(value, Mapping):
        return {_walk(name, secrets): _walk(item, secrets) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_walk(item, secrets) for item in value]
    return value


def _fields(value: Any) -> Iterator[tuple[str, str]]:
    """Every text of a JSON value with the name of its field."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            if isinstance(item, str):
                yield str(name), item
            else:
                yield from _fields(item)
    elif isinstance(value, list):
        for item in value:
            yield from _fields(item)


def _variables(parts: list[Any]) -> Iterable[str]:
    return [text for name, text in _fields(parts) if name == "key_env" and text]


def _address_keys(parts: list[Any]) -> Iterable[str]:
    """The user, password and query values of addresses, as written and decoded."""
    for _, text in _fields(parts):
        start = text.find("://")
        if start < 0:
            continue
        try:
            address = urlsplit(text[text.rfind("@http", 0, start) + 1 :] if "@http" in text[:start] else text)
        except ValueError:
            continue
        written = [address.username, address.password, *(pair.partition("=")[2] for pair in address.query.split("&"))]
        for value in [*written, *(value for _, value in parse_qsl(address.query))]:
            if value:
                yield value
                yield unquote(value)
