"""The site, with an address that answers when it is told to: for tests of how a server ends."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from explorer.wsgi import application as site

# Two pipes: what is begun is told through the one, and goes on after something came through the other.
PIPES = Path(os.environ["PIPES"])


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Any page of the site; with `?slow` it waits, and is then sent in two pieces with a wait between them."""
    answer = site(environ, start_response)
    return _slowly(answer) if environ.get("QUERY_STRING") == "slow" else answer


def _slowly(answer: Iterable[bytes]) -> Iterable[bytes]:
    """The same, once the test says so."""
    (PIPES / "begun").write_text("begun", "ascii")
    (PIPES / "go").read_text("ascii")
    yield from answer
