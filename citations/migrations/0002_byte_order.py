"""On PostgreSQL, folded titles are compared byte by byte, as SQLite does: the same order on both engines."""

from django.db import migrations

TABLES = ("citations_paper", "citations_citation", "citations_hubsummary")


def compare_by_bytes(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table in TABLES:
            schema_editor.execute(f'ALTER TABLE {table} ALTER COLUMN sort_title TYPE varchar(300) COLLATE "C"')


def compare_by_language(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table in TABLES:
            schema_editor.execute(f'ALTER TABLE {table} ALTER COLUMN sort_title TYPE varchar(300) COLLATE "default"')


class Migration(migrations.Migration):
    dependencies = [("citations", "0001_initial")]
    operations = [migrations.RunPython(compare_by_bytes, compare_by_language, elidable=False)]
