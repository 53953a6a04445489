"""How gunicorn serves the site: `gunicorn explorer.wsgi` reads this file by its name.

ACCESS_LOG, HOST, PORT and WEB_CONCURRENCY come from the environment. Run as a program (`python gunicorn.conf.py`) it
only checks them, and that the address is free, so that `make run` can say what is wrong before it touches the database.
"""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path
from typing import Any, NoReturn

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def _stop(variable: str, problem: str) -> NoReturn:
    """End the process with one line that names the variable."""
    raise SystemExit(f"Citation Explorer cannot start: {variable}: {problem}")


def _number(variable: str, default: int, least: int, most: int) -> int:
    """A whole number from the environment, between `least` and `most`; anything else stops the start."""
    value = os.environ.get(variable, str(default)).strip()
    if not (value.isascii() and value.isdigit() and least <= int(value[:10]) <= most):
        _stop(variable, f"{value!r} is not a whole number from {least} to {most}")
    return int(value)


def _switch(variable: str) -> bool:
    """A switch that is off unless the environment says otherwise; anything but a plain yes or no stops the start."""
    value = os.environ.get(variable, "off").strip().lower()
    if value not in ("true", "1", "yes", "on", "false", "0", "no", "off"):
        _stop(variable, f"{value!r} is neither true/yes/on/1 nor false/no/off/0")
    return value in ("true", "1", "yes", "on")


def _require_free(host: str, port: int) -> None:
    """Stop with one line unless an own socket can be opened at the address (gunicorn would try for five seconds)."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError):
        _stop("HOST", f"{host!r} is not a name or address of this machine")
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as problem:
            if problem.errno == errno.EADDRINUSE:
                _stop(
                    "PORT", f"{port} on {host} is in use; choose another, for example: PORT={port % 65535 + 1} make run"
                )
            if problem.errno == errno.EACCES:
                _stop("PORT", f"{port} may not be opened by this user; choose one from 1024 to 65535")
            _stop("HOST", f"cannot listen on {host!r}: {problem.strerror}")


host = os.environ.get("HOST", "127.0.0.1").strip().strip("[]")
if not host:
    _stop("HOST", "is set but empty; give it a value or unset it")
port = _number("PORT", 8000, 0, 65535)  # 0: any free port; the line printed at the start says which

bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
worker_class = "gthread"
workers = _number("WEB_CONCURRENCY", 2, 1, 64)  # processes
threads = 4  # in each; they overlap waiting for the database, not Python's own work
preload_app = True  # one import serves all workers: a quicker start and less memory
timeout = 60  # seconds without a sign of life before a worker is replaced
graceful_timeout = 30  # seconds for running requests to finish at the end
keepalive = 5  # seconds
# Workers show that they live by touching a file; on a disk under load that can stall.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() and os.access("/dev/shm", os.W_OK) else None
# The control socket would be written under the home directory.
control_socket_disable = True
# A line for each request, with its name, written as LOG_FORMAT says (explorer/server_log.py).
accesslog = "-" if _switch("ACCESS_LOG") else None
logger_class = "explorer.server_log.ServerLog"
errorlog = "-"
# Its own account of starting is noise beside the one line below, unless asked for.
loglevel = os.environ.get("LOG_LEVEL", "WARNING").lower()


def when_ready(server: Any) -> None:
    """Print the address, once requests to it are accepted."""
    port_in_use = server.LISTENERS[0].getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    print(f"Citation Explorer is ready: http://{shown}:{port_in_use}/", flush=True)
    if host not in LOOPBACK and "ALLOWED_HOSTS" not in os.environ:
        names = "localhost, 127.0.0.1 and [::1]"
        print(f"It answers to {names} alone until ALLOWED_HOSTS is set: docs/deploying.md", flush=True)


if __name__ == "__main__":  # not under gunicorn: a reload reads this file again while its own socket is open
    _require_free(host, port)
