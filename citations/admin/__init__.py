"""The admin: every table can be looked at, and what people may correct is corrected here.

What is derived, imported or append-only is shown and not edited. Corrections go through the same writers as everything
else: labels through `labelling`, what is counted through `summaries`.
"""

from __future__ import annotations

from django.contrib import admin

from citations.admin import citations, decisions, hubs, labels, merges, papers, runs

__all__ = ["citations", "decisions", "hubs", "labels", "merges", "papers", "runs"]

admin.site.site_header = "Citation Explorer"
admin.site.site_title = "Citation Explorer"
admin.site.index_title = "Curation and data"
