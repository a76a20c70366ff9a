"""Instructions for texts that are no prompts: code, schemas and playbooks are worked on in words of their own.

The files are in `prompts/kinds`, named `<kind>.<role>.<skill>.v<version>.md`. An operator works on a kind of text if
each of its questions about texts has a file of that kind.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources

from ..core.errors import RunFailed
from ..core.prompt import TEXT_KINDS, TextKind
from .instructions import Instruction, parse_instruction

_FILE = re.compile(r"^(?P<kind>[a-z]+)\.(?P<role>[a-z]+)\.(?P<skill>[a-z-]+)\.v(?P<version>\d+)\.md$")


def instruction_of_kind(kind: TextKind, role: str, skill: str) -> Instruction | None:
    """The instruction for a kind of text; None where the usual one holds."""
    return kind_instructions().get((kind, f"{role}.{skill}"))


@cache
def kind_instructions() -> Mapping[tuple[TextKind, str], Instruction]:
    """(kind, `role.skill`) → the newest shipped version."""
    newest: dict[tuple[TextKind, str], Instruction] = {}
    for file in sorted(resources.files(f"{__package__}.prompts.kinds").iterdir(), key=lambda entry: entry.name):
        name = _FILE.match(file.name)
        if name is None:
            continue
        instruction = parse_instruction(file.read_text(encoding="utf-8"), where=file.name)
        kind = next((kind for kind in TEXT_KINDS if kind == name["kind"]), None)
        head = (instruction.role, instruction.skill, str(instruction.version))
        if kind is None or head != (name["role"], name["skill"], name["version"]):
            raise RunFailed("the file's name is not what its head says", where=file.name, possible=TEXT_KINDS)
        key = (kind, f"{instruction.role}.{instruction.skill}")
        if key not in newest or newest[key].version < instruction.version:
            newest[key] = instruction
    return newest
