"""Audits; and the rules of version 2, by which an audit names a class. Without one they are those of version 1."""

import citations.vocabulary
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.db import migrations, models

from citations.curation import groups


def grant(apps, schema_editor):
    # Django makes permissions after all migrations: those of new tables are not there yet.
    using = schema_editor.connection.alias
    config = apps.get_app_config("citations")
    config.models_module = True
    create_permissions(config, verbosity=0, using=using, apps=apps)
    config.models_module = None
    groups.install(apps, using)


def take_over(apps, schema_editor):
    summaries = apps.get_model("citations", "HubSummary").objects.using(schema_editor.connection.alias)
    summaries.filter(rules_version=1).update(rules_version=2)


class Migration(migrations.Migration):

    dependencies = [
        ('citations', '0009_grants'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Audit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seed', models.BigIntegerField(help_text="of Python's random.Random")),
                ('stratified', models.BooleanField(default=False, help_text='drawn apart for each role that machines had suggested')),
                ('population', models.PositiveIntegerField(help_text='citing papers that the sample was drawn from')),
                ('planned', models.PositiveIntegerField(help_text='citing papers that were drawn')),
                ('strata', models.JSONField(default=dict, help_text='by the role that machines had suggested (empty: none): size, drawn, and the sums of scores by role')),
                ('scored_by', models.CharField(blank=True, default='', help_text='the model that scored papers without a label or suggestion', max_length=50)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('curator', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='audits', to=settings.AUTH_USER_MODEL)),
                ('hub', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='audits', to='citations.paper')),
            ],
        ),
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField(help_text='in the order of drawing, from 1')),
                ('reading', models.CharField(blank=True, choices=[('method', 'Tool or method'), ('dataset', 'Dataset'), ('comparison', 'Baseline'), ('extension', 'Extension'), ('evidence', 'Evidence'), ('background', 'Background'), ('unclear', 'Unclear')], default='', help_text='what machines had said when it was drawn', max_length=12)),
                ('scores', models.JSONField(default=dict, help_text='how likely machines held each role when it was drawn')),
                ('weight', models.FloatField(default=1, help_text='citing papers that it stands for')),
                ('audit', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='citations.audit')),
                ('citation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='audit_entries', to='citations.citation')),
                ('label', models.OneToOneField(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='audit_entry', to='citations.label')),
            ],
            options={
                'verbose_name_plural': 'audit entries',
            },
        ),
        migrations.AddIndex(
            model_name='audit',
            index=models.Index(fields=['hub', '-finished_at', '-id'], name='audit_of_hub'),
        ),
        migrations.AddConstraint(
            model_name='audit',
            constraint=models.CheckConstraint(condition=models.Q(('planned__gt', 0), ('population__gte', models.F('planned'))), name='audit_drawn_from_population'),
        ),
        migrations.AddConstraint(
            model_name='audit',
            constraint=models.UniqueConstraint(condition=models.Q(('finished_at__isnull', True)), fields=('hub',), name='audit_one_open'),
        ),
        migrations.AddConstraint(
            model_name='auditentry',
            constraint=models.UniqueConstraint(fields=('audit', 'position'), name='audit_entry_once_per_position'),
        ),
        migrations.AddConstraint(
            model_name='auditentry',
            constraint=models.UniqueConstraint(fields=('audit', 'citation'), name='audit_entry_once_per_citation'),
        ),
        migrations.AddConstraint(
            model_name='auditentry',
            constraint=models.CheckConstraint(condition=models.Q(('weight__gte', 1)), name='audit_entry_stands_for_itself'),
        ),
        migrations.AddConstraint(
            model_name='auditentry',
            constraint=models.CheckConstraint(condition=models.Q(('reading__in', ['', citations.vocabulary.Role['METHOD'], citations.vocabulary.Role['DATASET'], citations.vocabulary.Role['COMPARISON'], citations.vocabulary.Role['EXTENSION'], citations.vocabulary.Role['EVIDENCE'], citations.vocabulary.Role['BACKGROUND'], citations.vocabulary.Role['UNCLEAR']])), name='audit_entry_reading_known'),
        ),
        migrations.RunPython(grant, migrations.RunPython.noop, elidable=False),
        migrations.RunPython(take_over, migrations.RunPython.noop, elidable=True),
    ]
