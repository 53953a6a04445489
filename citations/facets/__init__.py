"""Facets of the papers that cite one hub: label, count, whether chosen, and addresses. Data only; templates print it.

Every count is that of the papers under all filters but the facet's own. All of them come from the hub's summary where
nothing is filtered, else from its columns as sets, which are kept in the process where the hub is big.
"""

from citations.facets.counting import (
    MANY_MATCHES,
    FacetCounts,
    counts_as_summarised,
    counts_of_list,
    counts_of_summary,
)
from citations.facets.drops import Drop, drops
from citations.facets.lines import Facet, FacetValue, VenueSearch, YearMark, facets

__all__ = [
    "MANY_MATCHES",
    "Drop",
    "Facet",
    "FacetCounts",
    "FacetValue",
    "VenueSearch",
    "YearMark",
    "counts_as_summarised",
    "counts_of_list",
    "counts_of_summary",
    "drops",
    "facets",
]
