"""The program as JSON that Maieutic reads back, with the report's result."""

from __future__ import annotations

import json

from pydantic import ValidationError

from ...core.errors import UsageError
from ...core.program import Program
from ...core.report import Report

FORMAT = "maieutic-program"
VERSION = 1


class JsonExporter:
    """Writes every part of the program; `load_json` returns an equal program."""

    name = "json"
    suffix = ".json"

    def export(self, program: Program, task_name: str, report: Report | None) -> str:
        fields = {"run", "verdict", "start", "best", "difference"}
        claim = report.model_dump(mode="json", include=fields) if report else None
        body = {
            "format": FORMAT,
            "version": VERSION,
            "task": task_name,
            "program": program.parts(),
            "report": claim,
        }
        return json.dumps(body, indent=2, ensure_ascii=False) + "\n"


def load_json(text: str, *, where: str = "export") -> Program:
    """The program of an export. Raises UsageError for any other text, and for a newer version."""
    try:
        body = json.loads(text)
    except ValueError as error:
        raise UsageError(f"not valid JSON: {error}", where=where) from error
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        raise UsageError(
            f"this JSON is not an exported program: format = {FORMAT!r} is missing",
            where=where,
            remedy="write one with: maieutic export RUN --format json",
        )
    if body.get("version") != VERSION:
        raise UsageError(
            f"the export has version {body.get('version')!r}",
            where=where,
            possible=(str(VERSION),),
            remedy="update maieutic",
        )
    try:
        return Program.model_validate(body.get("program"))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in ("program", *first["loc"]))
        raise UsageError(f"the program cannot be read: {first['msg']}", where=f"{where}: {place}") from error
