"""The machine that was measured on: what matters for figures, and nothing that names it."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from pathlib import Path


def description() -> dict[str, str]:
    """Processor, memory and versions."""
    found = {
        "cores": str(os.cpu_count()),
        "processor": _from_file("/proc/cpuinfo", "model name") or platform.machine(),
        "memory": _memory(),
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        "PostgreSQL": _postgresql() or "not installed",
    }
    return {name: value for name, value in found.items() if value}


def _from_file(path: str, key: str) -> str:
    """The value of the first line that begins with a key, in a file of the kernel."""
    try:
        lines = Path(path).read_text("ascii", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), "")


def _memory() -> str:
    kilobytes = _from_file("/proc/meminfo", "MemTotal").removesuffix(" kB")
    return f"{int(kilobytes) / 2**20:.0f} GB" if kilobytes.isdigit() else ""


def _postgresql() -> str:
    """The version of the server that scripts/with_postgres.sh starts."""
    newest = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: path.parts[-3])
    program = str(newest[-1]) if newest else "postgres"
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""
    return next((word for word in said.split() if word[0].isdigit()), "")
