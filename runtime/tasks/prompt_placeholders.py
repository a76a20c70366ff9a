"""Recognizes the placeholders of a start prompt in the notations of other tools, by the columns that exist.

`{x}` is our own. `{{ x }}` (Jinja, Handlebars, promptfoo) and `$x` become `{x}` where `x` is a column; every other
brace of such a prompt, as in an example of JSON, is literal and stays so. A prompt is in one notation.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ...core.errors import TaskError

_SINGLE = re.compile(r"(?<!\{)\{([^{}\n\"]{1,80})\}(?!\})")
_DOUBLE = re.compile(r"\{\{-?[ \t]*([^{}\n\"]{1,80}?)[ \t]*-?\}\}")
_DOLLAR = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAME_LIKE = re.compile(r"[^\W\d][\w .\-]*")
_STATEMENT = re.compile(r"\{%.*?%\}|\{\{[#/^!>].*?\}\}|\{\{[^{}\n]*\|[^{}\n]*\}\}")


@dataclass(frozen=True, kw_only=True)
class PromptTemplate:
    """A prompt text in our notation. fields: placeholder → column, for those that are filled from a column."""

    text: str
    fields: Mapping[str, str]


def convert_placeholders(text: str, columns: Sequence[str], other_names: Iterable[str] = ()) -> PromptTemplate:
    """The text with placeholders in our notation.

    Args:
        text: of a prompt.
        columns: names and dotted paths that a placeholder may name.
        other_names: what else may be named and keeps its name: `input`, constants, other prompts.

    Raises:
        TaskError: a placeholder in double braces names no column, or has a statement of a template language.
    """
    names = _PlaceholderNames(columns, frozenset({"input", *other_names}))
    if any(names.knows(match[1]) for match in _SINGLE.finditer(text)):
        braces_are_literal = text.count("{{") != text.count("}}")
        if not braces_are_literal and all(_NAME.fullmatch(m[1]) for m in _SINGLE.finditer(text) if names.knows(m[1])):
            matches = [match[1] for match in _SINGLE.finditer(text) if names.knows(match[1])]
            return PromptTemplate(text=text, fields={names.placeholder(name): names.column(name) for name in matches})
        literal = _double_braces if braces_are_literal else str
        return _rewrite(text, _SINGLE, names, literal, keep=lambda name: True)
    doubles = [match[1] for match in _DOUBLE.finditer(text)]
    if any(names.knows(name) for name in doubles):
        if statement := _STATEMENT.search(text):
            raise TaskError(
                f"the prompt has {statement[0]!r:.60}, a statement of a template language, which is not executed",
                possible=[f"{{{{{name}}}}}" for name in names.listed],
                remedy="write the prompt without conditions, loops and filters",
            )
        return _rewrite(text, _DOUBLE, names, _double_braces)
    unknown = next((name for name in doubles if _NAME_LIKE.fullmatch(name)), None)
    if unknown is not None and not any(_NAME.fullmatch(match[1]) for match in _SINGLE.finditer(text)):
        raise names.unknown(unknown)
    if any(names.knows(match[1]) for match in _DOLLAR.finditer(text)):
        return _rewrite(text, _DOLLAR, names, _double_braces, keep=lambda name: True)
    return PromptTemplate(text=text, fields={})


class _PlaceholderNames:
    """Which column a name in a prompt means: exactly, apart from case and punctuation, or as the end of a path."""

    def __init__(self, columns: Sequence[str], others: frozenset[str]) -> None:
        self._columns = {name: name for name in columns} | {name: name for name in others}
        self._others = others
        self._folded = {_fold(name): name for name in reversed(columns)}
        self._ends: dict[str, str] = {}
        for path in columns:
            end = path.rpartition(".")[2]
            self._ends[end] = path if end not in self._ends else ""
        self.listed = list(dict.fromkeys(["input", *columns]))

    def knows(self, name: str) -> bool:
        return bool(self._find(name.strip()))

    def column(self, name: str) -> str:
        return self._find(name.strip())

    def placeholder(self, name: str) -> str:
        """The name in our notation: letters, digits and underscores."""
        column = self.column(name)
        if column in self._others:
            return column
        end = name.strip() if _NAME.fullmatch(name.strip()) else _ascii_name(column.rpartition(".")[2] or column)
        return end or f"field_{self.listed.index(column)}"

    def unknown(self, name: str) -> TaskError:
        return TaskError(
            f"the prompt asks for {{{{{name}}}}}, which is no column",
            possible=[f"{{{{{column}}}}}" for column in self.listed],
            remedy="rename the placeholder, add the column, or give a constant under [data.values]",
        )

    def _find(self, name: str) -> str:
        return self._columns.get(name) or self._folded.get(_fold(name), "") or self._ends.get(name, "")


def _rewrite(
    text: str,
    notation: re.Pattern[str],
    names: _PlaceholderNames,
    literal: Callable[[str], str],
    *,
    keep: Callable[[str], bool] = lambda name: False,
) -> PromptTemplate:
    """literal: how the text between placeholders is written. keep: whether an unknown name stays as it is."""
    fields: dict[str, str] = {}
    parts: list[str] = []
    end = 0
    for match in notation.finditer(text):
        name = match[1]
        if not names.knows(name):
            if _NAME_LIKE.fullmatch(name) and not keep(name):
                raise names.unknown(name)
            if notation is _SINGLE and _NAME.fullmatch(name):
                parts += [literal(text[end : match.start()]), match[0]]  # refused later, as any unknown placeholder
                end = match.end()
            continue
        placeholder = names.placeholder(name)
        fields[placeholder] = names.column(name)
        parts += [literal(text[end : match.start()]), f"{{{placeholder}}}"]
        end = match.end()
    return PromptTemplate(text="".join([*parts, literal(text[end:])]), fields=fields)


def _double_braces(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _fold(name: str) -> str:
    return re.sub(r"[\W_]+", "_", name.casefold()).strip("_")


def _ascii_name(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    word = re.sub(r"\W+", "_", plain).strip("_").lower()
    return f"_{word}" if word[:1].isdigit() else word
