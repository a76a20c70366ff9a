"""The prompt as LangChain's hub keeps it: one commit with a manifest."""

from __future__ import annotations

import json
import re

from ...core.identity import digest
from ...core.program import Program
from ...core.report import Report
from .langchain import LangChainExporter
from .message_templates import gain_statement, prompt_templates


class LangChainHubExporter:
    """JSON of a prompt commit, as `langsmith.Client().pull_prompt_commit` gives one: owner `-` (yourself), the task's
    name as the repository, the program's hash as the commit, and a `ChatPromptTemplate` as the manifest.

    To publish it: `Client().push_prompt(repo, object=loads(json.dumps(body["manifest"])))`.
    """

    name = "langchain-hub"
    suffix = ".json"

    def export(self, program: Program, task_name: str, report: Report | None) -> str:
        prompt_templates(program, self.name, several=False)
        manifest = json.loads(LangChainExporter().export(program, task_name, None))
        repo = re.sub(r"[^a-z0-9_-]+", "-", task_name.lower()).strip("-") or "prompt"
        if not repo[0].isalpha():
            repo = f"prompt-{repo}"
        body = {
            "owner": "-",
            "repo": repo,
            "commit_hash": digest(program.parts()),
            "manifest": manifest,
            "examples": [],
            "description": gain_statement(report) or None,
        }
        return json.dumps(body, indent=2, ensure_ascii=False) + "\n"
