"""Big hubs get a stamp, under which what was read of their citations may be kept."""

import secrets

from django.db import migrations, models


def stamp(apps, schema_editor):
    summaries = apps.get_model("citations", "HubSummary").objects.filter(known__gte=2_000)
    summaries.update(stamp=1 + secrets.randbelow(2**62))


class Migration(migrations.Migration):
    dependencies = [("citations", "0003_full_text")]
    operations = [
        migrations.AddField(
            model_name="hubsummary",
            name="stamp",
            field=models.BigIntegerField(
                default=0, editable=False, help_text="of a big hub: another number after each writing of its citations"
            ),
        ),
        migrations.RunPython(stamp, migrations.RunPython.noop, elidable=True),
    ]
