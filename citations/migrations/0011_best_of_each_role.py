"""An index says who stands for each role of a hub, so that a label need not rank all of a big hub's citations."""

from django.db import migrations, models
from django.db.models import F, Q

from citations.querysets import ByCurator, IsPositive


class Migration(migrations.Migration):
    dependencies = [("citations", "0010_audits")]
    operations = [
        migrations.AddIndex(
            model_name="citation",
            index=models.Index(
                "cited",
                "role",
                ByCurator("role_by").desc(),
                IsPositive("mention_count").desc(),
                F("cited_by_count").desc(),
                F("id").asc(),
                condition=Q(merged_into__isnull=True),
                name="citation_best",
            ),
        ),
    ]
