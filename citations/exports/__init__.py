"""What leaves the site as a file, and whole collections that travel from one database to another."""

from __future__ import annotations

from citations.exports.collection import Progress, count_records, write_collection
from citations.exports.collection_files import replacing
from citations.exports.collection_format import CollectionError
from citations.exports.collection_reading import import_collection
from citations.exports.formats import About, Format
from citations.exports.rows import COLUMNS, ExportRow, PaperFacts, Site, export_row, facts, load_rows, paper_facts
from citations.exports.streaming import BATCH, FORMATS, REFERENCE_FORMATS, file_name, stream

__all__ = [
    "BATCH",
    "COLUMNS",
    "FORMATS",
    "REFERENCE_FORMATS",
    "About",
    "CollectionError",
    "ExportRow",
    "Format",
    "PaperFacts",
    "Progress",
    "Site",
    "count_records",
    "export_row",
    "facts",
    "file_name",
    "import_collection",
    "load_rows",
    "paper_facts",
    "replacing",
    "stream",
    "write_collection",
]
