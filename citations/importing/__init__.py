"""Records into the database: repeatable, resumable, and reporting what became of each.

Papers are found by any identifier that a record shares with them, never by title. A field's better value wins by a
documented order of sources, and what a curator set stays.
"""

from __future__ import annotations

from citations.importing.facts import SOURCE_PRIORITY
from citations.importing.papers import STRONGEST_FIRST
from citations.importing.runs import Counts, ImportStopped, Report, Trial, fingerprint, run_import
from citations.importing.sample import sample_pages
from citations.importing.services import Service, import_list, make_service, service_names

__all__ = [
    "SOURCE_PRIORITY",
    "STRONGEST_FIRST",
    "Counts",
    "ImportStopped",
    "Report",
    "Service",
    "Trial",
    "fingerprint",
    "import_list",
    "make_service",
    "run_import",
    "sample_pages",
    "service_names",
]
