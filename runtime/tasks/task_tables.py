"""Parses the tables of a task file but `[data]`: program, target, answer, evaluators, models, constraints."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...core.answer import AnswerContract
from ...core.models import EMBEDDED, ROLES, ModelRef, ModelSettings, Role
from ...core.program import MAIN, Program
from ...core.prompt import Prompt
from ...core.task import Constraints, EvaluatorSpec, Models, TargetSpec
from ...core.transcript import is_transcript, read_prompt_text
from .rows import read_text
from .toml_source import TomlSource

_ANSWER_KEYS = ("type", "labels", "read", "pattern", "schema", "tag")
_MODEL_KEYS = ("target", "optimizer", "roles", "api_base", "key_env")
_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def parse_program(task_file: TomlSource) -> Program:
    tables = task_file.tables
    if ("prompt" in tables) == ("program" in tables):
        what = "a task needs a prompt" if "prompt" not in tables else "a task has a prompt or a program, not both"
        raise task_file.error(
            what, *(("prompt",) if "prompt" in tables else ()), remedy='write prompt = "…", or [program.NAME] tables'
        )
    if "prompt" in tables:
        return Program(prompts={MAIN: parse_prompt(task_file, tables["prompt"], "prompt")})
    named = task_file.table(tables["program"], "program")
    if not named:
        raise task_file.error("the program has no prompt", "program", remedy="write a [program.NAME] table")
    return Program(prompts={name: parse_prompt(task_file, value, "program", name) for name, value in named.items()})


def other_prompts(program: Program, name: str) -> set[str]:
    """The other prompts of a program; a prompt may use their outputs as placeholders."""
    return set(program.prompts) - {name}


def parse_target(task_file: TomlSource, program: Program) -> TargetSpec:
    """`[target]`; every key but `use` is an option. Several prompts are steps, by default in the order of the file."""
    table = dict(task_file.table(task_file.tables.get("target", {}), "target"))
    use = table.pop("use", "pipeline" if len(program.prompts) > 1 else "chat")
    options = {**task_file.table(table.pop("options", {}), "target", "options"), **table}
    if use == "pipeline":
        options.setdefault("steps", list(program.prompts))
        _check_steps(task_file, options["steps"], program)
    return task_file.wrap_errors(lambda: TargetSpec(use=use, options=options), "target")


def _check_steps(task_file: TomlSource, steps: Any, program: Program) -> None:
    """Raises TaskError for a step with an unknown prompt, and for a prompt that no step uses."""
    named = [step.get("prompt") if isinstance(step, Mapping) else step for step in steps]
    for number, name in enumerate(named):
        if name not in program.prompts:
            raise task_file.error(
                f"a step uses the unknown prompt {name!r}", "target", "steps", number, possible=program.prompts
            )
    if unused := [name for name in program.prompts if name not in named]:
        raise task_file.error(
            f"no step uses the prompt {unused[0]!r}", "target", "steps", remedy="give it a step, or remove the prompt"
        )


def parse_prompt(task_file: TomlSource, value: Any, *keys: str) -> Prompt:
    """A prompt from a text, a file, or a table with the parts of a Prompt (`file` fills the instruction)."""
    if isinstance(value, str):
        named = value.endswith((".txt", ".md")) and len(value.split()) == 1
        value = {"file": value} if named else {"instruction": value}
    if not isinstance(value, Mapping):
        raise task_file.error(
            f"a prompt is a text, a file or a table, not {value!r:.60}", *keys, remedy='write prompt = "…"'
        )
    parts = dict(value)
    if "file" in parts:
        file = parts.pop("file")
        if not isinstance(file, str) or "instruction" in parts:
            raise task_file.error("the prompt has both a file and an instruction", *keys, remedy="keep one of the two")
        text = task_file.wrap_errors(lambda: read_text(task_file.folder / file), *keys).rstrip("\n")
        if is_transcript(text):
            read = task_file.wrap_errors(lambda: read_prompt_text(text, file), *keys)
            parts = {**read.model_dump(exclude={"placeholders"}, exclude_defaults=True), **parts}
        else:
            parts["instruction"] = text
    fields = [*(name for name in Prompt.model_fields if name != "placeholders"), "file"]
    task_file.check_keys(parts, fields, *keys)
    prompt = task_file.wrap_errors(lambda: Prompt.model_validate(parts), *keys, known=fields)
    if not prompt.words:
        raise task_file.error("the prompt is empty", *keys, remedy="write what the model should do")
    return prompt


def parse_answer_contract(task_file: TomlSource) -> AnswerContract:
    table = task_file.table(task_file.tables.get("answer", {}), "answer")
    task_file.check_keys(table, _ANSWER_KEYS, "answer")
    return task_file.wrap_errors(lambda: AnswerContract.model_validate(table), "answer", known=_ANSWER_KEYS)


def parse_constraints(task_file: TomlSource) -> Constraints:
    return task_file.wrap_errors(
        lambda: Constraints.model_validate(task_file.tables.get("constraints", {})),
        "constraints",
        known=Constraints.model_fields,
    )


def parse_evaluators(task_file: TomlSource) -> tuple[EvaluatorSpec, ...]:
    """`[[evaluators]]`: a list of names, or tables, where every other key is an option."""
    listed = task_file.tables.get("evaluators", ["exact"])
    if not isinstance(listed, list) or not listed:
        raise task_file.error(
            "evaluators must be a list with at least one", "evaluators", remedy='[[evaluators]] use = "…"'
        )
    specs = []
    for number, value in enumerate(listed):
        table = {"use": value} if isinstance(value, str) else dict(task_file.table(value, "evaluators", number))
        own = {key: table.pop(key) for key in ("use", "weight", "direction") if key in table}
        options = {**task_file.table(table.pop("options", {}), "evaluators", number, "options"), **table}
        spec = task_file.wrap_errors(
            lambda own=own, options=options: EvaluatorSpec(**own, options=options),  # type: ignore[misc]
            "evaluators",
            number,
        )
        specs.append(spec)
    return tuple(specs)


def parse_models(task_file: TomlSource) -> Models:
    """`[models]`; `api_base` and `key_env` are a text for all models but the embedded one, or a table by model.

    A table under a model's name, as in `[models."openai/gpt-4o"]`, has its options.
    """
    table = task_file.table(task_file.tables.get("models", {}), "models")
    options = {key: value for key, value in table.items() if key not in _MODEL_KEYS and isinstance(value, Mapping)}
    task_file.check_keys({key: 0 for key in table if key not in options}, _MODEL_KEYS, "models")
    named = task_file.table(table.get("roles", {}), "models", "roles")
    thinking: list[Role] = [role for role in ROLES if role != "target"]
    task_file.check_keys(named, thinking, "models", "roles")
    used: set[str] = set()

    def ref(name: Any, *keys: str) -> ModelRef:
        if not isinstance(name, str):
            raise task_file.error(f"a model must be a text, not {name!r:.60}", "models", *keys, possible=(EMBEDDED,))
        model = task_file.wrap_errors(lambda: ModelRef.parse(name), "models", *keys)
        used.update((name, model.id))
        extra: dict[str, Any] = {
            key: value for key in ("api_base", "key_env") if (value := _setting_for(table.get(key), name, model))
        }
        if (named_key := next((key for key in (name, model.id) if key in options), None)) is not None:
            extra["options"] = task_file.wrap_errors(
                lambda: ModelSettings.model_validate(options[named_key]),
                "models",
                named_key,
                known=ModelSettings.model_fields,
            )
        return model.model_copy(update={**extra, **({"api_base": model.api_base} if model.api_base else {})})

    models = Models(
        target=ref(table.get("target", EMBEDDED), "target"),
        optimizer=ref(table.get("optimizer", table.get("target", EMBEDDED)), "optimizer"),
        roles={role: ref(named[role], "roles", role) for role in thinking if role in named},
    )
    _check_endpoints(task_file, table, used)
    task_file.check_keys(options, used, "models")
    return models


def _setting_for(value: Any, name: str, ref: ModelRef) -> str | None:
    if isinstance(value, Mapping):
        value = value.get(name, value.get(ref.id))
    elif ref.provider == "local":
        return None
    return value.rstrip("/") if isinstance(value, str) else None


def _check_endpoints(task_file: TomlSource, table: Mapping[str, Any], used: set[str]) -> None:
    """Raises TaskError for an endpoint that is not a URL, a key in place of its variable, and an unused model."""
    for key in ("api_base", "key_env"):
        setting = table.get(key, {})
        named = setting if isinstance(setting, dict) else {"": setting}
        task_file.check_keys({name: 0 for name in named if name}, used, "models", key)
        for name, value in named.items():
            place = ("models", key, name) if name else ("models", key)
            if key == "api_base" and not (isinstance(value, str) and re.match(r"https?://\S+$", value)):
                raise task_file.error(
                    f"{value!r} is not an endpoint URL", *place, remedy='write "http://127.0.0.1:8000/v1"'
                )
            if key == "key_env" and not (isinstance(value, str) and _VARIABLE_NAME.fullmatch(value)):
                raise task_file.error(
                    "key_env must be the name of an environment variable",
                    *place,
                    possible=("OPENAI_API_KEY",),
                    remedy="put the key into a variable and its name here; keys do not belong in files",
                )
