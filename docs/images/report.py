"""A picture of a run's HTML report: `python docs/images/report.py FOLDER RUN`.

The page is what `maieutic report --format html` writes, its first screen by headless Chromium. The README shows it.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("run")
    parser.add_argument("--size", default="1280x690")
    parser.add_argument("--out", type=Path, default=HERE / "report-1280.png")
    arguments = parser.parse_args()
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        parser.error("no Chromium is installed")
    with TemporaryDirectory() as folder:
        page = Path(folder) / "report.html"
        words = ["report", arguments.run, "--folder", str(arguments.folder), "--format", "html", "--output", str(page)]
        subprocess.run([sys.executable, "-m", "maieutic", *words], check=True)
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        command += [f"--user-data-dir={folder}/profile", f"--window-size={arguments.size.replace('x', ',')}"]
        command += [f"--screenshot={arguments.out.absolute()}", page.as_uri()]
        subprocess.run(command, check=True, capture_output=True)
    sys.stdout.write(f"{arguments.out}\n")


if __name__ == "__main__":
    main()
