"""What both engines' ways to back up share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

# A migration: the label of its application, and its name.
Node: TypeAlias = tuple[str, str]
# To be called with what is being done, how much of it is done, and how much there is.
Progress: TypeAlias = Callable[[str, int, int], None]

# Bytes that are handled at a time.
CHUNK = 2**20


class BackupProblem(Exception):
    """A backup cannot be made or put back; the message says why, and what to do."""
