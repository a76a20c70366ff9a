"""What `doctor` and `models` look at."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import MaieuticError

if TYPE_CHECKING:
    from ..core.models import ModelRef, Reply

_REQUIRED_PACKAGES = ("langgraph", "litellm", "sqlite-utils", "pydantic", "networkx", "scipy", "aiohttp", "pluggy")
_MIN_FREE_MB = 500
_TIMEOUT_SECONDS = 60.0
_MAX_TOKENS = 8


@dataclass(frozen=True, kw_only=True)
class Check:
    name: str
    ok: bool
    detail: str
    remedy: str = ""


def run_checks(folder: Path) -> list[Check]:
    """All checks, each guarded by itself."""
    return [
        _check_python(),
        _check_packages(),
        _check_embedded_model(),
        _check_keys(),
        _check_folder(folder),
        _check_store(folder),
        _check_plugins(),
    ]


def embedded_model_status() -> dict[str, Any]:
    """The embedded model's name, the weights' place (None before they were fetched) and size."""
    from ..core.models import EMBEDDED
    from ..runtime.models.embedded.weights import find_weights

    path = find_weights()
    size = round(path.stat().st_size / 1e6) if path else None
    return {"model": EMBEDDED, "path": str(path) if path else None, "megabytes": size}


async def send_test_call(model: ModelRef, text: str) -> Reply:
    """One short answer, straight from the door: no run, no cache. Raises ModelError."""
    from ..core.models import Call, Sampling
    from ..runtime.models.client import ModelClient

    call = Call(model=model, messages=({"role": "user", "content": text},), sampling=Sampling(max_tokens=_MAX_TOKENS))
    async with ModelClient() as door:
        await door.check(model)
        return await door.send(call, _TIMEOUT_SECONDS)


def _check_python() -> Check:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Check(name="python", ok=sys.version_info >= (3, 11), detail=version)


def _check_packages() -> Check:
    from importlib.metadata import PackageNotFoundError, version

    found, missing = [], []
    for name in _REQUIRED_PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Check(name="packages", ok=False, detail=f"missing: {', '.join(missing)}", remedy="pip install maieutic")
    return Check(name="packages", ok=True, detail=", ".join(found))


def _check_embedded_model() -> Check:
    from importlib.util import find_spec

    if find_spec("xllamacpp") is None:
        return Check(name="embedded model", ok=False, detail="xllamacpp is missing", remedy="pip install xllamacpp")
    try:
        state = embedded_model_status()
    except MaieuticError as error:
        return Check(name="embedded model", ok=False, detail=error.what, remedy=error.remedy or "")
    if state["path"] is None:
        said = "the weights are not here yet; the first run fetches them"
        return Check(name="embedded model", ok=True, detail=said, remedy="maieutic models pull fetches them now")
    return Check(name="embedded model", ok=True, detail=f"{state['path']} ({state['megabytes']} MB)")


def _check_keys() -> Check:
    """Names alone; what is in them is nobody's business."""
    names = sorted(name for name, value in os.environ.items() if name.endswith("_API_KEY") and value)
    return Check(name="keys", ok=True, detail=", ".join(names) or "none set; the embedded model needs none")


def _check_folder(folder: Path) -> Check:
    place = next(one for one in (folder.resolve(), *folder.resolve().parents) if one.exists())
    if not os.access(place, os.W_OK):
        return Check(name="folder", ok=False, detail=f"{place} cannot be written", remedy="name another with --folder")
    free = shutil.disk_usage(place).free // 1_000_000
    ok = free > _MIN_FREE_MB
    return Check(
        name="folder", ok=ok, detail=f"{folder}, {free:,} MB free", remedy="" if ok else "make room on the disk"
    )


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


def _check_plugins() -> Check:
    from ..plugins.system.registry import Registry

    registry = Registry.load()
    registry.names("evaluator")
    guests = [str(one) for one in registry.plugins() if one.state != "built-in"]
    if registry.failures:
        said = "; ".join(str(one) for one in registry.failures)
        return Check(name="plugins", ok=False, detail=said, remedy="update or remove it, or run with --no-plugins")
    return Check(name="plugins", ok=True, detail=", ".join(guests) or "none installed")
