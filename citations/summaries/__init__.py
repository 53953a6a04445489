"""The only writer of HubSummary, HubTally and the columns copied from papers; and what chooses representatives.

Everything here can be rebuilt from papers, citations and labels. Callers hold a transaction; hubs are locked in
ascending order of id, so that two writers can never wait for each other.
"""

from citations.summaries.audits import audited_shares, standing_entries
from citations.summaries.copies import SORT_TITLE_LENGTH, paper_changed, refresh_copies, sort_date, stale_copies
from citations.summaries.moves import Moves
from citations.summaries.representatives import REPRESENTATIVES, choose_representatives
from citations.summaries.tallies import TALLY_FROM, TOP_VENUES, has_sample, hub_counts
from citations.summaries.writing import (
    REBUILT,
    STAMPED_FROM,
    Cause,
    StandingClass,
    differing,
    lock_hubs,
    recount,
    restore_summaries,
)

__all__ = [
    "REBUILT",
    "REPRESENTATIVES",
    "SORT_TITLE_LENGTH",
    "STAMPED_FROM",
    "TALLY_FROM",
    "TOP_VENUES",
    "Cause",
    "Moves",
    "StandingClass",
    "audited_shares",
    "choose_representatives",
    "differing",
    "has_sample",
    "hub_counts",
    "lock_hubs",
    "paper_changed",
    "recount",
    "refresh_copies",
    "restore_summaries",
    "sort_date",
    "stale_copies",
    "standing_entries",
]
