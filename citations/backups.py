"""Backups: the whole database in one file, exactly, and back. A ZIP archive, so that other tools can look inside.

`manifest.json`, written last, names the engine, the migrations, and each member with its size and checksum. A backup
goes back into the engine that it came from; from one to the other, `export_collection` goes (docs/collections.md).
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.loader import MigrationLoader

from citations.engines import backup as engines
from citations.engines.backup import BackupProblem as BackupProblem
from citations.engines.backup import Progress

FORMAT, VERSION = "citation-explorer-backup", 1
MANIFEST = "manifest.json"
# A manifest lists some dozen tables and migrations; a larger one is none of ours.
LARGEST_MANIFEST = 4 * 2**20
_CHUNK = 2**20
# Quick, and a database of texts still takes a fifth of its size.
_COMPRESSION = 3


@dataclass(frozen=True)
class Backup:
    """What a backup says of itself: when it was made, of which engine, at which migrations."""

    path: Path
    engine: str
    made_at: str
    migrations: list[tuple[str, str]]
    members: dict[str, dict[str, Any]]
    facts: dict[str, Any]

    @property
    def size(self) -> int:
        """Bytes that it holds, unpacked."""
        return sum(int(member["bytes"]) for member in self.members.values())


def write(path: Path, progress: Progress, *, overwrite: bool = False) -> Backup:
    """Write the database, as it is at one moment while others write, to `path`. All or nothing: no half file is left.

    Only its owner may read the file: it holds password hashes and readers' addresses. Raises BackupProblem.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    members: dict[str, dict[str, Any]] = {}
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "made_at": made_at,
        "engine": engines.engine_of(connection),
    }
    with (
        _replacing(path, overwrite=overwrite) as stream,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=_COMPRESSION) as archive,
    ):
        facts = engines.write(connection, path.absolute().parent, _opener(archive, members), progress)
        manifest |= {"members": members, **facts}
        archive.writestr(MANIFEST, json.dumps(manifest, indent=1))
    return _described(path, manifest)


def read(path: Path) -> Backup:
    """What the file at `path` says of itself. Raises BackupProblem where it is none that can be used here."""
    with _opened(path) as archive:
        try:
            about = archive.getinfo(MANIFEST)
            if about.file_size > LARGEST_MANIFEST:
                raise ValueError
            manifest = json.loads(archive.read(MANIFEST))
            described = _described(path, manifest)
            if manifest["format"] != FORMAT:
                raise ValueError
        except (KeyError, TypeError, ValueError, AttributeError):
            raise BackupProblem(f"{path} is no backup: it holds no {MANIFEST} of ours.") from None
        if manifest["version"] != VERSION:
            raise BackupProblem(
                f"{path} is a backup of version {manifest['version']!r}, and this site reads version {VERSION}: "
                "use the release of Citation Explorer that made it."
            )
    return described


def verify(backup: Backup, progress: Progress) -> None:
    """Read a backup to its end: every member with its size and checksum, its engine, its migrations. Writes no row.

    Raises BackupProblem.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    engine = engines.engine_of(connection)
    if backup.engine != engine:
        raise BackupProblem(
            f"{backup.path} is a backup of {backup.engine}, and DATABASE_URL names {engine}: a backup goes back into "
            "the engine that it came from. From one to the other, use export_collection and import_collection."
        )
    known = set(MigrationLoader(None).graph.nodes)
    unknown = [f"{app}.{name}" for app, name in backup.migrations if (app, name) not in known]
    if unknown:
        raise BackupProblem(
            f"{backup.path} was made by a newer version of the site: it has the migration {unknown[0]}, "
            "which is not known here. Install that version first."
        )
    _verify_members(backup, progress)
    with _opened(backup.path) as archive:
        engines.check(connection, backup.facts, _reader(archive), _room())


def put_back(backup: Backup, progress: Progress, *, replace: bool = False) -> None:
    """Put a verified backup into the database: wholly or not at all. Later migrations are left to the caller.

    Raises BackupProblem, also where the database holds anything and `replace` does not say that it may go.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    if not replace and not engines.is_empty(connection):
        raise BackupProblem(
            "The database is not empty, and everything in it would be lost: back it up first, and add --replace."
        )
    with _opened(backup.path) as archive:
        engines.put_back(connection, backup.facts, _reader(archive), _room(), progress)


