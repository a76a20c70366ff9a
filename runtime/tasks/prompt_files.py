"""Reads prompts from files: plain text, transcripts, exported programs, chat messages of OpenAI and LangChain."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ...core.errors import UsageError
from ...core.message_template import MessageTemplate, TemplateVariable, merged, pieces_of, prompt_of_messages
from ...core.program import Program
from ...core.prompt import Prompt
from ...core.transcript import read_prompt_text
from .rows import read_text

PROGRAM_FORMAT = "maieutic-program"
PROGRAM_VERSION = 1
MESSAGES_FORMAT = "maieutic-messages"
# What every other export begins with, in a comment of its language.
EXPORT_MARK = "maieutic export:"
# Formats of `maieutic export` that are read back.
READABLE_FORMATS = ("text", "json", "openai", "langchain", "langchain-hub")
_MARKED = re.compile(rf"{re.escape(EXPORT_MARK)} ?([\w-]+)")
_MARK_RANGE = 200
_OTHER_SUFFIXES = {
    ".yaml": "YAML",
    ".yml": "YAML",
    ".py": "Python",
    ".js": "JavaScript",
    ".ts": "TypeScript",
    ".csv": "a table",
    ".tsv": "a table",
    ".jsonl": "rows",
    ".toml": "TOML",
    ".html": "HTML",
    ".xlsx": "Excel",
    ".parquet": "Parquet",
    ".pdf": "PDF",
    ".docx": "Word",
}
_PARTS_HEADING = re.compile(r"=== .+ ===")
_BEFORE_SENDING = "\n=== before it is sent ===\n"
_DOUBLE_BRACES = re.compile(r"\{\{[ \t]*([A-Za-z_][A-Za-z0-9_]*)[ \t]*\}\}")
_LANGCHAIN_ROLES = {"System": "system", "Human": "user", "AI": "assistant"}


def read_program_file(path: Path) -> Program:
    """The program of a file. Raises UsageError for one that is no prompt, naming the formats that are."""
    return read_program(read_text(path), path)


def read_program(text: str, path: Path) -> Program:
    """The program in a file's text, recognized by its content."""
    where, suffix = str(path), path.suffix.casefold()
    if (match := _MARKED.search(text[:_MARK_RANGE])) is not None:
        raise _unreadable_error(f"this is a prompt in the format {match[1]}", where)
    if suffix == ".json" or text.lstrip()[:1] in ("{", "["):
        body = _parse_json(text, where, strict=suffix == ".json")
        if body is not None:
            return _program_of_json(body, where)
    if suffix in (".j2", ".jinja", ".jinja2"):
        return Program.of(Prompt(instruction=text.rstrip("\n"), template="jinja"))
    if suffix in _OTHER_SUFFIXES:
        raise _unreadable_error(f"a file of {_OTHER_SUFFIXES[suffix]} is no prompt", where)
    if _PARTS_HEADING.fullmatch(text.partition("\n")[0]) or _BEFORE_SENDING in text:
        raise _unreadable_error("this text is a program of several parts, written for reading", where)
    return Program.of(read_prompt_text(text.rstrip("\n"), where))


def load_json(text: str, *, where: str = "export") -> Program:
    """The program of an export as json. Raises UsageError for any other text, and for a newer version."""
    try:
        body = json.loads(text)
    except ValueError as error:
        raise UsageError(f"not valid JSON: {error}", where=where) from error
    if not isinstance(body, dict) or body.get("format") != PROGRAM_FORMAT:
        raise UsageError(
            f"this JSON is not an exported program: format = {PROGRAM_FORMAT!r} is missing",
            where=where,
            possible=("json, openai, langchain of maieutic export", '{"messages": [{"role": …, "content": …}]}'),
            remedy="write one with: maieutic export RUN --format json",
        )
    if body.get("version") != PROGRAM_VERSION:
        raise UsageError(
            f"the export has version {body.get('version')!r}",
            where=where,
            possible=(str(PROGRAM_VERSION),),
            remedy="update maieutic",
        )
    try:
        return Program.model_validate(body.get("program"))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in ("program", *first["loc"]))
        raise UsageError(f"the program cannot be read: {first['msg']}", where=f"{where}: {place}") from error


