"""The report document as one self-contained HTML page, from the templates beside this file.

The page loads nothing and may send nothing: its policy allows its own style and its own script alone, by their hashes.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from ...core.report import Report
from .charts import curve_chart, difference_chart, interval_bar, score_chart
from .document import LineageRow, ReportDocument
from .document_builder import build_document
from .run_facts import RunFacts

if TYPE_CHECKING:
    from jinja2 import Environment

_PAGE, _COMPARISON = "report.html.jinja", "comparison.html.jinja"
_STYLE, _SCRIPT = "report.css", "report.js"


def to_html(report: Report, facts: RunFacts | None = None) -> str:
    """A run's report as a page."""
    return render_html(build_document(report, facts))


def render_html(document: ReportDocument) -> str:
    """One page with a summary on one screen and the evidence below. All text is escaped; colour only repeats words."""
    history = document.history
    return render_page(
        _PAGE,
        document=document,
        score_chart=score_chart(document.scores) if document.scores else "",
        difference_chart=difference_chart(document.gain, document.noise) if document.gain else "",
        curve_chart=curve_chart(history.curve) if history.curve else "",
        lineage_bar=_lineage_bar,
    )


def render_page(template: str, **content: Any) -> str:
    """A template with the style, the script and the policy that allows these two alone."""
    style, script = _read(_STYLE), _read(_SCRIPT)
    policy = (
        f"default-src 'none'; style-src {_source_hash(style)}; script-src {_source_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    return _environment().get_template(template).render(style=style, script=script, policy=policy, **content)


@cache
def _environment() -> Environment:
    """Autoescape is on: task, prompts and model outputs are untrusted text."""
    from jinja2 import DictLoader, Environment

    folder = resources.files(__package__)
    templates = {
        file.name: file.read_text(encoding="utf-8") for file in folder.iterdir() if file.name.endswith(".jinja")
    }
    return Environment(
        autoescape=True, keep_trailing_newline=True, trim_blocks=True, lstrip_blocks=True, loader=DictLoader(templates)
    )


@cache
def _read(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _source_hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _lineage_bar(row: LineageRow) -> str:
    if row.score is None or row.low is None or row.high is None:
        return ""
    return interval_bar(row.score, row.low, row.high)
