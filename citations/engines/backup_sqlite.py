"""SQLite: the whole file, copied page by page by SQLite's own backup while a transaction holds one state of it."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from shutil import copyfileobj
from typing import Any, BinaryIO

from django.db.backends.base.base import BaseDatabaseWrapper

from citations.engines.backup_names import CHUNK, BackupProblem, Progress

MEMBER = "database.sqlite3"
# Pages that are copied between two reports: 16 MB at the usual size of a page.
_PAGES = 4_096
# Seconds to wait for another writer, as settings.py has it.
_PATIENCE = 20


def write(connection: BaseDatabaseWrapper, folder: Path, opened: Callable[[str], Any], progress: Progress) -> Any:
    """The file as it is at one moment, as one member. Writers go on: with a write-ahead log none waits for a reader."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=".backup-") as place:
        copy = Path(place) / MEMBER
        with closing(sqlite3.connect(_file(connection), timeout=_PATIENCE)) as source, closing(_fresh(copy)) as target:
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the state that is read begins here
            source.backup(
                target,
                pages=_PAGES,
                progress=lambda _, remaining, total: progress("Pages", total - remaining, total),
            )
        facts = _looked_through(copy)
        with copy.open("rb") as read, opened(MEMBER) as written:
            copyfileobj(read, written, CHUNK)
        return facts


def check(facts: dict[str, Any], read: Callable[[str], BinaryIO], folder: Path) -> None:
    """Let SQLite look through the file."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=".restore-") as place:
        _looked_through(_extracted(read, Path(place)))


def put_back(
    connection: BaseDatabaseWrapper,
    facts: dict[str, Any],
    read: Callable[[str], BinaryIO],
    folder: Path,
    progress: Progress,
) -> None:
    """Copy the pages into the file that is there, in one transaction: who has it open sees all of it or nothing."""
    file = _file(connection)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".restore-") as place:
        copy = _extracted(read, Path(place))
        _looked_through(copy)
        connection.close()
        with closing(sqlite3.connect(copy)) as source:
            pages = source.execute("PRAGMA page_count").fetchone()[0]
            progress("Pages", 0, pages)
            with closing(sqlite3.connect(file, timeout=_PATIENCE)) as target:
                _require_lock(target)
                try:
                    source.backup(target)
                except sqlite3.Error as error:
                    raise BackupProblem(f"SQLite cannot write {file}: {error}. It is as it was.") from None
            progress("Pages", pages, pages)


def _file(connection: BaseDatabaseWrapper) -> str:
    """The path of the database; raises BackupProblem where it lies in memory."""
    name = str(connection.settings_dict["NAME"])
    if name == ":memory:" or "mode=memory" in name:
        raise BackupProblem("The database lies in memory, not in a file: there is nothing to copy from or to.")
    return name


def _fresh(path: Path) -> sqlite3.Connection:
    """A new file for its owner alone, opened; nothing of it has to survive a crash."""
    path.touch(mode=0o600)
    made = sqlite3.connect(path)
    made.execute("PRAGMA synchronous=OFF")
    return made


def _require_lock(target: sqlite3.Connection) -> None:
    """Wait for other writers for as long as any writer does, not for ever as the copying would."""
    try:
        target.execute("BEGIN IMMEDIATE")
        target.rollback()
    except sqlite3.OperationalError as error:
        raise BackupProblem(f"Another writer is at work ({error}): wait for it or stop it, and try again.") from None


def _extracted(read: Callable[[str], BinaryIO], place: Path) -> Path:
    """The member as a file of its own."""
    copy = place / MEMBER
    copy.touch(mode=0o600)
    with read(MEMBER) as source, copy.open("wb") as target:
        copyfileobj(source, target, CHUNK)
    return copy


def _looked_through(copy: Path) -> dict[str, Any]:
    """The applied migrations of a file that SQLite finds whole. Raises BackupProblem."""
    try:
        with closing(sqlite3.connect(copy)) as opened:
            found = opened.execute("PRAGMA quick_check(1)").fetchone()[0]
            orphans = opened.execute("PRAGMA foreign_key_check").fetchone()
            tables = {name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if "django_migrations" not in tables:
                raise BackupProblem("The database has no tables yet: run manage.py prepare.")
            nodes = opened.execute("SELECT app, name FROM django_migrations ORDER BY id").fetchall()
    except sqlite3.DatabaseError as error:
        raise BackupProblem(f"SQLite cannot read the database: {error}.") from None
    if found != "ok":
        raise BackupProblem(f"SQLite finds the database damaged: {found}.")
    if orphans:
        raise BackupProblem(
            f"The database is not whole: a row of {orphans[0]} names a row of {orphans[2]} that is gone."
        )
    return {"migrations": [list(node) for node in nodes]}
