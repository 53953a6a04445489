"""The index of merged citations holds those alone, so that a load need not write into it for each row; and feeds get
an index of what came last to a hub, for which SQLite had taken that one.
"""

from django.db import migrations, models

from citations.migrations._merged_index import replaced


class Migration(migrations.Migration):
    dependencies = [("citations", "0011_best_of_each_role")]
    operations = [
        *replaced("citation", "merged_citations", "citation_merged"),
        migrations.AddIndex(
            model_name="citation",
            index=models.Index(
                fields=["cited", "-id"], condition=models.Q(merged_into__isnull=True), name="citation_added"
            ),
        ),
    ]
