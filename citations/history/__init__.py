"""What changed: labels, classes, pins and merges, of one hub or of the whole collection, newest first."""

from citations.history.entries import (
    Entry,
    Kind,
    Position,
    Stream,
    all_labels,
    hub_streams,
    read_from,
)
from citations.history.filters import HistoryFilter
from citations.history.pages import HistoryList, hub_history, newest_of_hub, site_history
from citations.history.people import A_CURATOR, public_name
from citations.history.telling import Told

__all__ = [
    "A_CURATOR",
    "Entry",
    "HistoryFilter",
    "HistoryList",
    "Kind",
    "Position",
    "Stream",
    "Told",
    "all_labels",
    "hub_history",
    "hub_streams",
    "newest_of_hub",
    "public_name",
    "read_from",
    "site_history",
]
