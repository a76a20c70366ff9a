"""A new plugin project that passes the conformance kit as it is written."""

from __future__ import annotations

import keyword
import re
from importlib import resources
from pathlib import Path

from ..core.errors import UsageError

_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_TEMPLATES = {
    "pyproject.toml": "pyproject.toml.txt",
    "README.md": "README.md.txt",
    "{module}.py": "module.py.txt",
    "tests/test_{module}.py": "test_module.py.txt",
}


def write_project(name: str, folder: Path) -> Path:
    """The new project's folder; `_` in a name becomes `-`, as distributions are called.

    Raises UsageError for a name that is none, or a folder that is there already.
    """
    distribution = name.replace("_", "-")
    module = distribution.replace("-", "_")
    if _NAME.fullmatch(distribution) is None or keyword.iskeyword(module):
        said = (
            "a word of Python, which no module can be called" if keyword.iskeyword(module) else "no name for a plugin"
        )
        raise UsageError(
            f"{name!r} is {said}",
            possible=("small letters, digits and single dashes, a letter first", "no keyword of Python"),
            remedy="take another name, for example my-plugin",
        )
    made = folder / distribution
    if made.exists():
        raise UsageError(f"{made} is there already", remedy="take another name, or another --folder")
    for place, template in _TEMPLATES.items():
        file = made / place.format(module=module)
        file.parent.mkdir(parents=True, exist_ok=True)
        text = resources.files(f"{__package__}.templates").joinpath(template).read_text(encoding="utf-8")
        file.write_text(text.replace("@NAME@", distribution).replace("@MODULE@", module), encoding="utf-8")
    return made
