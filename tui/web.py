"""The same screens in a browser: a process of its own for each visitor, served on this machine alone."""

from __future__ import annotations

import shlex
from collections.abc import Sequence


def serve(words: Sequence[str], *, port: int) -> None:
    """Until it is interrupted. Each visitor attaches to the store by the command; nobody owns the run."""
    from textual_serve.server import Server

    Server(shlex.join(words), host="127.0.0.1", port=port, title="maieutic").serve()
