"""The groups of those who curate may look at the tables that came after them."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

from citations.curation import groups


def grant(apps, schema_editor):
    # Django makes permissions after all migrations: those of new tables are not there yet.
    using = schema_editor.connection.alias
    config = apps.get_app_config("citations")
    config.models_module = True
    create_permissions(config, verbosity=0, using=using, apps=apps)
    config.models_module = None
    groups.install(apps, using)


class Migration(migrations.Migration):
    dependencies = [("citations", "0008_site_version")]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop, elidable=False)]
