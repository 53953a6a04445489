"""The groups of those who curate, and what goes with their work: redaction is a permission, and a citation whose two
papers became one may be merged into itself."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

from citations.curation import groups


def make(apps, schema_editor):
    # Django makes permissions after all migrations: on a new database there are none yet.
    using = schema_editor.connection.alias
    config = apps.get_app_config("citations")
    config.models_module = True
    create_permissions(config, verbosity=0, using=using, apps=apps)
    config.models_module = None
    groups.install(apps, using)


def remove(apps, schema_editor):
    names = (groups.READER, groups.CURATOR, groups.EDITOR)
    apps.get_model("auth", "Group").objects.using(schema_editor.connection.alias).filter(name__in=names).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("citations", "0003_full_text"),
    ]
    operations = [
        migrations.AlterModelOptions(
            name="label",
            options={
                "ordering": ("created_at", "id"),
                "permissions": (("redact", "Can blank a note, a sentence, an abstract or a reporter's address"),),
            },
        ),
        migrations.RemoveConstraint(model_name="citation", name="citation_not_merged_into_itself"),
        migrations.RunPython(make, remove, elidable=False),
    ]
