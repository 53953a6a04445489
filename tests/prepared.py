"""Databases and static files for the processes that tests start: made once for all processes of a run, then copied."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import environ
import psycopg
from psycopg.conninfo import make_conninfo

ROOT = Path(__file__).resolve().parent.parent
SURROUNDINGS = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
SERVER = os.environ.get("DATABASE_URL", "")
ON_POSTGRESQL = SERVER.startswith("postgres")
SQLITE_FILE = "explorer.sqlite3"

# Commands of the site -------------------------------------------------------------------------------------------------


def environment(folder: Path, **variables: str) -> dict[str, str]:
    """What processes of the site are started with: these variables and nothing of the tests' own."""
    return SURROUNDINGS | {"DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "explorer.settings"} | variables


def manage(folder: Path, *arguments: str, **variables: str) -> None:
    """Run a command of the site."""
    subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment(folder, **variables),
        check=True,
        stdout=subprocess.DEVNULL,
    )


# What is made once ----------------------------------------------------------------------------------------------------


@cache
def _prepared() -> Path:
    """A data folder with an empty, migrated SQLite file and all static files; only the first process makes it."""
    folder = Path(os.environ["DATA_DIR"]) / "prepared"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            manage(folder, "prepare", "--no-sample")
            (folder / "done").touch()
    return folder


def put_static_files(folder: Path) -> None:
    """Collected static files for a site with its data in `folder`, which then need not be collected again."""
    if not (folder / "static").exists():
        shutil.copytree(_prepared() / "static", folder / "static", copy_function=os.link)
        shutil.copy(_prepared() / "static.fingerprint", folder)


def put_sqlite_file(folder: Path) -> str:
    """An empty, migrated SQLite file in `folder`, where a site expects it; its address."""
    shutil.copy(_prepared() / SQLITE_FILE, folder / SQLITE_FILE)
    return f"sqlite:///{folder / SQLITE_FILE}"


# On the tests' PostgreSQL server --------------------------------------------------------------------------------------


def on_server(url: str, **options: Any) -> psycopg.Connection[Any]:
    """A connection to the database that an address of ours names: sockets are written otherwise than libpq has them."""
    told = environ.Env.db_url_config(url)
    names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
    given = {key: str(told[name]) for key, name in names.items() if told.get(name)}
    return psycopg.connect(make_conninfo("", **given), **options)


def address_on_server(name: str) -> str:
    """The address of a database beside the one that DATABASE_URL names."""
    return f"{SERVER.rpartition('/')[0]}/{name}"


@cache
def _migrated_on_server() -> str:
    """The name of an empty, migrated database that others are copies of: one for each process of a run."""
    name = f"migrated_{os.getpid()}"
    create_on_server(name, migrated=False)
    folder = Path(os.environ["DATA_DIR"]) / name
    folder.mkdir()
    manage(folder, "migrate", "-v0", DATABASE_URL=address_on_server(name))
    return name


def create_on_server(name: str, *, migrated: bool = True) -> str:
    """Make a database of this name, with all tables or with none; its address."""
    template = f" TEMPLATE {_migrated_on_server()}" if migrated else ""
    with on_server(SERVER, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}{template}".encode())
    return address_on_server(name)


def drop_on_server(name: str) -> None:
    """Take a database away, whoever is connected to it."""
    with on_server(SERVER, autocommit=True) as server:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
