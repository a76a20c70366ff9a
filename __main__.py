"""`maieutic` and `python -m maieutic`."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line. A pipe that its reader closed early is no error."""
    from .cli.app import app

    try:
        try:
            app(prog_name="maieutic")
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None


if __name__ == "__main__":
    main()
