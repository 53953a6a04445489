"""The full-text index: an FTS5 table on SQLite, tsvectors under a GIN index on PostgreSQL. No model stands for it."""

from django.db import migrations

from citations import engines


def make(apps, schema_editor):
    engines.install_text_index(schema_editor.connection)
    engines.rebuild_text(schema_editor.connection)


def remove(apps, schema_editor):
    engines.remove_text_index(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("citations", "0002_byte_order")]
    operations = [migrations.RunPython(make, remove, elidable=False)]
