"""What a paper is to those who cite it: shares with their ranges, the rules of the hub classes, and their sentences.

Pure. Sentences are made of parts, so that a page can turn each number into a link to the list of exactly the papers
that it counts.
"""

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
    short_sentence,
)
from citations.hub_class.sentences import disputed_by
from citations.hub_class.thresholds import (
    COARSE_SHARE,
    CONTESTED_ENOUGH,
    CONTESTED_SHARE,
    ENOUGH,
    MAJORITY,
    RULES_VERSION,
)
from citations.hub_class.turning import Standing, dispute_would_turn, replace_one, role_would_turn

__all__ = [
    "COARSE_SHARE",
    "CONTESTED_ENOUGH",
    "CONTESTED_SHARE",
    "ENOUGH",
    "MAJORITY",
    "RULES_VERSION",
    "Z_95",
    "HubCounts",
    "Part",
    "Query",
    "RuleOutcome",
    "Share",
    "Standing",
    "Verdict",
    "bound_text",
    "class_of",
    "classify_hub",
    "dispute_would_turn",
    "disputed_by",
    "explain",
    "headline",
    "polarity_query",
    "replace_one",
    "role_query",
    "role_would_turn",
    "short_parts",
    "short_sentence",
    "text_of",
    "wilson",
]
