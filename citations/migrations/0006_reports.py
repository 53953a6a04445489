"""An index over what curators decided, for histories and for how far sources agree with them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("citations", "0005_desk")]
    operations = [
        migrations.AddIndex(
            model_name="label",
            index=models.Index(
                condition=models.Q(("curator__isnull", False)),
                fields=["-created_at", "-id"],
                name="label_of_curators",
            ),
        ),
    ]
