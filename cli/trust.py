"""`maieutic trust`: agree to the code and the hosts of a task."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from ..core.errors import UsageError
from .consent import access_lines, ask_consent
from .options import AsJson, TaskFile
from .output import print_json
from .printer import echo


def trust(
    folder: TaskFile,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="agree without a question")] = False,
    always: Annotated[bool, typer.Option("--always", help="agree to later changes of the folder too")] = False,
    forget: Annotated[bool, typer.Option("--forget", help="withdraw what was agreed for the folder")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what a task would run and which hosts get keys, and agree once."""
    from ..plugins.system.consent import has_consent, record_consent
    from ..plugins.system.task_access import access_of_file
    from ..runtime.tasks.toml_source import TomlSource
    from ..runtime.trust import trust_record

    if forget:
        count = trust_record().remove(folder if folder.is_dir() else folder.parent)
        echo(f"{count} agreements withdrawn" if count else "nothing had been agreed for this folder")
        return
    file = folder / "task.toml" if folder.is_dir() else folder
    if not file.is_file():
        raise UsageError(f"there is no task {file}", where=str(folder), remedy="name a task file, or its folder")
    TomlSource.read(file)  # one that cannot be read has nothing to agree to
    access = access_of_file(folder)
    agreed = has_consent(access) and not always
    if not as_json:
        for line in access_lines(access):
            echo(line)
    if not agreed:
        later_changes = always
        if not yes:
            later_changes = ask_consent(access, always=always)
        if not record_consent(access, later_changes=later_changes):
            raise UsageError(
                "the agreement cannot be written", where=str(trust_record().path), remedy="use MAIEUTIC_TRUST"
            )
    if as_json:
        uses = {"run": [asdict(use) for use in access.code], "send": [asdict(use) for use in access.hosts]}
        print_json({"folder": str(access.folder), "agreed": True, **uses})
    elif access or always:
        echo(f"agreed, and remembered in {trust_record().path}" if not agreed else "agreed before")
