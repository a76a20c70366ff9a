"""`maieutic doctor`: whether everything a run needs is installed and in order."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from ..core.errors import MaieuticError, UsageError
from .lookup import open_store
from .options import DEFAULT_FOLDER, AsJson, Folder
from .output import print_json
from .printer import echo, secho

_REQUIRED_PACKAGES = ("langgraph", "litellm", "sqlite-utils", "pydantic", "networkx", "scipy", "aiohttp", "pluggy")
# Enough for the embedded weights, which are repacked once, and for the stores of many runs.
_MIN_FREE_MB = 500


@dataclass(frozen=True, kw_only=True)
class Check:
    name: str
    ok: bool
    detail: str
    remedy: str = ""


def doctor(
    upgrade: Annotated[
        bool, typer.Option("--upgrade", help="first migrate an older store and close it to others")
    ] = False,
    as_json: AsJson = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Check the installation. Read-only, unless --upgrade is given."""
    if upgrade:
        from ..runtime.store.permissions import restrict_paths

        open_store(folder, read_only=False).close()
        restrict_paths(folder)
    checks = _run_checks(folder)
    if as_json:
        print_json(
            [{"check": check.name, "ok": check.ok, "said": check.detail, "remedy": check.remedy} for check in checks]
        )
    else:
        for check in checks:
            mark = "ok  " if check.ok else "FAIL"
            secho(f"{mark} {check.name}: {check.detail}", fg=None if check.ok else "red")
            if check.remedy:
                echo(f"     what to do: {check.remedy}")
    if failed := [check.name for check in checks if not check.ok]:
        if as_json:
            raise typer.Exit(2)
        raise UsageError(f"{len(failed)} of {len(checks)} checks failed: {', '.join(failed)}")


def _run_checks(folder: Path) -> list[Check]:
    return [
        _check_python(),
        _check_packages(),
        _check_embedded_model(),
        _check_keys(),
        _check_folder(folder),
        _check_store(folder),
        _check_permissions(folder),
        _check_plugins(),
    ]


def _check_python() -> Check:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Check(name="python", ok=sys.version_info >= (3, 11), detail=version)


def _check_packages() -> Check:
    from importlib.metadata import PackageNotFoundError, version

    installed, missing = [], []
    for name in _REQUIRED_PACKAGES:
        try:
            installed.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Check(name="packages", ok=False, detail=f"missing: {', '.join(missing)}", remedy="pip install maieutic")
    return Check(name="packages", ok=True, detail=", ".join(installed))


def _check_embedded_model() -> Check:
    from importlib.util import find_spec

    from .models import embedded_model_status

    if find_spec("xllamacpp") is None:
        return Check(name="embedded model", ok=False, detail="xllamacpp is missing", remedy="pip install xllamacpp")
    try:
        status = embedded_model_status()
    except MaieuticError as error:
        return Check(name="embedded model", ok=False, detail=error.what, remedy=error.remedy or "")
    if status["path"] is None:
        detail = "the weights are not downloaded; the first run downloads them"
        return Check(name="embedded model", ok=True, detail=detail, remedy="maieutic models pull downloads them now")
    return Check(name="embedded model", ok=True, detail=f"{status['path']} ({status['megabytes']} MB)")


def _check_keys() -> Check:
    """Names only, never values."""
    names = sorted(name for name, value in os.environ.items() if name.endswith("_API_KEY") and value)
    return Check(name="keys", ok=True, detail=", ".join(names) or "none set; the embedded model needs none")


def _check_folder(folder: Path) -> Check:
    existing = next(path for path in (folder.resolve(), *folder.resolve().parents) if path.exists())
    if not os.access(existing, os.W_OK):
        return Check(
            name="folder", ok=False, detail=f"cannot write to {existing}", remedy="choose another with --folder"
        )
    free = shutil.disk_usage(existing).free // 1_000_000
    ok = free > _MIN_FREE_MB
    return Check(name="folder", ok=ok, detail=f"{folder}, {free:,} MB free", remedy="" if ok else "free disk space")


def _check_store(folder: Path) -> Check:
    from ..runtime.store import DATABASE, Store

    if not (folder / DATABASE).is_file():
        return Check(name="store", ok=True, detail="no runs yet")
    try:
        with Store.open(folder, read_only=True) as store:
            count = len(store.runs())
    except MaieuticError as error:
        return Check(name="store", ok=False, detail=error.what, remedy=error.remedy or "")
    return Check(name="store", ok=True, detail=f"{count} runs")


def _check_permissions(folder: Path) -> Check:
    """No failure: whether other accounts matter, only the owner of the machine knows."""
    from ..runtime.store.permissions import exposed_paths

    if paths := exposed_paths(folder):
        names = ", ".join(path.name or str(path) for path in paths)
        remedy = f"maieutic doctor --upgrade --folder {folder}"
        return Check(name="permissions", ok=True, detail=f"other accounts may read {names}", remedy=remedy)
    return Check(name="permissions", ok=True, detail="only this account can read the store")


def _check_plugins() -> Check:
    from ..plugins.system.registry import Registry

    registry = Registry.load()
    registry.names("evaluator")  # listing names imports every plugin
    installed = [str(plugin) for plugin in registry.plugins() if plugin.state != "built-in"]
    if registry.failures:
        detail = "; ".join(str(failure) for failure in registry.failures)
        return Check(name="plugins", ok=False, detail=detail, remedy="update or remove it, or use --no-plugins")
    return Check(name="plugins", ok=True, detail=", ".join(installed) or "none installed")
