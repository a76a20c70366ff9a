"""Loads tasks from `task.toml` and its data files. Every mistake is one TaskError, before anything is spent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...core.answer import AnswerContract
from ...core.dataset import Dataset
from ...core.errors import TaskError
from ...core.models import EMBEDDED, ROLES, ModelRef, Role
from ...core.multitask import DEFAULT_SYSTEM_PROMPT, join_tasks
from ...core.program import MAIN, Program
from ...core.prompt import Prompt
from ...core.task import Constraints, EvaluatorSpec, Models, TargetSpec, Task
from .dataset_loader import load_dataset
from .rows import RowReader, read_source, read_text
from .toml_source import TomlSource

TASK_FILE = "task.toml"
_KEYS = (
    "name",
    "description",
    "prompt",
    "program",
    "target",
    "data",
    "answer",
    "evaluators",
    "models",
    "constraints",
    "rules",
    "plugins",
)
_MULTITASK_KEYS = ("name", "description", "tasks", "system", "models", "constraints", "plugins")
_ANSWER_KEYS = ("type", "labels", "read", "pattern", "schema", "tag")
_MODEL_KEYS = ("target", "optimizer", "roles", "api_base", "key_env")
_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def load_task(path: str | Path, *, read: RowReader = read_source) -> Task:
    """Load a task.

    With the key `tasks`, the file joins several tasks. Without `[data]` the splits are empty, and a run generates the
    examples. Without outputs and without evaluators nothing is scored, and outputs can only be compared.

    Args:
        path: a task file, or a folder with a `task.toml`. Paths in the file are relative to it.
        read: reads the rows of a data file; `plugins.loaders.reader` adds the loaders of plugins.

    Returns:
        The checked task.

    Raises:
        TaskError: for any mistake, with file and line.
    """
    text = TomlSource.read(_find_task_file(Path(path)))
    if "tasks" in text.tables:
        return _load_multitask(text, read)
    text.check_keys(text.tables, _KEYS)
    program = _program(text)
    contract = _contract(text)
    names = (
        placeholder
        for name, p in program.prompts.items()
        for placeholder in p.placeholders
        if placeholder not in _other_prompts(program, name)
    )
    placeholders = list(dict.fromkeys(names))
    data = Dataset()
    if "data" in text.tables:
        data = load_dataset(text, text.tables["data"], placeholders=placeholders, contract=contract, read=read)
    compared = "evaluators" not in text.tables and "data" in text.tables and not any(r.outputs for r in data.examples())
    evaluators = () if compared else _evaluators(text)
    models = _models(text)
    constraints = text.wrap_errors(
        lambda: Constraints.model_validate(text.tables.get("constraints", {})),
        "constraints",
        known=Constraints.model_fields,
    )
    rest = {key: text.tables[key] for key in ("name", "description", "plugins") if key in text.tables}
    rest.setdefault("name", text.path.resolve().parent.name)
    task = text.wrap_errors(
        lambda: Task(
            **rest,
            program=program,
            target=_target(text, program),
            data=data,
            evaluators=evaluators,
            answer=contract,
            models=models,
            constraints=constraints,
            rules=tuple(text.tables.get("rules", ())),
            source=str(text.path),
        )
    )
    return text.wrap_errors(task.check) if "data" in text.tables else task


def _find_task_file(path: Path) -> Path:
    if path.is_dir():
        if (path / TASK_FILE).is_file():
            return path / TASK_FILE
        raise TaskError(
            f"the folder has no {TASK_FILE}",
            where=str(path),
            possible=sorted(file.name for file in path.glob("*.toml")),
            remedy="write one with `maieutic init`, or name the file",
        )
    if not path.is_file():
        folder = path.parent if path.parent.is_dir() else Path()
        raise TaskError(
            f"there is no task {path.name!r}",
            where=str(path),
            possible=sorted(str(file) for file in (*folder.glob("*.toml"), *folder.glob(f"*/{TASK_FILE}")))[:12],
            remedy="name a task file, or a folder with a task.toml",
        )
    return path


def _load_multitask(text: TomlSource, read: RowReader) -> Task:
    """Several tasks in one: `tasks` names their files or folders, `system` is their shared prompt."""
    text.check_keys(text.tables, _MULTITASK_KEYS)
    listed = text.tables["tasks"]
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        raise text.error("tasks must be a list of files or folders", "tasks", remedy='tasks = ["reviews", "tickets"]')
    tasks = [load_task(text.folder / name, read=read) for name in listed]
    rest = {key: text.tables[key] for key in ("description", "plugins") if key in text.tables}
    system = _prompt(text, text.tables["system"], "system") if "system" in text.tables else DEFAULT_SYSTEM_PROMPT
    constraints = text.wrap_errors(
        lambda: Constraints.model_validate(text.tables.get("constraints", {})),
        "constraints",
        known=Constraints.model_fields,
    )
    task = text.wrap_errors(
        lambda: join_tasks(
            tasks,
            name=text.tables.get("name", text.path.resolve().parent.name),
            system=system,
            models=_models(text) if "models" in text.tables else tasks[0].models,
            constraints=constraints,
            source=str(text.path),
            **rest,
        ),
        "tasks",
    )
    return text.wrap_errors(task.check)


def _program(text: TomlSource) -> Program:
    tables = text.tables
    if ("prompt" in tables) == ("program" in tables):
        what = "a task needs a prompt" if "prompt" not in tables else "a task has a prompt or a program, not both"
        raise text.error(
            what, *(("prompt",) if "prompt" in tables else ()), remedy='write prompt = "…", or [program.NAME] tables'
        )
    if "prompt" in tables:
        return Program(prompts={MAIN: _prompt(text, tables["prompt"], "prompt")})
    named = text.table(tables["program"], "program")
    if not named:
        raise text.error("the program has no prompt", "program", remedy="write a [program.NAME] table")
    return Program(prompts={name: _prompt(text, value, "program", name) for name, value in named.items()})


def _other_prompts(program: Program, name: str) -> set[str]:
    """The other prompts of a program; a prompt may use their outputs as placeholders."""
    return set(program.prompts) - {name}


def _target(text: TomlSource, program: Program) -> TargetSpec:
    """`[target]`; every key but `use` is an option. Several prompts are steps, by default in the order of the file."""
    table = dict(text.table(text.tables.get("target", {}), "target"))
    use = table.pop("use", "pipeline" if len(program.prompts) > 1 else "chat")
    options = {**text.table(table.pop("options", {}), "target", "options"), **table}
    if use == "pipeline":
        options.setdefault("steps", list(program.prompts))
        _check_steps(text, options["steps"], program)
    return text.wrap_errors(lambda: TargetSpec(use=use, options=options), "target")


def _check_steps(text: TomlSource, steps: Any, program: Program) -> None:
    """Raises TaskError for a step with an unknown prompt, and for a prompt that no step uses."""
    named = [step.get("prompt") if isinstance(step, Mapping) else step for step in steps]
    for number, name in enumerate(named):
        if name not in program.prompts:
            raise text.error(
                f"a step uses the unknown prompt {name!r}", "target", "steps", number, possible=program.prompts
            )
    if unused := [name for name in program.prompts if name not in named]:
        raise text.error(
            f"no step uses the prompt {unused[0]!r}", "target", "steps", remedy="give it a step, or remove the prompt"
        )


def _prompt(text: TomlSource, value: Any, *keys: str) -> Prompt:
    """A prompt from a text, a file, or a table with the parts of a Prompt (`file` fills the instruction)."""
    if isinstance(value, str):
        named = value.endswith((".txt", ".md")) and len(value.split()) == 1
        value = {"file": value} if named else {"instruction": value}
    if not isinstance(value, Mapping):
        raise text.error(
            f"a prompt is a text, a file or a table, not {value!r:.60}", *keys, remedy='write prompt = "…"'
        )
    parts = dict(value)
    if "file" in parts:
        file = parts.pop("file")
        if not isinstance(file, str) or "instruction" in parts:
            raise text.error("the prompt has both a file and an instruction", *keys, remedy="keep one of the two")
        parts["instruction"] = text.wrap_errors(lambda: read_text(text.folder / file), *keys).rstrip("\n")
    fields = [*(name for name in Prompt.model_fields if name != "placeholders"), "file"]
    text.check_keys(parts, fields, *keys)
    prompt = text.wrap_errors(lambda: Prompt.model_validate(parts), *keys, known=fields)
    if not prompt.words:
        raise text.error("the prompt is empty", *keys, remedy="write what the model should do")
    return prompt


def _contract(text: TomlSource) -> AnswerContract:
    table = text.table(text.tables.get("answer", {}), "answer")
    text.check_keys(table, _ANSWER_KEYS, "answer")
    return text.wrap_errors(lambda: AnswerContract.model_validate(table), "answer", known=_ANSWER_KEYS)


def _evaluators(text: TomlSource) -> tuple[EvaluatorSpec, ...]:
    """`[[evaluators]]`: a list of names, or tables, where every other key is an option."""
    listed = text.tables.get("evaluators", ["exact"])
    if not isinstance(listed, list) or not listed:
        raise text.error("evaluators must be a list with at least one", "evaluators", remedy='[[evaluators]] use = "…"')
    specs = []
    for number, value in enumerate(listed):
        table = {"use": value} if isinstance(value, str) else dict(text.table(value, "evaluators", number))
        own = {key: table.pop(key) for key in ("use", "weight", "direction") if key in table}
        options = {**text.table(table.pop("options", {}), "evaluators", number, "options"), **table}
        spec = text.wrap_errors(
            lambda own=own, options=options: EvaluatorSpec(**own, options=options),  # type: ignore[misc]
            "evaluators",
            number,
        )
        specs.append(spec)
    return tuple(specs)


def _models(text: TomlSource) -> Models:
    """`[models]`; `api_base` and `key_env` are a text for all models but the embedded one, or a table by model."""
    table = text.table(text.tables.get("models", {}), "models")
    text.check_keys(table, _MODEL_KEYS, "models")
    named = text.table(table.get("roles", {}), "models", "roles")
    thinking: list[Role] = [role for role in ROLES if role != "target"]
    text.check_keys(named, thinking, "models", "roles")
    used: set[str] = set()

    def ref(name: Any, *keys: str) -> ModelRef:
        if not isinstance(name, str):
            raise text.error(f"a model must be a text, not {name!r:.60}", "models", *keys, possible=(EMBEDDED,))
        model = text.wrap_errors(lambda: ModelRef.parse(name), "models", *keys)
        used.update((name, model.id))
        extra = {key: value for key in ("api_base", "key_env") if (value := _setting_for(table.get(key), name, model))}
        return model.model_copy(update={**extra, **({"api_base": model.api_base} if model.api_base else {})})

    models = Models(
        target=ref(table.get("target", EMBEDDED), "target"),
        optimizer=ref(table.get("optimizer", table.get("target", EMBEDDED)), "optimizer"),
        roles={role: ref(named[role], "roles", role) for role in thinking if role in named},
    )
    _check_endpoints(text, table, used)
    return models


def _setting_for(value: Any, name: str, ref: ModelRef) -> str | None:
    if isinstance(value, Mapping):
        value = value.get(name, value.get(ref.id))
    elif ref.provider == "local":
        return None
    return value.rstrip("/") if isinstance(value, str) else None


def _check_endpoints(text: TomlSource, table: Mapping[str, Any], used: set[str]) -> None:
    """Raises TaskError for an endpoint that is not a URL, a key in place of its variable, and an unused model."""
    for key in ("api_base", "key_env"):
        setting = table.get(key, {})
        named = setting if isinstance(setting, dict) else {"": setting}
        text.check_keys({name: 0 for name in named if name}, used, "models", key)
        for name, value in named.items():
            place = ("models", key, name) if name else ("models", key)
            if key == "api_base" and not (isinstance(value, str) and re.match(r"https?://\S+$", value)):
                raise text.error(f"{value!r} is not an endpoint URL", *place, remedy='write "http://127.0.0.1:8000/v1"')
            if key == "key_env" and not (isinstance(value, str) and _VARIABLE_NAME.fullmatch(value)):
                raise text.error(
                    "key_env must be the name of an environment variable",
                    *place,
                    possible=("OPENAI_API_KEY",),
                    remedy="put the key into a variable and its name here; keys do not belong in files",
                )
