"""Names that the statements of both engines share."""

from __future__ import annotations

# One row: id 1, number, milliseconds.
VERSION_TABLE = "citations_siteversion"
# PostgreSQL alone: a row for each transaction that writes, from its first change until its end.
PENDING_TABLE = "citations_pendingchange"
