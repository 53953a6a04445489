"""`manage.py prepare`: what stands between a checkout and a served site, done only where it is needed."""

from __future__ import annotations

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def sources(tmp_path: Path, settings: Settings) -> Path:
    """A folder with one style sheet that takes the place of the project's static files."""
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "site.css").write_text("body { margin: 0 }", "utf-8")
    settings.DATA_DIR = tmp_path
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STATICFILES_DIRS = [folder]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    return folder


def prepare() -> str:
    """Run the command and return what it printed."""
    printed = StringIO()
    call_command("prepare", no_sample=True, stdout=printed)
    return printed.getvalue()


@pytest.mark.django_db
def test_static_files_are_collected_once(sources: Path, tmp_path: Path) -> None:
    assert "Collecting static files" in prepare()
    assert (tmp_path / "static" / "site.css").is_file()
    assert prepare() == ""


@pytest.mark.django_db
def test_a_changed_static_file_is_collected_even_when_it_is_older_than_its_copy(sources: Path, tmp_path: Path) -> None:
    prepare()
    (sources / "site.css").write_text("body { margin: 1em }", "utf-8")
    os.utime(sources / "site.css", (1, 1))
    assert "Collecting static files" in prepare()
    assert "1em" in (tmp_path / "static" / "site.css").read_text("utf-8")


@pytest.mark.django_db
def test_a_removed_static_file_is_no_longer_served(sources: Path, tmp_path: Path) -> None:
    (sources / "old.css").touch()
    prepare()
    (sources / "old.css").unlink()
    prepare()
    assert [file.name for file in (tmp_path / "static").iterdir()] == ["site.css"]


@pytest.mark.django_db
def test_static_files_that_somebody_deleted_are_collected_again(sources: Path, tmp_path: Path) -> None:
    prepare()
    (tmp_path / "static" / "site.css").unlink()
    (tmp_path / "static").rmdir()
    assert "Collecting static files" in prepare()


@pytest.mark.django_db
def test_the_project_s_own_static_files_can_be_hashed_and_compressed(tmp_path: Path, settings: Settings) -> None:
    """A style sheet that names a file which does not exist would stop the start of the site."""
    storage = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": storage}
    settings.DATA_DIR, settings.STATIC_ROOT = tmp_path, tmp_path / "static"
    # Those of other packages are collected where tests serve the site.
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    prepare()
    assert (tmp_path / "static" / "staticfiles.json").is_file()
    assert list((tmp_path / "static").rglob("*.css.br"))


def test_a_database_out_of_reach_is_said_in_one_line(tmp_path: Path) -> None:
    refusing = {"DATABASE_URL": "postgres://explorer@127.0.0.1:1/explorer", "DATA_DIR": str(tmp_path)}
    command = [sys.executable, "manage.py", "prepare"]
    finished = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | refusing | {"DJANGO_SETTINGS_MODULE": "explorer.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 1
    (line,) = finished.stderr.splitlines()
    assert "DATABASE_URL" in line
