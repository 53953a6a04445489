"""The site's version, which moves with everything that is committed. No model stands for it: triggers write it."""

from django.db import migrations

from citations.engines import site_version


def make(apps, schema_editor):
    site_version.install(schema_editor.connection)


def remove(apps, schema_editor):
    site_version.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("citations", "0007_indexes")]
    operations = [migrations.RunPython(make, remove, elidable=False)]
