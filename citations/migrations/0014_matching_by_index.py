"""On PostgreSQL a function gives the papers that match a search, always by the index."""

from django.db import migrations

from citations import engines


def install(apps, schema_editor):
    # What is there already stays.
    engines.install_text_index(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("citations", "0013_listed_alone")]
    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
