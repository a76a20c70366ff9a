"""The program as JSON that Maieutic reads back, with the report's result."""

from __future__ import annotations

import json

from ...core.program import Program
from ...core.report import Report
from ...runtime.tasks.prompt_files import PROGRAM_FORMAT, PROGRAM_VERSION
from ...runtime.tasks.prompt_files import load_json as load_json

FORMAT = PROGRAM_FORMAT
VERSION = PROGRAM_VERSION


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
