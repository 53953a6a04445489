"""Indexes that sort lists hold only what is listed, and big hubs get a stamp, under which what was read of their
citations may be kept.
"""

import secrets

from django.db import migrations, models

SORTS = {
    "citation_newest": ("cited", "-sort_date", "-id"),
    "citation_most_cited": ("cited", "-cited_by_count", "-id"),
    "citation_title": ("cited", "sort_title", "id"),
    "citation_confidence": ("cited", "-suggested_confidence", "-id"),
}


def stamp(apps, schema_editor):
    summaries = apps.get_model("citations", "HubSummary").objects.filter(known__gte=2_000)
    summaries.update(stamp=1 + secrets.randbelow(2**62))


class Migration(migrations.Migration):
    dependencies = [("citations", "0006_reports")]
    operations = [
        *(migrations.RemoveIndex(model_name="citation", name=name) for name in SORTS),
        *(
            migrations.AddIndex(
                model_name="citation",
                index=models.Index(fields=fields, condition=models.Q(merged_into__isnull=True), name=name),
            )
            for name, fields in SORTS.items()
        ),
        migrations.AddField(
            model_name="hubsummary",
            name="stamp",
            field=models.BigIntegerField(
                default=0, editable=False, help_text="of a big hub: another number after each writing of its citations"
            ),
        ),
        migrations.RunPython(stamp, migrations.RunPython.noop, elidable=True),
    ]
