"""Recognizes the placeholders of a start prompt in the notations of other tools, by the columns that exist.

`{x}` is our own. `{{ x }}` (Jinja, Handlebars, promptfoo) and `$x` become `{x}` where `x` is a column; every other
brace of such a prompt, as in an example of JSON, is literal and stays so. A prompt is in one notation. One with
conditions, loops or filters is kept as a Jinja template, those of Handlebars converted.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ...core.errors import TaskError, UsageError
from ...core.jinja_template import jinja_names
from ...core.prompt import TemplateKind

_SINGLE = re.compile(r"(?<!\{)\{([^{}\n\"]{1,80})\}(?!\})")
_DOUBLE = re.compile(r"\{\{-?[ \t]*([^{}\n\"]{1,80}?)[ \t]*-?\}\}")
_DOLLAR = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAME_LIKE = re.compile(r"[^\W\d][\w .\-]*")
_STATEMENT = re.compile(r"\{%.*?%\}|\{#.*?#\}|\{\{[#/^!>].*?\}\}|\{\{[^{}\n]*[|(][^{}\n]*\}\}", re.DOTALL)
_TAG = re.compile(r"\{%(.*?)%\}|\{\{(?:[#^/]\w*)?(.*?)\}\}", re.DOTALL)
_WORD = re.compile(r"[A-Za-z_]\w*")
_HANDLEBARS = re.compile(r"\{\{([#/^!>]|(?=else\s*\}\}))(.*?)\}\}", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class PromptTemplate:
    """A prompt text in our notation, or kept as a Jinja template.

    fields: placeholder → column, for those that are filled from a column.
    """

    text: str
    fields: Mapping[str, str]
    kind: TemplateKind = "braces"


def convert_placeholders(
    text: str, columns: Sequence[str], other_names: Iterable[str] = (), *, kind: TemplateKind = "braces"
) -> PromptTemplate:
    """The text with placeholders in our notation.

    Args:
        text: of a prompt.
        columns: names and dotted paths that a placeholder may name.
        other_names: what else may be named and keeps its name: `input`, constants, other prompts.
        kind: what the task says of the prompt; a `jinja` one is kept.

    Raises:
        TaskError: a placeholder in double braces names no column, or a template is not valid.
    """
    names = _PlaceholderNames(columns, frozenset({"input", *other_names}))
    if kind == "jinja" or (_STATEMENT.search(text) and _names_a_column(text, names)):
        return _kept_template(text, names)
    if any(names.knows(match[1]) for match in _SINGLE.finditer(text)):
        braces_are_literal = text.count("{{") != text.count("}}")
        if not braces_are_literal and all(_NAME.fullmatch(m[1]) for m in _SINGLE.finditer(text) if names.knows(m[1])):
            matches = [match[1] for match in _SINGLE.finditer(text) if names.knows(match[1])]
            return PromptTemplate(text=text, fields={names.placeholder(name): names.column(name) for name in matches})
        literal = _double_braces if braces_are_literal else str
        return _rewrite(text, _SINGLE, names, literal, keep=lambda name: True)
    doubles = [match[1] for match in _DOUBLE.finditer(text)]
    if any(names.knows(name) for name in doubles):
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


def _names_a_column(text: str, names: _PlaceholderNames) -> bool:
    words = {word for groups in _TAG.findall(text) for word in _WORD.findall(" ".join(groups))}
    return any(names.knows(match[1]) for match in _DOUBLE.finditer(text)) or any(map(names.knows, words))


def _kept_template(text: str, names: _PlaceholderNames) -> PromptTemplate:
    """A Jinja template with the names of its columns as Jinja can write them; Handlebars is converted first."""
    if _HANDLEBARS.search(text):
        text = _from_handlebars(text)
    fields: dict[str, str] = {}

    def plain(match: re.Match[str]) -> str:
        name = match[1]
        if not names.knows(name) or _NAME.fullmatch(name):
            return match[0]
        fields[names.placeholder(name)] = names.column(name)
        return f"{{{{ {names.placeholder(name)} }}}}"

    text = _DOUBLE.sub(plain, text)
    try:
        used_names = jinja_names(text)
    except UsageError as error:
        raise TaskError(error.what, where=error.where, remedy=error.remedy) from error
    for name in used_names:
        if name in fields:
            continue
        if not names.knows(name):
            raise names.unknown(name)
        fields[name] = names.column(name)
    return PromptTemplate(text=text, fields=fields, kind="jinja")


def _from_handlebars(text: str) -> str:
    """Conditions, loops and comments of Handlebars and Mustache in Jinja. Raises TaskError for what has no twin."""
    opened: list[str] = []

    def tag(match: re.Match[str]) -> str:
        sign, word = match[1], match[2].strip()
        helper, _, argument = word.partition(" ")
        argument = argument.strip()
        if sign == "!":
            return ""
        if sign == "/" and opened:
            return opened.pop()
        if word == "else":
            return "{% else %}"
        if sign in ("#", "^") and _NAME.fullmatch(argument or helper):
            negated = sign == "^" or helper == "unless"
            loop = sign == "#" and helper == "each" and bool(argument)
            opened.append("{% endfor %}" if loop else "{% endif %}")
            name = argument or helper
            return f"{{% for this in {name} %}}" if loop else f"{{% if {'not ' if negated else ''}{name} %}}"
        raise TaskError(
            f"the prompt has {match[0]!r:.60}, which has no twin in Jinja",
            possible=("{{#if x}}", "{{#unless x}}", "{{#each x}}", "{{else}}", "{{/if}}", "{{! comment }}"),
            remedy="write it in Jinja, or without it",
        )

    text = re.sub(r"\{\{\{\s*([^{}]+?)\s*\}\}\}", r"{{ \1 }}", text)
    text = _HANDLEBARS.sub(tag, text)
    if opened:
        raise TaskError("a condition or loop of the prompt is not closed", remedy="write {{/if}} or {{/each}}")
    return text


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
