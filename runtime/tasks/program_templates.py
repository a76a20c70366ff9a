"""Fits the start prompts of a program to the columns of its data: placeholders in our notation, each with a column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...core.dataset import Example
from ...core.program import Program
from ...core.prompt import Prompt, TemplateKind
from ...core.render import render
from .column_roles import all_columns, find_roles
from .data_files import DataFiles
from .prompt_placeholders import PromptTemplate, convert_placeholders
from .task_tables import other_prompts
from .toml_source import TomlSource


def fill_from_columns(task_file: TomlSource, program: Program, files: DataFiles) -> tuple[Program, DataFiles]:
    """The program with its placeholders in our notation, and the data with a column for each renamed one."""
    prompts: dict[str, Prompt] = {}
    fields: dict[str, str] = {}
    columns = _nameable_columns(files)
    for name, prompt in program.prompts.items():
        others = {*files.constants, *other_prompts(program, name)}
        keys = ("prompt",) if "prompt" in task_file.tables else ("program", name)

        def convert(
            text: str, others: set[str] = others, keys: tuple[str, ...] = keys, kind: TemplateKind = prompt.template
        ) -> PromptTemplate:
            return task_file.wrap_errors(lambda: convert_placeholders(text, list(columns), others, kind=kind), *keys)

        parts = {part: convert(getattr(prompt, part)) for part in ("system", "instruction")}
        if any(template.kind == "jinja" for template in parts.values()) and prompt.template == "braces":
            prompt = prompt.with_(template="jinja")
            parts = {part: convert(getattr(prompt, part), kind="jinja") for part in ("system", "instruction")}
        changes: dict[str, Any] = {
            part: template.text for part, template in parts.items() if template.text != getattr(prompt, part)
        }
        for template in parts.values():
            fields |= {field: path for field, path in template.fields.items() if path not in {"input", *others}}
        converted = prompt.with_(**changes) if changes else prompt
        if converted.template == "jinja" and not converted.placeholders:
            task_file.wrap_errors(lambda prompt=converted: render(prompt, Example(input="x")), *keys)  # type: ignore[misc]
        if converted.placeholders and set(converted.placeholders) <= set(files.constants):
            # A prompt with placeholders is sent as it stands, and constants alone do not show the input.
            hole = "{{ input }}" if converted.template == "jinja" else "{input}"
            converted = converted.with_(instruction=f"{converted.instruction}\n\n{hole}")
        prompts[name] = converted
    if prompts != dict(program.prompts):
        program = program.model_copy(update={"prompts": prompts})
    return program, _with_input_fields(files, {field: columns[path] for field, path in fields.items()})


def _nameable_columns(files: DataFiles) -> Mapping[str, str]:
    """What a placeholder may name → its path. Columns with references may not be named."""
    if isinstance(files.fields.input, Mapping):
        return dict(files.fields.input)
    rows = next(iter(files.rows.values()), ())
    secret = find_roles(rows, files.fields).output
    return {
        path: path
        for path in files.columns
        if not any(f"{path}.".startswith(f"{name}.") or f"{name}.".startswith(f"{path}.") for name in secret)
    }


def _with_input_fields(files: DataFiles, fields: Mapping[str, str]) -> DataFiles:
    """The data with an input field for each placeholder, if columns alone do not have these names."""
    given = files.fields.input
    if not fields or isinstance(given, Mapping):
        return files
    rows = next(iter(files.rows.values()), ())
    columns = set(all_columns(rows))
    source = find_roles(rows, files.fields).input
    if given is None and all(
        (field == path and field in columns) or path == f"{source}.{field}" for field, path in fields.items()
    ):
        return files  # the loader finds these by their names, as columns or inside the input
    if isinstance(given, str):
        main = {} if given in fields.values() else {"input": given}
    else:
        main = {name.rpartition(".")[2]: name for name in given or ()}
        main |= {"input": "input"} if given is None and "input" in columns else {}
    return replace(files, fields=files.fields.model_copy(update={"input": {**main, **fields}}))
