"""`manage.py backup` and `restore`: everything comes back, of one moment, wholly or not at all, on both engines."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import stat
import subprocess
import sys
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from citations import backups
from citations.backups import BackupProblem
from tests.prepared import (
    ON_POSTGRESQL,
    ROOT,
    SQLITE_FILE,
    create_on_server,
    drop_on_server,
    environment,
    on_server,
    put_sqlite_file,
)
from tests.test_soak import WRITER

pytestmark = pytest.mark.engine

# It moves with every commit, that of a restoration too; what belongs to SQLite's full text follows papers.
NOT_COMPARED = ("citations_siteversion", "citations_pendingchange", "sqlite_")

Rows = dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Place:
    """A database of its own, and a folder for what the site keeps beside it."""

    folder: Path
    url: str

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the site against it."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=environment(self.folder, DATABASE_URL=self.url),
            capture_output=True,
            text=True,
            check=False,
        )

    def done(self, *arguments: str) -> str:
        """What a command prints that must succeed."""
        finished = self.manage(*arguments)
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    def rows(self) -> Rows:
        """All rows of all tables, in an order that is theirs."""
        with self.connected() as ask:
            names = [name for (name,) in ask(_TABLES)]
            wanted = [name for name in names if not name.startswith(NOT_COMPARED)]
            return {name: sorted(ask(f'SELECT * FROM "{name}"'), key=repr) for name in wanted}

    def connected(self) -> Any:
        """What asks the database and returns rows."""
        return _asking(self)


_TABLES = (
    "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1"
    if ON_POSTGRESQL
    else "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1"
)


class _asking:
    """A connection of the driver's own, which commits at its end."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def __enter__(self) -> Callable[[str], list[tuple[Any, ...]]]:
        path = self._place.url.removeprefix("sqlite:///")
        self._connection: Any = on_server(self._place.url) if ON_POSTGRESQL else sqlite3.connect(path)

        def ask(statement: str) -> list[tuple[Any, ...]]:
            cursor = self._connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

        return ask

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._connection.commit()
        self._connection.close()


