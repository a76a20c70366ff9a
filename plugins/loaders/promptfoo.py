"""Loads promptfoo tests: from a configuration, or from a file of tests alone."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...core.errors import TaskError
from ...runtime.tasks.assertions import ASSERTIONS, THRESHOLD
from ...runtime.tasks.rows import SourceRow, read_csv, read_text
from .promptfoo_files import is_reference, read_document, referenced_files, resolved_value

_TEXT_KINDS = ("equals", "is-equal", "iequals", "contains", "icontains", "contains-json", "similar", "factuality")

_EXPECTED_COLUMN = re.compile(r"__expected\d*")
_CELL = re.compile(
    r"(?P<kind>(?:not-)?(?:equals|i?contains(?:-any|-all)?|contains-(?:json|sql|xml|html)|is-(?:json|sql|xml|html)|"
    r"is-refusal|starts-with|regex|javascript|python|similar(?::cosine|:dot|:euclidean)?|llm-rubric|factuality|g-eval|"
    r"model-graded-closedqa|model-graded-factuality|levenshtein|rouge-n|bleu|gleu|meteor|answer-relevance|"
    r"context-faithfulness|context-recall|context-relevance|word-count|finish-reason|classifier|moderation|webhook|"
    r"ruby|perplexity(?:-score)?|cost|latency|pi))"
    r"(?:\((?P<threshold>\d+(?:\.\d+)?)\))?(?::\s*(?P<value>.*))?",
    re.DOTALL,
)
_CODE_CELL = re.compile(r"(?P<kind>fn|eval|grade):\s*(?P<value>.*)", re.DOTALL)
_CODE_KINDS = {"fn": "javascript", "eval": "javascript", "grade": "llm-rubric"}
# promptfoo's own thresholds of CSV cells.
_CELL_THRESHOLDS = {"similar": 0.8, "levenshtein": None}
_LEFT_ASIDE = (
    "providers",
    "targets",
    "evaluateOptions",
    "outputPath",
    "env",
    "sharing",
    "commandLineOptions",
    "redteam",
)
_CODE_FILE = re.compile(r"\.(py|[cm]?[jt]s)(:\w+)?$", re.IGNORECASE)
_CODE_OPTIONS = ("transform", "postprocess", "transformVars")


class PromptfooLoader:
    """`promptfoo:promptfooconfig.yaml`: the `tests` of a configuration, or a file of tests alone (YAML, JSON, CSV).

    A test's `vars` are the input, so that a prompt can use them as placeholders (`{{topic}}` becomes `{topic}`); a
    single variable called `input` is a plain input. The expected output is the first assertion that compares with a
    text (equals, contains, similar, …), or the variable or column `expected`. All assertions stay with the example,
    for the evaluator `promptfoo`. `file://`, globs and `$ref` are followed, lists of values and scenarios make a test
    for each combination. Providers are left aside, which is told; generators and transforms, which are code, are
    refused.
    """

    name = "promptfoo"

    def read(self, source: str, folder: Path) -> list[SourceRow]:
        rows, notes = self._read_tests(folder / source)
        return [replace(rows[0], notes=(*rows[0].notes, *notes)), *rows[1:]] if rows and notes else rows

    def _read_tests(self, path: Path) -> tuple[list[SourceRow], list[str]]:
        if path.suffix.casefold() == ".csv":
            return [row for cells in read_csv(path) for row in self._rows_from_columns(cells, path)], []
        if _CODE_FILE.search(path.name):
            raise TaskError(
                "the tests are made by code, which is not run",
                where=str(path),
                remedy="write them to a file: promptfoo eval with -o, or YAML, JSON or CSV",
            )
        body = read_document(path)
        notes: list[str] = []
        shared: Mapping[str, Any] = {}
        scenarios: Sequence[Any] = ()
        if isinstance(body, Mapping):
            notes = _notes(body, path)
            shared, scenarios = _default_test(body.get("defaultTest"), path), _as_list(body.get("scenarios"))
            body = body.get("tests")
        rows: list[SourceRow] = []
        for number, test in enumerate(_as_list(body), 1):
            where = f"{path} test {number}"
            if isinstance(test, Mapping) and is_reference(test.get("path")):
                test = test["path"]
            if isinstance(test, str) and (is_reference(test) or Path(test).suffix):
                for file in referenced_files(test, path):
                    rows += self._read_shared(file, shared)
            elif isinstance(test, Mapping):
                rows += self._rows_from_test(test, shared, where, path)
            else:
                raise TaskError(
                    "this is not a promptfoo test", where=where, possible=("tests: [{vars: {…}, assert: […]}]",)
                )
        for number, scenario in enumerate(scenarios, 1):
            rows += self._rows_from_scenario(scenario, shared, f"{path} scenario {number}", path)
        return rows, notes

    def _read_shared(self, path: Path, shared: Mapping[str, Any]) -> list[SourceRow]:
        """The tests of another file, with what the configuration gives to all."""
        if path.suffix.casefold() == ".csv":
            return [row for cells in read_csv(path) for row in self._rows_from_columns(cells, path, shared)]
        if _CODE_FILE.search(path.name):
            return self._read_tests(path)[0]
        body = read_document(path)
        if isinstance(body, Mapping) and "vars" not in body and "tests" in body:
            return self._read_tests(path)[0]
        listed = [body] if isinstance(body, Mapping) else _as_list(body)
        rows: list[SourceRow] = []
        for number, test in enumerate(listed, 1):
            if not isinstance(test, Mapping):
                raise TaskError(
                    "this is not a promptfoo test",
                    where=f"{path} test {number}",
                    possible=("[{vars: {…}, assert: […]}]",),
                )
            rows += self._rows_from_test(test, shared, f"{path} test {number}", path)
        return rows

    def _rows_from_scenario(
        self, scenario: Any, shared: Mapping[str, Any], where: str, path: Path
    ) -> Iterator[SourceRow]:
        if not isinstance(scenario, Mapping):
            raise TaskError("this is not a scenario", where=where, possible=("{config: […], tests: […]}",))
        for config, test in itertools.product(_as_list(scenario.get("config")), _as_list(scenario.get("tests"))):
            merged = {
                **config,
                **test,
                "vars": {**(config.get("vars") or {}), **(test.get("vars") or {})},
                "assert": [*(config.get("assert") or []), *(test.get("assert") or [])],
            }
            yield from self._rows_from_test(merged, shared, where, path)

    def _rows_from_test(
        self, test: Mapping[str, Any], shared: Mapping[str, Any], where: str, path: Path
    ) -> Iterator[SourceRow]:
        """One row, or one for each combination where variables are lists, as promptfoo runs them."""
        options = {**(shared.get("options") or {}), **(test.get("options") or {})}
        for name in _CODE_OPTIONS:
            if options.get(name):
                raise TaskError(
                    f"the test has options.{name}, which is code that is not run",
                    where=where,
                    remedy="remove it, or write its effect into the prompt and the assertions",
                )
        values = {
            name: resolved_value(value, path)
            for name, value in {**_variables(shared, path), **_variables(test, path)}.items()
        }
        asserted = [
            _with_value(assertion, path)
            for assertion in [*(test.get("assert") or []), *(shared.get("assert") or [])]
            if isinstance(assertion, dict)
        ]
        threshold = test.get("threshold", shared.get("threshold"))
        lists = [] if options.get("disableVarExpansion") else [n for n, v in values.items() if isinstance(v, list)]
        for combination in itertools.product(*(values[name] for name in lists)):
            filled = values | dict(zip(lists, combination, strict=True))
            yield _row(filled, asserted, threshold, test.get("description"), where)

    def _rows_from_columns(
        self, row: SourceRow, path: Path, shared: Mapping[str, Any] | None = None
    ) -> Iterator[SourceRow]:
        columns = dict(row.fields)
        cells = [str(value or "") for name, value in columns.items() if _EXPECTED_COLUMN.fullmatch(name)]
        cells += [str(columns.pop("expected", None) or "")] if not any(cell.strip() for cell in cells) else []
        values = {name: value for name, value in columns.items() if not name.startswith("__")}
        asserted = [_assertion(cell.strip()) for cell in cells if cell.strip()]
        test: dict[str, Any] = {"vars": values, "assert": asserted, "description": columns.get("__description") or None}
        if str(columns.get("__threshold") or "").strip():
            test["threshold"] = float(columns["__threshold"])
        yield from self._rows_from_test(test, shared or {}, row.where, path)


def first_prompt(source: str, folder: Path) -> tuple[str, list[str]]:
    """The first prompt of a configuration, as a template of double braces, and what of its prompts is left aside.

    Empty where the file has none.
    """
    path = folder / source
    if path.suffix.casefold() == ".csv" or not path.is_file():
        return "", []
    body = read_document(path)
    prompts = _as_list(body.get("prompts")) if isinstance(body, Mapping) else []
    texts = [text for prompt in prompts for text in _prompt_texts(prompt, path)]
    notes = [f"{len(texts) - 1} further prompts of {path.name} are not used"] if len(texts) > 1 else []
    return (texts[0] if texts else ""), notes


def _prompt_texts(prompt: Any, path: Path) -> Iterator[str]:
    if isinstance(prompt, Mapping):
        prompt = prompt.get("raw", prompt.get("id", ""))
    if not isinstance(prompt, str) or not prompt.strip():
        return
    if is_reference(prompt) or (len(prompt.split()) == 1 and Path(prompt).suffix in (".txt", ".md")):
        for file in referenced_files(prompt, path):
            if file.suffix.casefold() in (".txt", ".md"):
                yield from (part.strip() for part in re.split(r"(?m)^---[ \t]*$", read_text(file)) if part.strip())
        return
    yield prompt


def _row(values: dict[str, Any], asserted: Sequence[Any], threshold: Any, description: Any, where: str) -> SourceRow:
    expected = values.pop("expected", None)
    if expected is None:
        compared = (assertion.get("value") for assertion in asserted if assertion.get("type") in _TEXT_KINDS)
        expected = next((value for value in compared if isinstance(value, str | int | float)), None)
    if not values:
        raise TaskError("the test has no vars", where=where)
    fields: dict[str, Any] = {"input": values["input"] if list(values) == ["input"] else values}
    fields |= {} if expected is None else {"output": expected}
    fields |= {ASSERTIONS: list(asserted), "description": description}
    return SourceRow(fields=fields | ({} if threshold is None else {THRESHOLD: threshold}), where=where)


def _with_value(assertion: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The assertion with the content of a file that its value names, those of a set too."""
    inner = {"assert": [_with_value(item, path) for item in assertion["assert"]]} if "assert" in assertion else {}
    value = {"value": resolved_value(assertion["value"], path)} if "value" in assertion else {}
    return {**assertion, **value, **inner}


