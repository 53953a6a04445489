"""One list of the papers that cite a hub: filter, sort, page, count, rows and facets, shared by every form it is
shown in.
"""

from citations.listing.common import CommonRow, Use, citing_all, common_rows
from citations.listing.lists import (
    ORDERS,
    HubLists,
    Listing,
    Shown,
    hub_lists,
    list_citing,
    page_of_year,
    summary_counts,
)
from citations.listing.rows import (
    Ledger,
    LedgerEntry,
    Replaced,
    Row,
    Sentence,
    deciders_of,
    details,
    first_authors,
    ledger,
    load_rows,
)
from citations.listing.selection import Selection, about, find_hub, select_citing
from citations.listing.venues import count_venues

__all__ = [
    "ORDERS",
    "CommonRow",
    "HubLists",
    "Ledger",
    "LedgerEntry",
    "Listing",
    "Replaced",
    "Row",
    "Selection",
    "Sentence",
    "Shown",
    "Use",
    "about",
    "citing_all",
    "common_rows",
    "count_venues",
    "deciders_of",
    "details",
    "find_hub",
    "first_authors",
    "hub_lists",
    "ledger",
    "list_citing",
    "load_rows",
    "page_of_year",
    "select_citing",
    "summary_counts",
]
