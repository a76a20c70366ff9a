"""The stub server for other processes: prints its address and serves until interrupted."""

from __future__ import annotations

import argparse
import signal
import sys
import threading

from .models import ScriptedModel
from .stub_server import StubServer


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m maieutic.testing.stub", description=__doc__)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--answer", default="ok", help="what it says to everything")
    parser.add_argument("--key", default=None, help="the only key it accepts")
    options = parser.parse_args()
    model = ScriptedModel({}, otherwise=options.answer)
    server = StubServer(model, latency=options.latency, port=options.port, key=options.key)
    server.keep_bodies = False
    over = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: over.set())
    with server:
        sys.stdout.write(f"{server.base}\n")
        sys.stdout.flush()
        over.wait()


if __name__ == "__main__":
    main()
