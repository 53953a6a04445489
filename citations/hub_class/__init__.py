"""What a paper is to those who cite it: shares with their ranges, the rules of the hub classes, and their sentences.

Pure. Sentences are made of parts, so that a page can turn each number into a link to the list of exactly the papers
that it counts.
"""

from citations.hub_class.audited import AuditedRole, AuditedShares, Estimate, ReadPaper, Stratum, shares
from citations.hub_class.counts import Z_95, HubCounts, Share, wilson
from citations.hub_class.parts import Part, Query, polarity_query, role_query, short_parts, text_of
from citations.hub_class.rules import (
    RuleOutcome,
    Verdict,
    bound_text,
    class_of,
    classify_hub,
    explain,
    headline,
    named_by_audit,
    short_sentence,
)
from citations.hub_class.sentences import disputed_by
from citations.hub_class.thresholds import (
    AUDIT_ENOUGH,
    AUDIT_STILL_COVERS,
    COARSE_SHARE,
    CONTESTED_ENOUGH,
    CONTESTED_SHARE,
    ENOUGH,
    MAJORITY,
    RULES_VERSION,
)
from citations.hub_class.turning import Standing, dispute_would_turn, replace_one, role_would_turn

__all__ = [
    "AUDIT_ENOUGH",
    "AUDIT_STILL_COVERS",
    "COARSE_SHARE",
    "CONTESTED_ENOUGH",
    "CONTESTED_SHARE",
    "ENOUGH",
    "MAJORITY",
    "RULES_VERSION",
    "Z_95",
    "AuditedRole",
    "AuditedShares",
    "Estimate",
    "HubCounts",
    "Part",
    "Query",
    "ReadPaper",
    "RuleOutcome",
    "Share",
    "Standing",
    "Stratum",
    "Verdict",
    "bound_text",
    "class_of",
    "classify_hub",
    "dispute_would_turn",
    "disputed_by",
    "explain",
    "headline",
    "named_by_audit",
    "polarity_query",
    "replace_one",
    "role_query",
    "role_would_turn",
    "shares",
    "short_parts",
    "short_sentence",
    "text_of",
    "wilson",
]