def _room() -> Path:
    """Where a copy of the database has room: beside the file of SQLite, else where temporary files lie."""
    name = str(connections[DEFAULT_DB_ALIAS].settings_dict["NAME"])
    beside = Path(name).parent
    return beside if os.path.isabs(name) and beside.is_dir() else Path(tempfile.gettempdir())


def _described(path: Path, manifest: dict[str, Any]) -> Backup:
    """A manifest as an object; raises KeyError, TypeError or ValueError where it lacks something."""
    migrations = [(str(app), str(name)) for app, name in manifest["migrations"]]
    members = {
        str(name): {"bytes": int(m["bytes"]), "sha256": str(m["sha256"])} for name, m in manifest["members"].items()
    }
    return Backup(path, str(manifest["engine"]), str(manifest["made_at"]), migrations, members, manifest)


# Members -------------------------------------------------------------------------------------------------------------


class _Summed:
    """A stream that is written through, with its size and checksum."""

    def __init__(self, stream: Any) -> None:
        self._stream, self._sum, self._bytes = stream, hashlib.sha256(), 0

    def write(self, block: bytes) -> int:
        """Write a block; how long it was."""
        self._sum.update(block)
        self._bytes += len(block)
        self._stream.write(block)
        return len(block)

    @property
    def facts(self) -> dict[str, Any]:
        """What the manifest says of the member."""
        return {"bytes": self._bytes, "sha256": self._sum.hexdigest()}


def _opener(archive: zipfile.ZipFile, members: dict[str, dict[str, Any]]) -> Callable[[str], Any]:
    """What gives a new member of the archive to write to, and notes what was written in `members`."""

    @contextmanager
    def opened(name: str) -> Iterator[_Summed]:
        with archive.open(name, "w", force_zip64=True) as stream:
            summed = _Summed(stream)
            yield summed
        members[name] = summed.facts

    return opened


def _reader(archive: zipfile.ZipFile) -> Callable[[str], BinaryIO]:
    """What gives a member of the archive to read from; raises BackupProblem where there is none."""

    def reader(name: str) -> BinaryIO:
        try:
            return cast(BinaryIO, archive.open(name))
        except KeyError:
            raise BackupProblem(f"The backup is not complete: {name} is missing.") from None

    return reader


def _verify_members(backup: Backup, progress: Progress) -> None:
    """Each member is there, of its size, and as it was written."""
    done = 0
    with _opened(backup.path) as archive:
        for name, facts in backup.members.items():
            checksum, size = hashlib.sha256(), 0
            with _reader(archive)(name) as stream:
                while block := stream.read(_CHUNK):
                    checksum.update(block)
                    size += len(block)
                    done += len(block)
                    progress("Bytes checked", done, backup.size)
            if size != facts["bytes"] or checksum.hexdigest() != facts["sha256"]:
                raise BackupProblem(f"{backup.path} is not as it was written: {name} has another checksum.")


# Files ---------------------------------------------------------------------------------------------------------------


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive; what is wrong with it or the disk becomes a BackupProblem."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise BackupProblem(f"{path} is damaged, truncated or no backup: {error}. Copy it again.") from None
    except OSError as error:
        raise BackupProblem(f"{error.filename or path}: {error.strerror or error}.") from None


@contextmanager
def _replacing(path: Path, *, overwrite: bool) -> Iterator[BinaryIO]:
    """A new file that takes the name `path` only when it is complete and on the disk; its owner's alone."""
    made = ""
    try:
        path = path.resolve() if path.is_symlink() else path
        if path.exists() and not path.is_file():
            raise BackupProblem(f"{path} is not a regular file: choose another name.")
        if path.exists() and not overwrite:
            raise BackupProblem(f"{path} exists: choose another name, or add --force to overwrite it.")
        handle, made = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.absolute().parent)  # mode 0600
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(made, path)
        made = ""
    except OSError as error:
        raise BackupProblem(f"{path} cannot be written: {error.strerror or error}.") from None
    finally:
        if made:
            os.unlink(made)