def _variables(test: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """A test's vars, those of a file among them."""
    listed = test.get("vars") or {}
    if isinstance(listed, str):
        merged: dict[str, Any] = {}
        for file in referenced_files(listed, path):
            document = read_document(file)
            merged |= document if isinstance(document, dict) else {}
        return merged
    return dict(listed) if isinstance(listed, Mapping) else {}


def _default_test(value: Any, path: Path) -> Mapping[str, Any]:
    if is_reference(value):
        value = read_document(referenced_files(value, path)[0])
    return value if isinstance(value, Mapping) else {}


def _notes(config: Mapping[str, Any], path: Path) -> list[str]:
    names = [name for name in _LEFT_ASIDE if config.get(name)]
    return [f"{', '.join(names)} of {path.name}: left aside; name the models in [models]"] if names else []


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _assertion(cell: str) -> dict[str, Any]:
    """The assertion in a CSV cell: `icontains: text`, `similar(0.8): text`, or a text that has to be equal.

    Blanks behind the colon are left out: a spreadsheet shows none.
    """
    if code := _CODE_CELL.fullmatch(cell):
        return {"type": _CODE_KINDS[code["kind"]], "value": code["value"]}
    match = _CELL.fullmatch(cell)
    if match is None or (match["value"] is None and not match["kind"].removeprefix("not-").startswith("is-")):
        return {"type": "equals", "value": cell} if match is None or not match["threshold"] else _thresholded(match)
    value: Any = match["value"]
    if match["kind"].endswith(("-any", "-all")):
        value = [item.strip() for item in value.split(",")]
    return {"type": match["kind"], **({} if value is None else {"value": value}), **_cell_threshold(match)}


def _thresholded(match: re.Match[str]) -> dict[str, Any]:
    return {"type": match["kind"], "threshold": float(match["threshold"])}


def _cell_threshold(match: re.Match[str]) -> dict[str, float]:
    if match["threshold"]:
        return {"threshold": float(match["threshold"])}
    default = _CELL_THRESHOLDS.get(match["kind"].removeprefix("not-"))
    return {} if default is None else {"threshold": default}
