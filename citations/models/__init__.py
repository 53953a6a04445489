"""The tables. Constraints live in the database; derived columns have one writer each, named in their help text."""

from citations.models.audits import Audit, AuditEntry
from citations.models.citations import Citation, Label, Mention, in_ledgers
from citations.models.decisions import ClassChange, HubPin, Merge, Report, Skip
from citations.models.hubs import HubSummary, HubTally
from citations.models.papers import Author, Authorship, CitedByCount, Identifier, Paper, Venue
from citations.models.runs import ImportRun, RejectedRecord
from citations.models.standing import find_paper, survivor

__all__ = [
    "Audit",
    "AuditEntry",
    "Author",
    "Authorship",
    "Citation",
    "CitedByCount",
    "ClassChange",
    "HubPin",
    "HubSummary",
    "HubTally",
    "Identifier",
    "ImportRun",
    "Label",
    "Mention",
    "Merge",
    "Paper",
    "RejectedRecord",
    "Report",
    "Skip",
    "Venue",
    "find_paper",
    "in_ledgers",
    "survivor",
]
