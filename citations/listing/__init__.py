"""One list of the papers that cite a hub: filter, sort, page, count, rows and facets, shared by every form it is
shown in.
"""

from citations.listing.lists import ORDERS, HubLists, Listing, hub_lists, list_citing, summary_counts
from citations.listing.rows import (
    Ledger,
    LedgerEntry,
    Replaced,
    Row,
    Sentence,
    details,
    first_authors,
    ledger,
    load_rows,
)

__all__ = [
    "ORDERS",
    "HubLists",
    "Ledger",
    "LedgerEntry",
    "Listing",
    "Replaced",
    "Row",
    "Sentence",
    "details",
    "first_authors",
    "hub_lists",
    "ledger",
    "list_citing",
    "load_rows",
    "summary_counts",
]
