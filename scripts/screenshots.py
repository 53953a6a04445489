"""Take the pictures of docs/screenshots: the sample, served on this machine, in Debian's Chromium. `make screenshots`.

The same pages in the same windows each time. Everything is made in a folder of its own, which goes afterwards.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "screenshots"
PYTHON = ROOT / ".venv" / "bin" / "python"
HUB = "/hubs/pythia-a-suite-for-analyzing-large-language-models-across-training-and-scaling/"
LAPTOP, PHONE = (1280, 900), (360, 780)
# Name of the picture, address, window in pixels, theme.
PICTURES = (
    ("home", "/", LAPTOP, "light"),
    ("hub", HUB, LAPTOP, "light"),
    ("hub-dark", HUB, LAPTOP, "dark"),
    ("hub-phone", HUB, PHONE, "light"),
    ("explorer", f"{HUB}citing/?role=method&sort=oldest", LAPTOP, "light"),
)
# The pictures of the curators' handbook are taken by an account that lives as long as the folder.
CURATOR, PASSWORD = "ada", "for these pictures alone"
READY = "Citation Explorer is ready: "


@contextmanager
def served_sample() -> Iterator[str]:
    """The address of a server that has the sample, without a slash at the end."""
    with tempfile.TemporaryDirectory(prefix="explorer-screenshots-") as data:
        surroundings = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
        surroundings |= {"DATA_DIR": data, "PORT": "0", "WEB_CONCURRENCY": "1", "PYTHONUNBUFFERED": "1"}
        subprocess.run([PYTHON, "manage.py", "prepare"], cwd=ROOT, env=surroundings, check=True)
        account = ["createsuperuser", "--noinput", "--username", CURATOR, "--email", "ada@example.org"]
        secret = {"DJANGO_SUPERUSER_PASSWORD": PASSWORD}
        subprocess.run([PYTHON, "manage.py", *account], cwd=ROOT, env=surroundings | secret, check=True)
        serve = [PYTHON, "-m", "gunicorn", "--config", "gunicorn.conf.py", "explorer.wsgi"]
        with subprocess.Popen(
            serve, cwd=ROOT, env=surroundings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as server:
            try:
                assert server.stdout is not None
                line = next((line for line in server.stdout if line.startswith(READY)), "")
                if not line:
                    raise SystemExit("The server did not start.")
                yield line.removeprefix(READY).strip().rstrip("/")
            finally:
                server.terminate()


def take(browser: Browser, site: str) -> None:
    """Write every picture, and name it with its size."""
    for name, path, (width, height), theme in PICTURES:
        page = browser.new_page(
            viewport={"width": width, "height": height},
            color_scheme="dark" if theme == "dark" else "light",
            reduced_motion="reduce",
            locale="en-GB",
        )
        page.goto(site + path)
        keep(page, name)
        page.close()


def take_desk(browser: Browser, site: str) -> None:
    """Sign in, decide, and take the pictures of docs/curating.md on the way."""
    page = browser.new_page(viewport={"width": 1280, "height": 900}, reduced_motion="reduce", locale="en-GB")
    page.goto(f"{site}/admin/citations/queue/")
    page.get_by_label("Username").fill(CURATOR)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Password").press("Enter")
    page.get_by_role("link", name="Decide one that nobody has classified").click()
    page.locator("#decide").wait_for()
    keep(page, "desk")
    page.get_by_role("button", name="Background").click()
    page.goto(f"{site}{HUB}history/")
    keep(page, "history")
    rows = page.request.get(f"{site}{HUB}citing.json").json()["results"]
    first, second = (row["paper"].rstrip("/").rpartition("/")[2] for row in rows[:2])
    page.goto(f"{site}/admin/citations/merge/")
    page.get_by_label("Keep, named").fill(first)
    page.get_by_label("Fold in, named").fill(second)
    page.get_by_role("button", name="Compare").click()
    page.get_by_text("What readers will see").wait_for()
    keep(page, "merge")
    page.goto(f"{site}/citations/1/report/")
    keep(page, "report")
    page.close()


def keep(page: Page, name: str) -> None:
    """Write the picture of what the window shows."""
    file = FOLDER / f"{name}.png"
    page.screenshot(path=file)
    print(f"{file.relative_to(ROOT)}: {file.stat().st_size // 1024} kB")


def main() -> None:
    """Take them all; ends with one line where Chromium is missing."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        sys.exit("Chromium is not installed; on Debian: apt-get install chromium")
    FOLDER.mkdir(parents=True, exist_ok=True)
    options = ["--no-sandbox"] if os.geteuid() == 0 else []  # its sandbox refuses root
    with served_sample() as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=options)
        take(browser, site)
        take_desk(browser, site)
        browser.close()


if __name__ == "__main__":
    main()
