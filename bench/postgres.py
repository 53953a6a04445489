"""A PostgreSQL server whose data are kept between runs. It is started for a measurement and stopped afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

# As for the tests' server (scripts/with_postgres.sh): nothing has to survive a crash. A good part of the memory of a
# small server, and costs of a disk without moving parts.
_OPTIONS = (
    "-c listen_addresses='' -c max_connections=60 -c fsync=off -c synchronous_commit=off -c full_page_writes=off "
    "-c shared_buffers=1GB -c effective_cache_size=4GB -c maintenance_work_mem=512MB -c random_page_cost=1.1 "
    "-c max_wal_size=8GB"
)


def programs() -> Path | None:
    """The folder of the newest PostgreSQL server; None where none is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parts[-2].split(".")[0]))
    if on_path := shutil.which("initdb"):
        found.insert(0, Path(on_path).parent)
    return next((folder for folder in reversed(found) if (folder / "initdb").exists()), None)


@contextmanager
def server(data: Path) -> Iterator[str]:
    """Serve from this folder, which is made where it is not there; gives the address as DATABASE_URL has it."""
    folder = programs()
    if folder is None:
        raise SystemExit("PostgreSQL's server is not installed; on Debian: apt-get install postgresql")
    owner = _owner()
    # A socket's path may be 107 bytes long.
    socket = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        if owner:
            shutil.chown(socket, owner)
        if not data.is_dir():
            data.mkdir(mode=0o700)
            if owner:
                shutil.chown(data, owner)
            order = ["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-GB"]
            common = ["-D", str(data), "-U", "explorer", "-A", "trust", "-E", "UTF8", "-N"]
            _run(folder / "initdb", [*common, *order], owner)
        # What a run that was killed has left behind.
        options = f"{_OPTIONS} -c unix_socket_directories='{socket}'"
        log = str(socket / "server.log")
        _run(folder / "pg_ctl", ["-D", str(data), "-l", log, "-o", options, "-w", "-t", "300", "-s", "start"], owner)
        try:
            yield f"postgres://explorer@/{quote(str(socket), safe='')}/postgres"
        finally:
            _run(folder / "pg_ctl", ["-D", str(data), "-m", "fast", "-w", "-t", "300", "-s", "stop"], owner)
    finally:
        shutil.rmtree(socket, ignore_errors=True)


def _owner() -> str | None:
    """Whom to run it as where this is root, whom PostgreSQL refuses."""
    if os.geteuid() != 0:
        return None
    return "postgres" if "postgres" in {entry.pw_name for entry in pwd.getpwall()} else "nobody"


def _run(program: Path, arguments: list[str], owner: str | None) -> None:
    """Run one of PostgreSQL's programs; ends the process with what it said where it fails."""
    command = [str(program), *arguments]
    if owner:
        group = str(pwd.getpwnam(owner).pw_gid)
        command = ["setpriv", f"--reuid={owner}", f"--regid={group}", "--clear-groups", *command]
    finished = subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise SystemExit(f"{program.name}: {finished.stdout}{finished.stderr}")
