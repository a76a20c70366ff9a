"""Where Node.js finds a package: in the `node_modules` of a folder, or of one above it."""

from __future__ import annotations

import shutil
from pathlib import Path


def package_folder(package: str, start: Path) -> Path | None:
    """The nearest folder, from `start` upwards, whose node_modules have a package; None without one or Node.js."""
    if shutil.which("node") is None:
        return None
    here = start.resolve()
    return next((path for path in (here, *here.parents) if (path / "node_modules" / package).is_dir()), None)
