"""Indexes of lists hold what is listed and nothing else, and what the whole collection holds is counted from indexes."""

from django.db import migrations, models
from django.db.models import Q

from citations.migrations._merged_index import replaced

CITED, STANDING = Q(known__gt=0), Q(merged_into__isnull=True)
HUBS = {
    "hub_most_citing": ["-known", "-paper"],
    "hub_most_classified": ["-classified", "-paper"],
    "hub_title": ["sort_title", "paper"],
    "hub_by_class": ["hub_class", "-known", "-paper"],
    "hub_newest": ["-sort_date", "-paper"],
}
NEW_OF_HUBS = {"hub_by_venue": ["venue", "known"], "hub_totals": ["known", "classified", "unclear", "assessed"]}
PAPERS = {
    "paper_newest": ["-sort_date", "-id"],
    "paper_title": ["sort_title", "id"],
    "paper_most_cited": ["-cited_by_count", "-id"],
}


def added(model, name, fields, condition):
    index = models.Index(fields=fields, condition=condition, name=name)
    return migrations.AddIndex(model_name=model, index=index)


class Migration(migrations.Migration):
    dependencies = [("citations", "0012_merged_index")]
    operations = [
        *(migrations.RemoveIndex(model_name="hubsummary", name=name) for name in HUBS),
        *(migrations.RemoveIndex(model_name="paper", name=name) for name in PAPERS),
        *replaced("paper", "merged_papers", "paper_merged"),
        *(added("hubsummary", name, fields, CITED) for name, fields in (HUBS | NEW_OF_HUBS).items()),
        *(added("paper", name, fields, STANDING) for name, fields in PAPERS.items()),
        added("paper", "paper_by_venue", ["venue"], Q(merged_into__isnull=True, venue__isnull=False)),
        added("paper", "paper_standing", ["id"], STANDING),
        added(
            "citation",
            "citation_by_source",
            ["source", "coarse", "role", "polarity"],
            Q(merged_into__isnull=True, source__gt=""),
        ),
    ]
