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
    """Write the project and return its folder. A `_` in the name becomes `-`, as in distribution names.

    Raises UsageError for a name that is not valid, or a folder that exists already.
    """
    distribution = name.replace("_", "-")
    module = distribution.replace("-", "_")
    if _NAME.fullmatch(distribution) is None or keyword.iskeyword(module):
        problem = "a Python keyword" if keyword.iskeyword(module) else "not a valid plugin name"
        raise UsageError(
            f"{name!r} is {problem}",
            possible=("lower-case letters, digits and single dashes, a letter first", "no Python keyword"),
            remedy="take another name, for example my-plugin",
        )
    project = folder / distribution
    if project.exists():
        raise UsageError(f"{project} is there already", remedy="take another name, or another --folder")
    for path, template in _TEMPLATES.items():
        file = project / path.format(module=module)
        file.parent.mkdir(parents=True, exist_ok=True)
        text = resources.files(f"{__package__}.templates").joinpath(template).read_text(encoding="utf-8")
        file.write_text(text.replace("@NAME@", distribution).replace("@MODULE@", module), encoding="utf-8")
    return project