def _program_of_json(body: Any, where: str) -> Program:
    manifest = body.get("manifest") if isinstance(body, dict) else None
    if isinstance(manifest, dict) and "lc" in manifest:
        body = manifest
    if isinstance(body, dict) and isinstance(body.get("lc"), int):
        return Program.of(prompt_of_messages(_langchain_turns(body, where), where))
    if isinstance(body, dict) and "router" in body and "templates" in body:
        raise _unreadable_error("this is a LangChain program with a router", where)
    listed = body.get("messages") if isinstance(body, dict) else body
    if isinstance(listed, list) and listed and all(isinstance(item, dict) and "role" in item for item in listed):
        variables = body.get("variables") if isinstance(body, dict) else None
        return Program.of(_prompt_of_chat(listed, variables, where))
    named = {name: part for name, part in body.items() if name != "format"} if isinstance(body, dict) else {}
    if named and all(isinstance(part, dict) and isinstance(part.get("messages"), list) for part in named.values()):
        return Program(
            prompts={
                name: _prompt_of_chat(part["messages"], part.get("variables"), where) for name, part in named.items()
            }
        )
    if named and all(isinstance(part, dict) and isinstance(part.get("lc"), int) for part in named.values()):
        return Program(
            prompts={name: prompt_of_messages(_langchain_turns(part, where), where) for name, part in named.items()}
        )
    return load_json(json.dumps(body), where=where)


def _prompt_of_chat(messages: Sequence[Mapping[str, Any]], variables: Any, where: str) -> Prompt:
    """Messages of OpenAI's API, whose values stand in double braces. variables: their names; None means any."""
    names = _DOUBLE_BRACES
    if isinstance(variables, list):
        listed = "|".join(re.escape(str(name)) for name in variables)
        names = re.compile(rf"\{{\{{({listed})\}}\}}" if listed else r"(?!)()")
    turns = []
    for message in messages:
        content = message.get("content")
        if isinstance(content, list):
            content = "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
        if not isinstance(content, str):
            raise UsageError("a message has no text", where=where, remedy='write {"role": …, "content": "…"}')
        role = "system" if message["role"] == "developer" else str(message["role"])
        turns.append(MessageTemplate(role, pieces_of(content, names)))
    return prompt_of_messages(turns, where)


def _langchain_turns(body: Mapping[str, Any], where: str) -> list[MessageTemplate]:
    """The messages of a serialized ChatPromptTemplate whose texts are f-strings."""
    turns = []
    for message in (body.get("kwargs") or {}).get("messages") or ():
        name = str((message.get("id") or [""])[-1])
        kwargs = message.get("kwargs") or {}
        role = _LANGCHAIN_ROLES.get(name.removesuffix("MessagePromptTemplate").removesuffix("Message"))
        template = (kwargs.get("prompt") or {}).get("kwargs") or {}
        if role is not None and isinstance(kwargs.get("content"), str):
            turns.append(MessageTemplate(role, merged((kwargs["content"],))))
        elif role is not None and template.get("template_format", "f-string") == "f-string" and "template" in template:
            turns.append(MessageTemplate(role, _format_pieces(str(template["template"]), where)))
        else:
            raise _unreadable_error(f"the LangChain template has {name or 'a part'}, which is no plain message", where)
    if not turns:
        raise _unreadable_error("this LangChain object is no template of chat messages", where)
    return turns


def _format_pieces(template: str, where: str) -> tuple[str | TemplateVariable, ...]:
    from string import Formatter

    try:
        parsed = list(Formatter().parse(template))
    except ValueError as error:
        raise UsageError(f"the LangChain template cannot be read: {error}", where=where) from error
    pieces: list[str | TemplateVariable] = []
    for text, name, _, _ in parsed:
        pieces += [text, *([TemplateVariable(name)] if name else [])]
    return merged(tuple(pieces))


def _parse_json(text: str, where: str, *, strict: bool) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        if not strict:
            return None
        raise UsageError(f"not valid JSON: {error}", where=where) from error


def _unreadable_error(what: str, where: str) -> UsageError:
    return UsageError(
        what,
        where=where,
        possible=("text", "json", "openai", "langchain", "a .txt or .md file with the prompt"),
        remedy="export it with --format json, which keeps every part",
    )
