"""What a task would execute and where it would send keys: what a person is asked to agree to, before either happens."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...core.errors import MaieuticError
from ...core.models import ModelRef
from ...core.task import EvaluatorSpec, TargetSpec, Task
from ...runtime.models.providers import is_loopback
from .function_names import FUNCTION_NAME
from .node_packages import package_folder
from .task_hosts import ADDRESS, HostUse, model_hosts

# Built-in parts that import a function which their options name; a test compares them with the registry.
FUNCTION_PARTS = frozenset({"callable", "dspy", "environment", "inspect", "langchain", "runnable"})
# Built-in parts with a colon in their name would be `distribution:name`.
_BUILTIN_OWNER = "maieutic"
_CODE_SUFFIXES = (".py", ".pyc", ".pyd", ".so")
# What promptfoo's assertions may name beside Python.
_SCRIPT_SUFFIXES = (".js", ".mjs", ".cjs", ".ts", ".rb")
_PROMPTFOO = "promptfoo"
_SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules", "site-packages"})
# A task folder has few files of code. In a tree with more, those beyond are not compared; the ones named always are.
_MAX_CODE_FILES = 2000


@dataclass(frozen=True, kw_only=True)
class CodeUse:
    """Code that would run. name: as the task writes it. purpose: metric, app, data, plugin, …"""

    name: str
    purpose: str

    def __str__(self) -> str:
        return f"run {self.name} ({self.purpose})"


_PROMPTFOO_CODE = CodeUse(
    name="promptfoo of node_modules, with the assertions in the examples", purpose="evaluator promptfoo"
)


@dataclass(frozen=True, kw_only=True)
class TaskAccess:
    """What a task asks for beyond reading its own files. folder: where its code is looked up."""

    folder: Path
    code: tuple[CodeUse, ...] = ()
    hosts: tuple[HostUse, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.code or self.hosts)

    def without_code(self) -> TaskAccess:
        return replace(self, code=())

    def lines(self) -> list[str]:
        return [str(use) for use in dict.fromkeys((*self.code, *self.hosts))]

    @property
    def digest(self) -> str:
        """The content that is agreed to: what is named, and every file of code that could run. Prompts and data may
        change without another question."""
        content = hashlib.sha256()
        uses = [[use.name, use.purpose] for use in self.code]
        uses += [[use.address, use.key, use.model] for use in self.hosts]
        content.update(json.dumps(sorted(uses)).encode())
        for path in _code_files(self.folder, self.code) if self.code else ():
            with suppress(OSError):
                name = os.path.relpath(path, self.folder)
                content.update(f"\n{name}\n".encode() + hashlib.sha256(path.read_bytes()).digest())
        return content.hexdigest()


def access_of_task(task: Task) -> TaskAccess:
    """Of a task as it is, its data read already."""
    folder = Path(task.source).parent if task.source else Path()
    evaluators = [*task.evaluators, *(spec for part in task.subtasks.values() for spec in part.evaluators)]
    models = list(task.models.by_name().values())
    return TaskAccess(
        folder=folder,
        code=tuple(dict.fromkeys(_code_uses(task.plugins, task.target, evaluators, folder))),
        hosts=tuple(dict.fromkeys([*model_hosts(models), *_option_hosts(task.target, evaluators)])),
    )


def access_of_file(path: Path, *, replaced: Iterable[str] = ()) -> TaskAccess:
    """Of a task file or folder, before anything of it is read but the file itself.

    replaced: roles whose model the command line names. A file that cannot be read has no access: loading it says why.
    """
    return _access_of_file(path, frozenset(replaced), None)


def _access_of_file(path: Path, replaced: frozenset[str], run_folder: Path | None) -> TaskAccess:
    """run_folder: where the parts of a task look up their code, if another task joins it."""
    from ...runtime.tasks.loader import TASK_FILE
    from ...runtime.tasks.toml_source import TomlSource

    file = path / TASK_FILE if path.is_dir() else path
    if not file.is_file():
        return TaskAccess(folder=path)
    try:
        source = TomlSource.read(file)
    except MaieuticError:
        return TaskAccess(folder=file.parent)
    tables, folder = source.tables, run_folder or file.parent
    code: list[CodeUse] = []
    hosts: list[HostUse] = []
    if isinstance(joined := tables.get("tasks"), list):
        names = [name for name in joined if isinstance(name, str)]
        for part in (_access_of_file(file.parent / name, replaced, folder) for name in names):
            code += part.code
            hosts += part.hosts
    target, evaluators = _target_spec(tables.get("target")), _evaluator_specs(tables.get("evaluators"))
    if "data" in tables and "evaluators" not in tables:
        evaluators.append(EvaluatorSpec(use=_PROMPTFOO))  # the loader adds it where the examples have assertions
    plugins = [name for name in _as_list(tables.get("plugins")) if isinstance(name, str)]
    code += [*_code_uses(plugins, target, evaluators, folder), *_data_code(tables.get("data"))]
    hosts += [*_file_models(source, replaced), *_option_hosts(target, evaluators)]
    return TaskAccess(folder=file.parent, code=tuple(dict.fromkeys(code)), hosts=tuple(dict.fromkeys(hosts)))


def _file_models(source: Any, replaced: frozenset[str]) -> Iterator[HostUse]:
    from ...runtime.tasks.task_tables import parse_models

    try:
        models = parse_models(source)
    except MaieuticError:
        return
    named: list[tuple[str, ModelRef]] = [("target", models.target), ("optimizer", models.optimizer)]
    named += models.roles.items()
    yield from model_hosts(model for role, model in named if role not in replaced)


def _code_uses(
    plugins: Sequence[str], target: TargetSpec, evaluators: Sequence[EvaluatorSpec], folder: Path
) -> Iterator[CodeUse]:
    for name in plugins:
        if name.endswith(".py"):
            yield CodeUse(name=name, purpose="plugin")
    parts: list[tuple[str, TargetSpec | EvaluatorSpec]] = [("app", target)]
    parts += [("metric", evaluator) for evaluator in evaluators]
    for purpose, part in parts:
        if _names_function(part.use):
            yield CodeUse(name=part.use, purpose=purpose)
        owner, _, own_name = part.use.rpartition(":")
        is_builtin = owner in ("", _BUILTIN_OWNER)
        if is_builtin and own_name == "code" and part.options.get("check", "tests") == "tests":
            yield CodeUse(name="the tests in the examples, with what the model answers", purpose="evaluator code")
        if is_builtin and own_name == _PROMPTFOO and _has_promptfoo(folder, part.options.get("modules")):
            yield _PROMPTFOO_CODE
        if owner or own_name in FUNCTION_PARTS:
            for text in _texts(part.options):
                if FUNCTION_NAME.fullmatch(text):
                    yield CodeUse(name=text, purpose=purpose)


def _has_promptfoo(folder: Path, modules: Any) -> bool:
    """Whether the evaluator `promptfoo` would start the package; else it only compares texts."""
    place = folder / modules if isinstance(modules, str) else folder
    return package_folder(_PROMPTFOO, place) is not None


def _names_function(use: str) -> bool:
    """Whether a name is `module:function`, not `distribution:name`."""
    from .discovery import discover_plugins

    owner, colon, _ = use.rpartition(":")
    if not colon or owner == _BUILTIN_OWNER:
        return False
    return owner.endswith(".py") or not any(plugin.matches(owner) for plugin in discover_plugins())


def _data_code(table: Any) -> Iterator[CodeUse]:
    """Functions that give rows, as in `dspy:own.py:rows`."""
    for text in _texts(table):
        loader, colon, rest = text.partition(":")
        if colon and len(loader) > 1 and FUNCTION_NAME.fullmatch(rest):
            yield CodeUse(name=text, purpose="data")


def _option_hosts(target: TargetSpec, evaluators: Sequence[EvaluatorSpec]) -> Iterator[HostUse]:
    """Addresses that options of parts name: models of evaluators, and services of plugins."""
    parts: list[TargetSpec | EvaluatorSpec] = [target, *evaluators]
    for part in parts:
        variable = part.options.get("key_env")
        for text in _texts(part.options):
            try:
                model = ModelRef.parse(text, key_env=variable if isinstance(variable, str) and variable else None)
            except MaieuticError:
                model = None
            if model is not None and (model.api_base or model.key_env):
                yield from model_hosts([model])
            elif ADDRESS.fullmatch(text) and not is_loopback(text):
                yield HostUse(address=text, key="what its options name", model=part.use)


def _target_spec(table: Any) -> TargetSpec:
    if not isinstance(table, Mapping):
        return TargetSpec()
    use = table.get("use")
    return TargetSpec(use=use if isinstance(use, str) else "chat", options=_part_options(table))


def _evaluator_specs(listed: Any) -> list[EvaluatorSpec]:
    specs = []
    for value in _as_list(listed):
        table = {"use": value} if isinstance(value, str) else value
        if isinstance(table, Mapping) and isinstance(table.get("use"), str):
            specs.append(EvaluatorSpec(use=table["use"], options=_part_options(table)))
    return specs


def _part_options(table: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a part, which a task writes beside `use` or in a table `options`; the former win."""
    nested = table.get("options")
    others = {name: value for name, value in table.items() if name not in ("use", "options")}
    return {**(nested if isinstance(nested, Mapping) else {}), **others}


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def _code_files(folder: Path, code: Sequence[CodeUse]) -> list[Path]:
    """The files of code of the folder, and those outside of it that are named."""
    suffixes = (*_CODE_SUFFIXES, *_SCRIPT_SUFFIXES) if _PROMPTFOO_CODE in code else _CODE_SUFFIXES
    named = {folder / use.name.rpartition(".py")[0] for use in code if ".py" in use.name}
    files = {path.with_name(f"{path.name}.py") for path in named}
    walked = 0
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and name not in _SKIPPED_FOLDERS
            and not Path(place, name, "pyvenv.cfg").exists()
        )
        for name in sorted(names):
            if name.endswith(suffixes) and walked < _MAX_CODE_FILES:
                files.add(Path(place, name))
                walked += 1
    return sorted(file for file in files if file.is_file())
