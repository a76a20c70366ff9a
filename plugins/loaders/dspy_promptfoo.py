"""Loaders of other tools' data: promptfoo tests and DSPy examples."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...core.errors import PluginError, TaskError, UsageError
from ...runtime.tasks.rows import SourceRow, read_csv, read_json, read_json_lines, read_text
from ..system.imports import import_optional, load_function

_COMPARISONS = ("equals", "is-equal", "iequals", "contains", "icontains", "contains-json", "similar", "factuality")

_EXPECTED_COLUMN = re.compile(r"__expected\d*")
_CELL = re.compile(
    r"(?P<kind>(?:not-)?(?:equals|i?contains(?:-any|-all|-json)?|starts-with|regex|is-json|javascript|python|similar|"
    r"llm-rubric|factuality|levenshtein|rouge-n|answer-relevance|cost|latency))"
    r"(?:\((?P<threshold>[\d.]+)\))?:\s*(?P<value>.*)",
    re.DOTALL,
)


class PromptfooLoader:
    """`promptfoo:promptfooconfig.yaml`: the `tests` of a configuration, or a file of tests alone (YAML, JSON, CSV).

    A test's `vars` are the input, so that a prompt can use them as placeholders (`{{topic}}` becomes `{topic}`); a
    single variable called `input` is a plain input. The expected output is the first assertion that compares with a
    text (equals, contains, similar, …), or the variable or column `expected`. All assertions stay with the example,
    for the evaluator `promptfoo`. `file://` references are followed; JavaScript generators are not supported.
    """

    name = "promptfoo"

    def read(self, source: str, folder: Path) -> list[SourceRow]:
        return self._read_tests(folder / source)

    def _read_tests(self, path: Path) -> list[SourceRow]:
        if path.suffix.casefold() == ".csv":
            return [self._row_from_columns(row) for row in read_csv(path)]
        try:
            yaml = import_optional("yaml", extra="yaml", who="promptfoo")
        except UsageError as error:
            raise TaskError(error.what, where=str(path), remedy=error.remedy) from error
        try:
            body = yaml.safe_load(read_text(path))
        except yaml.YAMLError as error:
            raise TaskError(f"malformed YAML: {error}", where=str(path)) from error
        shared: Mapping[str, Any] = {}
        if isinstance(body, Mapping):
            shared, body = body.get("defaultTest") or {}, body.get("tests")
        listed = _expand_globs(body if isinstance(body, list) else [body], path)
        rows: list[SourceRow] = []
        for number, test in enumerate(listed, 1):
            where = f"{path} test {number}"
            if isinstance(test, str) and test.startswith("file://"):
                rows += self._read_tests(path.parent / test.removeprefix("file://"))
            elif isinstance(test, Mapping):
                rows.append(self._row_from_test(test, shared if isinstance(shared, Mapping) else {}, where))
            else:
                raise TaskError(
                    "this is not a promptfoo test", where=where, possible=("tests: [{vars: {…}, assert: […]}]",)
                )
        return rows

    def _row_from_test(self, test: Mapping[str, Any], shared: Mapping[str, Any], where: str) -> SourceRow:
        values = {**(shared.get("vars") or {}), **(test.get("vars") or {})}
        asserted = [
            assertion
            for assertion in [*(test.get("assert") or []), *(shared.get("assert") or [])]
            if isinstance(assertion, dict)
        ]
        expected = values.pop("expected", None)
        if expected is None:
            compared = (assertion.get("value") for assertion in asserted if assertion.get("type") in _COMPARISONS)
            expected = next((value for value in compared if isinstance(value, str | int | float)), None)
        if not values:
            raise TaskError("the test has no vars", where=where)
        fields: dict[str, Any] = {"input": values["input"] if list(values) == ["input"] else values}
        fields |= {} if expected is None else {"output": expected}
        return SourceRow(fields={**fields, "assert": asserted, "description": test.get("description")}, where=where)

    def _row_from_columns(self, row: SourceRow) -> SourceRow:
        columns = dict(row.fields)
        cells = [str(value or "") for name, value in columns.items() if _EXPECTED_COLUMN.fullmatch(name)]
        cells += [str(columns.pop("expected", None) or "")] if not any(cell.strip() for cell in cells) else []
        values = {name: value for name, value in columns.items() if not name.startswith("__")}
        asserted = [_assertion(cell.strip()) for cell in cells if cell.strip()]
        return self._row_from_test({"vars": values, "assert": asserted}, {}, row.where)


def _expand_globs(listed: Sequence[Any], path: Path) -> list[Any]:
    """The tests, with `file://cases/*.yaml` as one reference for each file, in the order of their names."""
    tests: list[Any] = []
    for test in listed:
        pattern = test.removeprefix("file://") if isinstance(test, str) and test.startswith("file://") else ""
        if "*" not in pattern:
            tests.append(test)
            continue
        files = sorted(file.relative_to(path.parent).as_posix() for file in path.parent.glob(pattern))
        if not files:
            raise TaskError(f"no file is called {pattern}", where=str(path), remedy="correct the pattern")
        tests += [f"file://{file}" for file in files]
    return tests


def _assertion(cell: str) -> dict[str, Any]:
    """The assertion in a CSV cell: `icontains: text`, `similar(0.8): text`, or a text that has to be equal."""
    match = _CELL.fullmatch(cell)
    if match is None:
        return {"type": "equals", "value": cell}
    value: Any = match["value"]
    if match["kind"].endswith(("-any", "-all")):
        value = [item.strip() for item in value.split(",")]
    threshold = {"threshold": float(match["threshold"])} if match["threshold"] else {}
    return {"type": match["kind"], "value": value, **threshold}


class DspyLoader:
    """`dspy:trainset.json` (or .jsonl): rows as `Example.toDict()` gives them; `dspy:my_data.py:trainset` or
    `dspy:package.module:trainset`: a function that returns `dspy.Example`s.

    If an example declares its input fields, these are the input and the first other field is the output. Rows of a
    file are read by their column names, as any others.
    """

    name = "dspy"

    def read(self, source: str, folder: Path) -> list[SourceRow]:
        if Path(source).suffix.casefold() in (".json", ".jsonl"):
            return (read_json if source.endswith(".json") else read_json_lines)(folder / source)
        try:
            listed = load_function(source, folder)()
        except (UsageError, PluginError) as error:
            raise TaskError(error.what, where=f"dspy:{source}", possible=error.possible, remedy=error.remedy) from error
        if not isinstance(listed, Sequence):
            raise TaskError(f"{source} returns {type(listed).__name__}, not a list of examples", where=f"dspy:{source}")
        return [
            _row_from_example(example, f"dspy:{source} example {number}") for number, example in enumerate(listed, 1)
        ]


def _row_from_example(example: Any, where: str) -> SourceRow:
    if isinstance(example, Mapping):
        return SourceRow(fields=dict(example), where=where)
    if not hasattr(example, "toDict"):
        raise TaskError(f"this is {type(example).__name__}, no example", where=where)
    if getattr(example, "_input_keys", None) is None:
        return SourceRow(fields=example.toDict(), where=where)
    inputs, labels = example.inputs().toDict(), example.labels().toDict()
    value: Any = next(iter(inputs.values())) if len(inputs) == 1 else inputs
    first = next(iter(labels), None)
    others = {name: label for name, label in labels.items() if name != first}
    return SourceRow(fields={**others, "input": value, **({"output": labels[first]} if first else {})}, where=where)