@pytest.fixture
def new_place(tmp_path: Path) -> Iterator[Callable[..., Place]]:
    """Makes places, with no table or `filled` with the sample; databases on a server are dropped at the end."""
    made: list[str] = []

    def make(*, filled: bool = False) -> Place:
        name = f"b{uuid.uuid4().hex[:10]}"
        folder = tmp_path / name
        folder.mkdir()
        if ON_POSTGRESQL:
            url = create_on_server(name, migrated=filled)
            made.append(name)
        else:
            url = put_sqlite_file(folder) if filled else f"sqlite:///{folder / SQLITE_FILE}"
        place = Place(folder, url)
        if filled:
            place.done("load_sample")
        return place

    yield make
    for name in made:
        drop_on_server(name)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small archive of the form that a backup has on the engine that is tested, of an empty database."""
    path = tmp_path_factory.mktemp("archive") / "made.zip"
    if ON_POSTGRESQL:
        facts: dict[str, Any] = {"tables": {"t": {"columns": ["id"], "rows": 2}}, "sequences": {}}
        return archived(path, {"tables/t.copy": b"1\n2\n"}, facts)
    file = path.parent / "database.sqlite3"
    with closing(sqlite3.connect(file)) as made:
        made.execute("CREATE TABLE django_migrations (id integer PRIMARY KEY, app text, name text)")
    return archived(path, {"database.sqlite3": file.read_bytes()}, {})


def archived(path: Path, members: dict[str, bytes], facts: dict[str, Any], **changed: Any) -> Path:
    """An archive with these members and a manifest that is right about them, unless `changed` says otherwise."""
    told = {name: {"bytes": len(b), "sha256": hashlib.sha256(b).hexdigest()} for name, b in members.items()}
    manifest = {
        "format": backups.FORMAT,
        "version": backups.VERSION,
        "made_at": "2026-01-01T00:00:00+00:00",
        "engine": "postgresql" if ON_POSTGRESQL else "sqlite",
        "migrations": [["citations", "0001_initial"]],
        "members": told,
        **facts,
        **changed,
    }
    with zipfile.ZipFile(path, "w") as made:
        for name, content in members.items():
            made.writestr(name, content)
        made.writestr(backups.MANIFEST, json.dumps(manifest))
    return path


def changed(archive: Path, path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """A copy of an archive with another manifest."""
    with zipfile.ZipFile(archive) as read, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name in read.namelist():
            content = read.read(name)
            if name == backups.MANIFEST:
                manifest = json.loads(content)
                change(manifest)
                content = json.dumps(manifest).encode()
            made.writestr(name, content)
    return path


def quiet(*_: object) -> None:
    """Nobody looks at the progress."""


# All of it ----------------------------------------------------------------------------------------------------------


def test_a_backup_made_while_writers_write_is_of_one_moment_and_comes_back_whole(
    new_place: Callable[..., Place], tmp_path: Path
) -> None:
    source, target = new_place(filled=True), new_place()
    env = environment(source.folder, DATABASE_URL=source.url)
    command = [sys.executable, "-c", WRITER, "6"]
    writers = [
        subprocess.Popen([*command, str(number), "0.01"], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
        for number in range(2)
    ]
    during = [tmp_path / f"during-{number}.backup" for number in range(3)]
    for file in during:
        source.done("backup", str(file))
    decided = [int(writer.communicate()[0]) for writer in writers]
    assert min(decided) > 0
    with source.connected() as ask:
        in_the_end = ask("SELECT id FROM citations_label ORDER BY id")

    target.done("restore", str(during[-1]))
    target.done("rebuild_summaries", "--check")  # what is derived agrees with the ledger: it is one moment
    with target.connected() as ask:
        by_then = ask("SELECT id FROM citations_label ORDER BY id")
    assert set(by_then) <= set(in_the_end)

    after = tmp_path / "after.backup"
    source.done("backup", str(after))
    target.done("restore", str(after), "--replace")
    assert target.rows() == source.rows()
    assert stat.S_IMODE(after.stat().st_mode) == 0o600
    assert_ledger_is_guarded(target)
    assert_writable(target)


def assert_ledger_is_guarded(place: Place) -> None:
    """Labels can be neither changed nor deleted."""
    for statement in ("DELETE FROM citations_label", "UPDATE citations_label SET role = 'method'"):
        with pytest.raises((sqlite3.IntegrityError, psycopg.Error), match="append-only"), place.connected() as ask:
            ask(statement)


def assert_writable(place: Place) -> None:
    """New rows get new numbers."""
    env = environment(place.folder, DATABASE_URL=place.url)
    finished = subprocess.run(
        [sys.executable, "-c", WRITER, "0.1", "9", "0"], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr


def test_nothing_is_restored_over_something_nor_half(new_place: Callable[..., Place], tmp_path: Path) -> None:
    place, file = new_place(filled=True), tmp_path / "site.backup"
    place.done("backup", str(file))
    before = place.rows()

    refused = place.manage("restore", str(file))
    assert refused.returncode == 1
    assert "Nothing was restored. The database is not empty" in refused.stderr
    assert "--replace" in refused.stderr

    spoilt = place.manage("restore", str(inwardly_spoilt(file, tmp_path / "spoilt.backup")), "--replace")
    assert spoilt.returncode == 1
    # Above it may stand how far it was: on a machine under load it takes seconds.
    assert spoilt.stderr.splitlines()[-1].startswith("CommandError: Nothing was restored.")
    assert "Traceback" not in spoilt.stderr
    assert place.rows() == before
    assert_ledger_is_guarded(place)


def inwardly_spoilt(archive: Path, path: Path) -> Path:
    """A copy whose checksums are right, and in which a citation names a paper that is not there."""
    with zipfile.ZipFile(archive) as read:
        members = {name: read.read(name) for name in read.namelist()}
    manifest = json.loads(members.pop(backups.MANIFEST))
    if ON_POSTGRESQL:
        last = "tables/citations_identifier.copy"
        lines = members[last].splitlines(keepends=True)
        columns = manifest["tables"]["citations_identifier"]["columns"]
        fields = lines[0].rstrip(b"\n").split(b"\t")
        fields[columns.index("paper_id")] = b"987654321"
        members[last] = b"".join([b"\t".join(fields) + b"\n", *lines[1:]])
    else:
        file = path.with_suffix(".sqlite3")
        file.write_bytes(members["database.sqlite3"])
        with closing(sqlite3.connect(file)) as made:
            made.execute("UPDATE citations_identifier SET paper_id = 987654321 WHERE id = 1")
            made.commit()
            made.execute("PRAGMA journal_mode=DELETE")
        members["database.sqlite3"] = file.read_bytes()
    for name in ("members", "format", "version", "engine", "made_at"):
        manifest.pop(name)
    return archived(path, members, manifest)


def test_a_backup_of_an_older_version_is_brought_up_to_this_one(
    new_place: Callable[..., Place], tmp_path: Path
) -> None:
    old, new, file = new_place(), new_place(filled=True), tmp_path / "old.backup"
    old.done("migrate", "citations", "0006", "--verbosity", "0")
    old.done("backup", str(file))
    new.done("restore", str(file), "--replace")
    new.done("migrate", "--check")
    new.done("load_sample")  # into what is now an empty collection
    new.done("rebuild_summaries", "--check")


# What is refused ----------------------------------------------------------------------------------------------------


def refusal(path: Path) -> str:
    """What is said of a file that is not whole."""
    with pytest.raises(BackupProblem) as problem:
        backups.verify(backups.read(path), quiet)
    return str(problem.value)


def test_a_whole_file_passes(archive: Path) -> None:
    backups.verify(backups.read(archive), quiet)


def test_a_file_that_is_no_backup_is_refused(tmp_path: Path) -> None:
    text, empty, other, folder = (tmp_path / name for name in ("text", "empty", "other.zip", "folder"))
    text.write_text("no archive", "ascii")
    empty.touch()
    folder.mkdir()
    with zipfile.ZipFile(other, "w") as made:
        made.writestr("readme.txt", "something else")
    assert "damaged, truncated or no backup" in refusal(text)
    assert "damaged, truncated or no backup" in refusal(empty)
    assert "holds no manifest.json of ours" in refusal(other)
    assert "No such file" in refusal(tmp_path / "nothing")
    assert "Is a directory" in refusal(folder)


def test_a_truncated_file_is_refused(archive: Path, tmp_path: Path) -> None:
    short = tmp_path / "short"
    short.write_bytes(archive.read_bytes()[:-100])
    assert "truncated" in refusal(short)


def test_a_single_changed_byte_is_found(archive: Path, tmp_path: Path) -> None:
    content = bytearray(archive.read_bytes())
    with zipfile.ZipFile(archive) as read:
        first = read.infolist()[0]
    content[first.header_offset + 30 + len(first.filename)] ^= 1
    spoilt = tmp_path / "spoilt"
    spoilt.write_bytes(content)
    assert "Bad CRC-32" in refusal(spoilt)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: m.update(format="other"), "no backup"),
        (lambda m: m.pop("migrations"), "no backup"),
        (lambda m: m.update(members=[]), "no backup"),
        (lambda m: m.update(version=2), "version 2, and this site reads version 1"),
        (lambda m: m.update(engine="sqlite" if ON_POSTGRESQL else "postgresql"), "export_collection"),
        (lambda m: m["migrations"].append(["citations", "9999_future"]), "citations.9999_future"),
        (lambda m: m["members"].update(more={"bytes": 1, "sha256": ""}), "more is missing"),
        (lambda m: next(iter(m["members"].values())).update(sha256="0"), "another checksum"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(
    archive: Path, tmp_path: Path, change: Callable[[dict[str, Any]], None], words: str
) -> None:
    assert words in refusal(changed(archive, tmp_path / "changed.zip", change))


def test_what_is_there_is_not_overwritten_unless_told(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text("precious", "ascii")
    with pytest.raises(CommandError, match="--force"):
        call_command("backup", str(there))
    assert there.read_text("ascii") == "precious"
    with pytest.raises(CommandError, match="No such file or directory"):
        call_command("backup", str(tmp_path / "no" / "folder" / "file"))
    with pytest.raises(CommandError, match="not a regular file"):
        call_command("backup", str(tmp_path), "--force")


def test_a_backup_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> Any:
        raise BackupProblem("The disk is full.")

    monkeypatch.setattr("citations.engines.backup.write", fails)
    with pytest.raises(CommandError, match=r"No backup was made\. The disk is full\."):
        call_command("backup", str(tmp_path / "file"))
    assert list(tmp_path.iterdir()) == []


def test_a_check_touches_no_database(archive: Path) -> None:
    """pytest-django refuses any query here."""
    out = StringIO()
    call_command("restore", str(archive), "--check", stdout=out)
    assert "is whole" in out.getvalue()
