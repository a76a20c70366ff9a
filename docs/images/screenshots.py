"""Screenshots of the terminal UI on a real run: `python docs/images/screenshots.py FOLDER RUN`.

SVG by Textual's own export, PNG by headless Chromium where one is found. The README shows two of them.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

from maieutic.cli.recipes import list_recipes_and_plugins
from maieutic.tui.app import MaieuticApp

HERE = Path(__file__).parent
SHOTS: dict[str, tuple[str, ...]] = {
    "run": (),
    "candidate": ("4", "home", "enter"),
    "compare": ("4", "home", "c", "1", "home", "c"),
    "examples": ("n",),
    "report": ("R",),
    "help": ("question_mark",),
    "runs": ("escape",),
    "library": ("escape", "L"),
}


async def shoot(folder: Path, run: str, name: str, size: tuple[int, int], theme: str, out: Path) -> Path:
    """One screen in an application of its own; returns the file."""
    app = MaieuticApp(folder, run=run, listing=list_recipes_and_plugins, theme=theme)
    async with app.run_test(size=size) as pilot:
        for key in ("", *SHOTS[name]):
            if key:
                await pilot.press(key)
            for _ in range(3):
                await pilot.pause()
                await app.workers.wait_for_complete()
        await pilot.pause()
        file = out / f"{name}-{size[0]}x{size[1]}.svg"
        file.write_text(app.export_screenshot(title=f"maieutic watch · {name}"), encoding="utf-8")
    return file


def to_png(svg: Path) -> Path | None:
    """None where no Chromium is installed."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        return None
    png = svg.with_suffix(".png")
    head = svg.read_text(encoding="utf-8")[:400]
    width, height = (float(part) for part in head.split('viewBox="0 0 ')[1].split('"')[0].split())
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    command += [f"--window-size={int(width)},{int(height)}", f"--screenshot={png}", svg.absolute().as_uri()]
    subprocess.run(command, check=True, capture_output=True)
    return png


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("run")
    parser.add_argument("names", nargs="*", default=["run", "candidate"], metavar="SCREEN", help=", ".join(SHOTS))
    parser.add_argument("--size", default="120x40")
    parser.add_argument("--theme", default="dark")
    parser.add_argument("--out", type=Path, default=HERE)
    arguments = parser.parse_args()
    width, height = (int(part) for part in arguments.size.split("x"))
    for name in arguments.names:
        svg = asyncio.run(shoot(arguments.folder, arguments.run, name, (width, height), arguments.theme, arguments.out))
        sys.stdout.write(f"{svg} {to_png(svg) or ''}\n")


if __name__ == "__main__":
    main()
