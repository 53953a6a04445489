import citations.identifiers
import citations.vocabulary
import datetime
import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Paper',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(help_text='made from the title once, and never changed', max_length=120, unique=True)),
                ('title', models.CharField(max_length=2000)),
                ('abstract', models.TextField(blank=True, default='')),
                ('summary', models.TextField(blank=True, default='', help_text='what it found, in one sentence')),
                ('year', models.SmallIntegerField(blank=True, null=True)),
                ('published_on', models.DateField(blank=True, null=True)),
                ('kind', models.CharField(blank=True, choices=[('article', 'Article'), ('preprint', 'Preprint'), ('conference', 'Conference paper'), ('book', 'Book'), ('chapter', 'Chapter'), ('thesis', 'Thesis'), ('review', 'Review'), ('report', 'Report'), ('dataset', 'Dataset'), ('software', 'Software'), ('other', 'Other')], default='', max_length=20)),
                ('notice', models.CharField(blank=True, choices=[('retracted', 'Retracted'), ('withdrawn', 'Withdrawn'), ('concern', 'Expression of concern')], default='', max_length=20)),
                ('url', models.URLField(blank=True, default='', max_length=1000)),
                ('field_sources', models.JSONField(blank=True, default=dict, help_text='field to source; a field that a curator set is never overwritten')),
                ('sort_title', models.CharField(default='', editable=False, max_length=300)),
                ('sort_date', models.DateField(default=datetime.date(1, 1, 1), editable=False)),
                ('cited_by_count', models.PositiveIntegerField(default=0, editable=False, help_text='the highest worldwide count that a source gives')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('merged_into', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merged_papers', to='citations.paper')),
            ],
        ),
        migrations.CreateModel(
            name='Author',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(help_text='orcid:, s2: or openalex: and the value there, else the folded name', max_length=300, unique=True)),
                ('name', models.CharField(max_length=300)),
                ('orcid', models.CharField(blank=True, default='', max_length=19)),
            ],
            options={
                'ordering': ('name',),
                'constraints': [models.CheckConstraint(condition=models.Q(('key', ''), _negated=True), name='author_has_key')],
            },
        ),
        migrations.CreateModel(
            name='Citation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(blank=True, choices=[('method', 'Tool or method'), ('dataset', 'Dataset'), ('comparison', 'Baseline'), ('extension', 'Extension'), ('evidence', 'Evidence'), ('background', 'Background'), ('unclear', 'Unclear')], default='', editable=False, max_length=12)),
                ('polarity', models.CharField(blank=True, choices=[('supports', 'Supports'), ('disputes', 'Disputes'), ('mixed', 'Mixed'), ('neutral', 'Neutral')], default='', editable=False, max_length=12)),
                ('role_by', models.CharField(blank=True, choices=[('curator', 'Curator'), ('import', 'Imported'), ('classifier', 'Classifier')], default='', editable=False, max_length=10)),
                ('polarity_by', models.CharField(blank=True, choices=[('curator', 'Curator'), ('import', 'Imported'), ('classifier', 'Classifier')], default='', editable=False, max_length=10)),
                ('source', models.CharField(blank=True, default='', editable=False, max_length=50)),
                ('polarity_source', models.CharField(blank=True, default='', editable=False, max_length=50)),
                ('coarse', models.BooleanField(default=False, editable=False)),
                ('confirmed', models.BooleanField(default=False, editable=False)),
                ('suggested_role', models.CharField(blank=True, choices=[('method', 'Tool or method'), ('dataset', 'Dataset'), ('comparison', 'Baseline'), ('extension', 'Extension'), ('evidence', 'Evidence'), ('background', 'Background'), ('unclear', 'Unclear')], default='', editable=False, max_length=12)),
                ('suggested_confidence', models.FloatField(default=0, editable=False, help_text='0 where nothing is suggested')),
                ('is_influential', models.BooleanField(default=False, verbose_name='influential')),
                ('is_self_citation', models.BooleanField(default=False, verbose_name='self-citation')),
                ('flag_sources', models.JSONField(blank=True, default=dict, editable=False, help_text='flag to who stated it: a source, or a curator, whose word no import changes')),
                ('year', models.SmallIntegerField(blank=True, editable=False, null=True)),
                ('sort_date', models.DateField(default=datetime.date(1, 1, 1), editable=False)),
                ('sort_title', models.CharField(default='', editable=False, max_length=300)),
                ('cited_by_count', models.PositiveIntegerField(default=0, editable=False)),
                ('retracted', models.BooleanField(default=False, editable=False)),
                ('mention_count', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('merged_into', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merged_citations', to='citations.citation')),
                ('cited', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='citations_received', to='citations.paper')),
                ('citing', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='references_made', to='citations.paper')),
            ],
        ),
        migrations.CreateModel(
            name='ImportRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(max_length=50)),
                ('arguments', models.JSONField(default=dict)),
                ('fingerprint', models.CharField(help_text='of source and arguments: the same command resumes the run that it finds unfinished', max_length=64)),
                ('started_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('status', models.CharField(choices=[('running', 'Running or interrupted'), ('finished', 'Finished'), ('failed', 'Failed')], default='running', max_length=10)),
                ('cursor', models.JSONField(default=dict, help_text='where to go on')),
                ('created', models.PositiveIntegerField(default=0)),
                ('updated', models.PositiveIntegerField(default=0)),
                ('unchanged', models.PositiveIntegerField(default=0)),
                ('rejected', models.PositiveIntegerField(default=0)),
                ('message', models.TextField(blank=True, default='', help_text='why it failed, or what the reader should know')),
                ('started_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='import_runs', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-started_at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='Label',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(blank=True, choices=[('method', 'Tool or method'), ('dataset', 'Dataset'), ('comparison', 'Baseline'), ('extension', 'Extension'), ('evidence', 'Evidence'), ('background', 'Background'), ('unclear', 'Unclear')], default='', max_length=12)),
                ('polarity', models.CharField(blank=True, choices=[('supports', 'Supports'), ('disputes', 'Disputes'), ('mixed', 'Mixed'), ('neutral', 'Neutral')], default='', max_length=12)),
                ('decided_by', models.CharField(choices=[('curator', 'Curator'), ('import', 'Imported'), ('classifier', 'Classifier')], max_length=10)),
                ('source', models.CharField(max_length=50)),
                ('raw_value', models.CharField(blank=True, default='', help_text="the value in the source's own scheme", max_length=100)),
                ('coarse', models.BooleanField(default=False, help_text="the source's scheme could not have told our roles apart")),
                ('confidence', models.FloatField(blank=True, null=True)),
                ('decision', models.UUIDField(default=uuid.uuid4, help_text='labels written together share one')),
                ('note', models.TextField(blank=True, default='')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('citation', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='labels', to='citations.citation')),
                ('confirms', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='confirmed_by', to='citations.label')),
                ('curator', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='citation_labels', to=settings.AUTH_USER_MODEL)),
                ('import_run', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='labels', to='citations.importrun')),
                ('retracts', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='retracted_by', to='citations.label')),
            ],
            options={
                'ordering': ('created_at', 'id'),
            },
        ),
        migrations.CreateModel(
            name='ClassChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_class', models.CharField(blank=True, choices=[('contested', 'Contested'), ('not-enough-evidence', 'Not enough evidence'), ('tool-reference', 'Tool reference'), ('dataset-reference', 'Dataset reference'), ('baseline-reference', 'Baseline reference'), ('foundation', 'Foundation'), ('evidence-reference', 'Evidence reference'), ('background-reference', 'Background reference'), ('mixed-use', 'Mixed use')], default='', max_length=30)),
                ('to_class', models.CharField(choices=[('contested', 'Contested'), ('not-enough-evidence', 'Not enough evidence'), ('tool-reference', 'Tool reference'), ('dataset-reference', 'Dataset reference'), ('baseline-reference', 'Baseline reference'), ('foundation', 'Foundation'), ('evidence-reference', 'Evidence reference'), ('background-reference', 'Background reference'), ('mixed-use', 'Mixed use')], max_length=30)),
                ('cause', models.CharField(max_length=300)),
                ('created_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('curator', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('hub', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='class_changes', to='citations.paper')),
                ('import_run', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='citations.importrun')),
                ('label', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='citations.label')),
            ],
        ),
        migrations.CreateModel(
            name='Mention',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sentence', models.TextField(blank=True, default='', help_text='as the source gives it; none is ever invented')),
                ('section', models.CharField(blank=True, default='', max_length=200)),
                ('order', models.PositiveIntegerField(default=0, help_text='place in the citing paper, from 0')),
                ('source', models.CharField(max_length=50)),
                ('content_hash', models.CharField(editable=False, max_length=64)),
                ('citation', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='mentions', to='citations.citation')),
            ],
            options={
                'ordering': ('citation', 'order', 'id'),
            },
        ),
        migrations.AddField(
            model_name='label',
            name='mention',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='labels', to='citations.mention'),
        ),
        migrations.CreateModel(
            name='Merge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.TextField(blank=True, default='')),
                ('details', models.JSONField(default=dict, help_text='what moved and what was hidden')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('curator', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('loser', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='merge_lost', to='citations.paper')),
                ('survivor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='merges_survived', to='citations.paper')),
            ],
        ),
        migrations.CreateModel(
            name='RejectedRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=300)),
                ('raw', models.TextField()),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rejected_records', to='citations.importrun')),
            ],
            options={
                'ordering': ('id',),
            },
        ),
        migrations.CreateModel(
            name='Report',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(blank=True, choices=[('method', 'Tool or method'), ('dataset', 'Dataset'), ('comparison', 'Baseline'), ('extension', 'Extension'), ('evidence', 'Evidence'), ('background', 'Background'), ('unclear', 'Unclear')], default='', max_length=12)),
                ('polarity', models.CharField(blank=True, choices=[('supports', 'Supports'), ('disputes', 'Disputes'), ('mixed', 'Mixed'), ('neutral', 'Neutral')], default='', max_length=12)),
                ('comment', models.TextField(blank=True, default='')),
                ('reporter_address', models.EmailField(blank=True, default='', max_length=254)),
                ('status', models.CharField(choices=[('open', 'Open'), ('accepted', 'Accepted'), ('declined', 'Declined')], default='open', max_length=10)),
                ('answer', models.TextField(blank=True, default='')),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('answered_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('citation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reports', to='citations.citation')),
                ('label', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reports', to='citations.label')),
            ],
        ),
        migrations.CreateModel(
            name='Venue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(help_text='the value of the parameter venue; never changed', max_length=120, unique=True)),
                ('name', models.CharField(max_length=500)),
            ],
            options={
                'ordering': ('name',),
                'constraints': [models.CheckConstraint(condition=models.Q(('slug', ''), _negated=True), name='venue_has_slug')],
            },
        ),
        migrations.AddField(
            model_name='paper',
            name='venue',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='papers', to='citations.venue'),
        ),
        migrations.AddField(
            model_name='citation',
            name='venue',
            field=models.ForeignKey(blank=True, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='citations.venue'),
        ),
        migrations.CreateModel(
            name='HubSummary',
            fields=[
                ('paper', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='hub', serialize=False, to='citations.paper')),
                ('known', models.PositiveIntegerField(default=0)),
                ('classified', models.PositiveIntegerField(default=0)),
                ('unclear', models.PositiveIntegerField(default=0)),
                ('assessed', models.PositiveIntegerField(default=0)),
                ('confirmed_disputes', models.PositiveIntegerField(default=0)),
                ('hub_class', models.CharField(choices=[('contested', 'Contested'), ('not-enough-evidence', 'Not enough evidence'), ('tool-reference', 'Tool reference'), ('dataset-reference', 'Dataset reference'), ('baseline-reference', 'Baseline reference'), ('foundation', 'Foundation'), ('evidence-reference', 'Evidence reference'), ('background-reference', 'Background reference'), ('mixed-use', 'Mixed use')], help_text='what is shown: the pinned class, else the computed one', max_length=30)),
                ('computed_class', models.CharField(choices=[('contested', 'Contested'), ('not-enough-evidence', 'Not enough evidence'), ('tool-reference', 'Tool reference'), ('dataset-reference', 'Dataset reference'), ('baseline-reference', 'Baseline reference'), ('foundation', 'Foundation'), ('evidence-reference', 'Evidence reference'), ('background-reference', 'Background reference'), ('mixed-use', 'Mixed use')], max_length=30)),
                ('rules_version', models.PositiveSmallIntegerField(default=1)),
                ('class_since', models.DateTimeField(blank=True, null=True)),
                ('numerator', models.PositiveIntegerField(default=0, help_text='of the share that names the computed class')),
                ('share', models.FloatField(blank=True, null=True)),
                ('low', models.FloatField(blank=True, null=True)),
                ('high', models.FloatField(blank=True, null=True)),
                ('counts', models.JSONField(default=dict, help_text='by role, polarity, decided_by, source, year, venue; flags')),
                ('representatives', models.JSONField(default=list, help_text='citation ids, each with why it was chosen')),
                ('sort_title', models.CharField(default='', max_length=300)),
                ('sort_date', models.DateField(default=datetime.date(1, 1, 1))),
                ('year', models.SmallIntegerField(blank=True, null=True)),
                ('cited_by_count', models.PositiveIntegerField(default=0)),
                ('updated_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('venue', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='citations.venue')),
            ],
            options={
                'verbose_name_plural': 'hub summaries',
            },
        ),
        migrations.CreateModel(
            name='HubPin',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('hub_class', models.CharField(blank=True, choices=[('contested', 'Contested'), ('not-enough-evidence', 'Not enough evidence'), ('tool-reference', 'Tool reference'), ('dataset-reference', 'Dataset reference'), ('baseline-reference', 'Baseline reference'), ('foundation', 'Foundation'), ('evidence-reference', 'Evidence reference'), ('background-reference', 'Background reference'), ('mixed-use', 'Mixed use')], default='', max_length=30)),
                ('reason', models.TextField(help_text='public')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('removed_at', models.DateTimeField(blank=True, null=True)),
                ('citation', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='pins', to='citations.citation')),
                ('curator', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='hub_pins', to=settings.AUTH_USER_MODEL)),
                ('removed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='hub_pins_removed', to=settings.AUTH_USER_MODEL)),
                ('hub', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pins', to='citations.paper')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('hub_class__in', [citations.vocabulary.HubClass['CONTESTED'], citations.vocabulary.HubClass['NOT_ENOUGH_EVIDENCE'], citations.vocabulary.HubClass['TOOL_REFERENCE'], citations.vocabulary.HubClass['DATASET_REFERENCE'], citations.vocabulary.HubClass['BASELINE_REFERENCE'], citations.vocabulary.HubClass['FOUNDATION'], citations.vocabulary.HubClass['EVIDENCE_REFERENCE'], citations.vocabulary.HubClass['BACKGROUND_REFERENCE'], citations.vocabulary.HubClass['MIXED_USE']]), ('citation__isnull', True)), models.Q(('hub_class', ''), ('citation__isnull', False)), _connector='OR'), name='pin_of_a_class_or_a_citation'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='pin_has_reason'), models.CheckConstraint(condition=models.Q(models.Q(('removed_at__isnull', True), ('removed_by__isnull', True)), models.Q(('removed_at__isnull', False), ('removed_by__isnull', False)), _connector='OR'), name='pin_removed_by_someone'), models.UniqueConstraint(condition=models.Q(('removed_at__isnull', True), models.Q(('hub_class', ''), _negated=True)), fields=('hub',), name='pin_one_class_per_hub'), models.UniqueConstraint(condition=models.Q(('citation__isnull', False), ('removed_at__isnull', True)), fields=('citation',), name='pin_once_per_citation')],
            },
        ),
        migrations.CreateModel(
            name='CitedByCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(max_length=50)),
                ('count', models.PositiveIntegerField()),
                ('as_of', models.DateField()),
                ('paper', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='cited_by_counts', to='citations.paper')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('paper', 'source'), name='cited_by_count_one_per_source')],
            },
        ),
        migrations.CreateModel(
            name='Authorship',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(help_text='from 0')),
                ('name', models.CharField(help_text='as printed on the paper', max_length=300)),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='authorships', to='citations.author')),
                ('paper', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='authorships', to='citations.paper')),
            ],
            options={
                'ordering': ('paper', 'position'),
                'constraints': [models.UniqueConstraint(fields=('paper', 'position'), name='authorship_one_per_position')],
            },
        ),
        migrations.CreateModel(
            name='HubTally',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(blank=True, default='', max_length=12)),
                ('polarity', models.CharField(blank=True, default='', max_length=12)),
                ('role_by', models.CharField(blank=True, default='', max_length=10)),
                ('year', models.SmallIntegerField(default=0, help_text='0 where it is not known')),
                ('is_self_citation', models.BooleanField(default=False)),
                ('retracted', models.BooleanField(default=False)),
                ('n', models.PositiveIntegerField()),
                ('hub', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='citations.paper')),
            ],
            options={
                'verbose_name_plural': 'hub tallies',
                'constraints': [models.UniqueConstraint(fields=('hub', 'role', 'polarity', 'role_by', 'year', 'is_self_citation', 'retracted'), name='tally_one_per_cell'), models.CheckConstraint(condition=models.Q(('n__gt', 0)), name='tally_counts_something')],
            },
        ),
        migrations.CreateModel(
            name='Identifier',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scheme', models.CharField(choices=[('doi', 'DOI'), ('arxiv', 'arXiv'), ('s2', 'Semantic Scholar'), ('corpusid', 'Semantic Scholar corpus id'), ('openalex', 'OpenAlex'), ('pmid', 'PubMed'), ('pmcid', 'PubMed Central'), ('acl', 'ACL Anthology'), ('mag', 'Microsoft Academic Graph'), ('dblp', 'DBLP'), ('fingerprint', 'Fingerprint')], max_length=20)),
                ('value', models.CharField(max_length=500)),
                ('source', models.CharField(blank=True, default='', max_length=50)),
                ('paper', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='identifiers', to='citations.paper')),
            ],
            options={
                'ordering': ('id',),
                'constraints': [models.UniqueConstraint(fields=('scheme', 'value'), name='identifier_names_one_paper'), models.CheckConstraint(condition=models.Q(('scheme__in', [citations.identifiers.Scheme['DOI'], citations.identifiers.Scheme['ARXIV'], citations.identifiers.Scheme['S2'], citations.identifiers.Scheme['CORPUSID'], citations.identifiers.Scheme['OPENALEX'], citations.identifiers.Scheme['PMID'], citations.identifiers.Scheme['PMCID'], citations.identifiers.Scheme['ACL'], citations.identifiers.Scheme['MAG'], citations.identifiers.Scheme['DBLP'], citations.identifiers.Scheme['FINGERPRINT']])), name='identifier_scheme_known'), models.CheckConstraint(condition=models.Q(('value', ''), _negated=True), name='identifier_has_value')],
            },
        ),
        migrations.AddIndex(
            model_name='importrun',
            index=models.Index(fields=['fingerprint', 'status'], name='import_run_to_resume'),
        ),
        migrations.AddConstraint(
            model_name='importrun',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['running', 'finished', 'failed'])), name='import_run_status_known'),
        ),
        migrations.AddConstraint(
            model_name='importrun',
            constraint=models.CheckConstraint(condition=models.Q(('source', ''), _negated=True), name='import_run_has_source'),
        ),
        migrations.AddIndex(
            model_name='classchange',
            index=models.Index(fields=['hub', '-created_at', '-id'], name='class_change_of_hub'),
        ),
        migrations.AddConstraint(
            model_name='classchange',
            constraint=models.CheckConstraint(condition=models.Q(('from_class', models.F('to_class')), _negated=True), name='class_change_changes'),
        ),
        migrations.AddConstraint(
            model_name='classchange',
            constraint=models.CheckConstraint(condition=models.Q(('to_class__in', [citations.vocabulary.HubClass['CONTESTED'], citations.vocabulary.HubClass['NOT_ENOUGH_EVIDENCE'], citations.vocabulary.HubClass['TOOL_REFERENCE'], citations.vocabulary.HubClass['DATASET_REFERENCE'], citations.vocabulary.HubClass['BASELINE_REFERENCE'], citations.vocabulary.HubClass['FOUNDATION'], citations.vocabulary.HubClass['EVIDENCE_REFERENCE'], citations.vocabulary.HubClass['BACKGROUND_REFERENCE'], citations.vocabulary.HubClass['MIXED_USE']])), name='class_change_to_known'),
        ),
        migrations.AddConstraint(
            model_name='classchange',
            constraint=models.CheckConstraint(condition=models.Q(('from_class__in', ['', citations.vocabulary.HubClass['CONTESTED'], citations.vocabulary.HubClass['NOT_ENOUGH_EVIDENCE'], citations.vocabulary.HubClass['TOOL_REFERENCE'], citations.vocabulary.HubClass['DATASET_REFERENCE'], citations.vocabulary.HubClass['BASELINE_REFERENCE'], citations.vocabulary.HubClass['FOUNDATION'], citations.vocabulary.HubClass['EVIDENCE_REFERENCE'], citations.vocabulary.HubClass['BACKGROUND_REFERENCE'], citations.vocabulary.HubClass['MIXED_USE']])), name='class_change_from_known'),
        ),
        migrations.AddConstraint(
            model_name='mention',
            constraint=models.UniqueConstraint(fields=('citation', 'content_hash'), name='mention_once_per_citation'),
        ),
        migrations.AddConstraint(
            model_name='mention',
            constraint=models.CheckConstraint(condition=models.Q(('content_hash', ''), _negated=True), name='mention_has_hash'),
        ),
        migrations.AddConstraint(
            model_name='mention',
            constraint=models.CheckConstraint(condition=models.Q(('source', ''), _negated=True), name='mention_has_source'),
        ),
        migrations.AddIndex(
            model_name='label',
            index=models.Index(fields=['citation', 'created_at', 'id'], name='label_ledger'),
        ),
        migrations.AddIndex(
            model_name='label',
            index=models.Index(fields=['-created_at', '-id'], name='label_newest'),
        ),
        migrations.AddConstraint(
            model_name='label',
            constraint=models.CheckConstraint(condition=models.Q(('role__in', ['', citations.vocabulary.Role['METHOD'], citations.vocabulary.Role['DATASET'], citations.vocabulary.Role['COMPARISON'], citations.vocabulary.Role['EXTENSION'], citations.vocabulary.Role['EVIDENCE'], citations.vocabulary.Role['BACKGROUND'], citations.vocabulary.Role['UNCLEAR']])), name='label_role_known'),
        ),
        migrations.AddConstraint(
            model_name='label',
            constraint=models.CheckConstraint(condition=models.Q(('polarity__in', ['', citations.vocabulary.Polarity['SUPPORTS'], citations.vocabulary.Polarity['DISPUTES'], citations.vocabulary.Polarity['MIXED'], citations.vocabulary.Polarity['NEUTRAL']])), name='label_polarity_known'),
        ),
        migrations.AddConstraint(
            model_name='label',
            constraint=models.CheckConstraint(condition=models.Q(('decided_by__in', [citations.vocabulary.DecidedBy['CURATOR'], citations.vocabulary.DecidedBy['IMPORT'], citations.vocabulary.DecidedBy['CLASSIFIER']])), name='label_decided_by_known'),
        ),
        migrations.AddConstraint(
            model_name='label',
            constraint=models.CheckConstraint(condition=models.Q(('source', ''), _negated=True), name='label_has_source'),
        ),
        migrations.AddConstraint(
            model_name='label',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('role', ''), _negated=True), models.Q(('polarity', ''), _negated=True), models.Q(('raw_value', ''), _negated=True), ('retracts__isnull', False), ('confirms__isnull', False), _connector='OR'), name='label_says_something'),
        ),
        migrations.AddConstraint(
            model_name='label',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_by', citations.vocabulary.DecidedBy['CURATOR']), ('curator__isnull', False)), models.Q(models.Q(('decided_by', citations.vocabulary.DecidedBy['CURATOR']), _negated=True), ('curator__isnull', True)), _connector='OR'), name='label_of_a_curator_names_one'),
        ),
        migrations.AddConstraint(
            model_name='label',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_by', citations.vocabulary.DecidedBy['CLASSIFIER']), _negated=True), ('confidence__isnull', False), _connector='OR'), name='label_of_a_classifier_has_confidence'),
        ),
        migrations.AddConstraint(
            model_name='label',
            constraint=models.CheckConstraint(condition=models.Q(('confidence__isnull', True), ('confidence__range', (0, 1)), _connector='OR'), name='label_confidence_in_range'),
        ),
        migrations.AddConstraint(
            model_name='label',
            constraint=models.CheckConstraint(condition=models.Q(('coarse', False), models.Q(('role', ''), _negated=True), _connector='OR'), name='label_coarse_needs_role'),
        ),
        migrations.AddConstraint(
            model_name='label',
            constraint=models.CheckConstraint(condition=models.Q(('retracts__isnull', True), models.Q(('confirms__isnull', True), ('polarity', ''), ('role', '')), _connector='OR'), name='label_retraction_says_nothing_else'),
        ),
        migrations.AddConstraint(
            model_name='merge',
            constraint=models.CheckConstraint(condition=models.Q(('survivor', models.F('loser')), _negated=True), name='merge_of_two_papers'),
        ),
        migrations.AddConstraint(
            model_name='rejectedrecord',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='rejected_record_has_reason'),
        ),
        migrations.AddIndex(
            model_name='report',
            index=models.Index(fields=['status', '-created_at'], name='report_by_status'),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['open', 'accepted', 'declined'])), name='report_status_known'),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('role', ''), _negated=True), models.Q(('polarity', ''), _negated=True), models.Q(('comment', ''), _negated=True), _connector='OR'), name='report_says_something'),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answered_at__isnull', True), ('status', 'open')), models.Q(models.Q(('status', 'open'), _negated=True), ('answered_at__isnull', False)), _connector='OR'), name='report_answered_once_closed'),
        ),
        migrations.AddIndex(
            model_name='paper',
            index=models.Index(fields=['-sort_date', '-id'], name='paper_newest'),
        ),
        migrations.AddIndex(
            model_name='paper',
            index=models.Index(fields=['sort_title', 'id'], name='paper_title'),
        ),
        migrations.AddIndex(
            model_name='paper',
            index=models.Index(fields=['-cited_by_count', '-id'], name='paper_most_cited'),
        ),
        migrations.AddConstraint(
            model_name='paper',
            constraint=models.CheckConstraint(condition=models.Q(('slug', ''), _negated=True), name='paper_has_slug'),
        ),
        migrations.AddConstraint(
            model_name='paper',
            constraint=models.CheckConstraint(condition=models.Q(('title', ''), _negated=True), name='paper_has_title'),
        ),
        migrations.AddConstraint(
            model_name='paper',
            constraint=models.CheckConstraint(condition=models.Q(('year__isnull', True), ('year__range', (1000, 2999)), _connector='OR'), name='paper_year_plausible'),
        ),
        migrations.AddConstraint(
            model_name='paper',
            constraint=models.CheckConstraint(condition=models.Q(('notice__in', ['', citations.vocabulary.Notice['RETRACTED'], citations.vocabulary.Notice['WITHDRAWN'], citations.vocabulary.Notice['CONCERN']])), name='paper_notice_known'),
        ),
        migrations.AddConstraint(
            model_name='paper',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['', citations.vocabulary.Kind['ARTICLE'], citations.vocabulary.Kind['PREPRINT'], citations.vocabulary.Kind['CONFERENCE'], citations.vocabulary.Kind['BOOK'], citations.vocabulary.Kind['CHAPTER'], citations.vocabulary.Kind['THESIS'], citations.vocabulary.Kind['REVIEW'], citations.vocabulary.Kind['REPORT'], citations.vocabulary.Kind['DATASET'], citations.vocabulary.Kind['SOFTWARE'], citations.vocabulary.Kind['OTHER']])), name='paper_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='paper',
            constraint=models.CheckConstraint(condition=models.Q(('merged_into__isnull', True), models.Q(('merged_into', models.F('id')), _negated=True), _connector='OR'), name='paper_not_merged_into_itself'),
        ),
        migrations.AddIndex(
            model_name='citation',
            index=models.Index(fields=['cited', 'merged_into', 'role', 'polarity', 'role_by', 'year', 'venue'], name='citation_roles'),
        ),
        migrations.AddIndex(
            model_name='citation',
            index=models.Index(fields=['cited', 'merged_into', 'venue', 'role', 'polarity', 'role_by', 'year'], name='citation_venues'),
        ),
        migrations.AddIndex(
            model_name='citation',
            index=models.Index(fields=['cited', 'merged_into', '-sort_date', '-id'], name='citation_newest'),
        ),
        migrations.AddIndex(
            model_name='citation',
            index=models.Index(fields=['cited', 'merged_into', '-cited_by_count', '-id'], name='citation_most_cited'),
        ),
        migrations.AddIndex(
            model_name='citation',
            index=models.Index(fields=['cited', 'merged_into', 'sort_title', 'id'], name='citation_title'),
        ),
        migrations.AddIndex(
            model_name='citation',
            index=models.Index(fields=['cited', 'merged_into', '-suggested_confidence', '-id'], name='citation_confidence'),
        ),
        migrations.AddConstraint(
            model_name='citation',
            constraint=models.UniqueConstraint(fields=('citing', 'cited'), name='citation_once_per_pair'),
        ),
        migrations.AddConstraint(
            model_name='citation',
            constraint=models.CheckConstraint(condition=models.Q(('citing', models.F('cited')), _negated=True), name='citation_not_of_itself'),
        ),
        migrations.AddConstraint(
            model_name='citation',
            constraint=models.CheckConstraint(condition=models.Q(('merged_into__isnull', True), models.Q(('merged_into', models.F('id')), _negated=True), _connector='OR'), name='citation_not_merged_into_itself'),
        ),
        migrations.AddConstraint(
            model_name='citation',
            constraint=models.CheckConstraint(condition=models.Q(('role__in', ['', citations.vocabulary.Role['METHOD'], citations.vocabulary.Role['DATASET'], citations.vocabulary.Role['COMPARISON'], citations.vocabulary.Role['EXTENSION'], citations.vocabulary.Role['EVIDENCE'], citations.vocabulary.Role['BACKGROUND'], citations.vocabulary.Role['UNCLEAR']])), name='citation_role_known'),
        ),
        migrations.AddConstraint(
            model_name='citation',
            constraint=models.CheckConstraint(condition=models.Q(('polarity__in', ['', citations.vocabulary.Polarity['SUPPORTS'], citations.vocabulary.Polarity['DISPUTES'], citations.vocabulary.Polarity['MIXED'], citations.vocabulary.Polarity['NEUTRAL']])), name='citation_polarity_known'),
        ),
        migrations.AddConstraint(
            model_name='citation',
            constraint=models.CheckConstraint(condition=models.Q(('suggested_role__in', ['', citations.vocabulary.Role['METHOD'], citations.vocabulary.Role['DATASET'], citations.vocabulary.Role['COMPARISON'], citations.vocabulary.Role['EXTENSION'], citations.vocabulary.Role['EVIDENCE'], citations.vocabulary.Role['BACKGROUND'], citations.vocabulary.Role['UNCLEAR']])), name='citation_suggested_role_known'),
        ),
        migrations.AddConstraint(
            model_name='citation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('role', ''), ('role_by', '')), models.Q(models.Q(('role', ''), _negated=True), ('role_by__in', [citations.vocabulary.DecidedBy['CURATOR'], citations.vocabulary.DecidedBy['IMPORT']])), _connector='OR'), name='citation_role_has_decider'),
        ),
        migrations.AddConstraint(
            model_name='citation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('polarity', ''), ('polarity_by', '')), models.Q(models.Q(('polarity', ''), _negated=True), ('polarity_by__in', [citations.vocabulary.DecidedBy['CURATOR'], citations.vocabulary.DecidedBy['IMPORT']])), _connector='OR'), name='citation_polarity_has_decider'),
        ),
        migrations.AddConstraint(
            model_name='citation',
            constraint=models.CheckConstraint(condition=models.Q(('role', ''), models.Q(('source', ''), _negated=True), _connector='OR'), name='citation_role_has_source'),
        ),
        migrations.AddConstraint(
            model_name='citation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('polarity', ''), ('polarity_source', '')), models.Q(models.Q(('polarity', ''), _negated=True), models.Q(('polarity_source', ''), _negated=True)), _connector='OR'), name='citation_polarity_has_source'),
        ),
        migrations.AddConstraint(
            model_name='citation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('suggested_confidence', 0), ('suggested_role', '')), models.Q(models.Q(('suggested_role', ''), _negated=True), ('suggested_confidence__gt', 0), ('suggested_confidence__lte', 1)), _connector='OR'), name='citation_suggestion_has_confidence'),
        ),
        migrations.AddIndex(
            model_name='hubsummary',
            index=models.Index(fields=['-known', '-paper'], name='hub_most_citing'),
        ),
        migrations.AddIndex(
            model_name='hubsummary',
            index=models.Index(fields=['-classified', '-paper'], name='hub_most_classified'),
        ),
        migrations.AddIndex(
            model_name='hubsummary',
            index=models.Index(fields=['sort_title', 'paper'], name='hub_title'),
        ),
        migrations.AddIndex(
            model_name='hubsummary',
            index=models.Index(fields=['hub_class', '-known', '-paper'], name='hub_by_class'),
        ),
        migrations.AddIndex(
            model_name='hubsummary',
            index=models.Index(fields=['-sort_date', '-paper'], name='hub_newest'),
        ),
        migrations.AddConstraint(
            model_name='hubsummary',
            constraint=models.CheckConstraint(condition=models.Q(('hub_class__in', [citations.vocabulary.HubClass['CONTESTED'], citations.vocabulary.HubClass['NOT_ENOUGH_EVIDENCE'], citations.vocabulary.HubClass['TOOL_REFERENCE'], citations.vocabulary.HubClass['DATASET_REFERENCE'], citations.vocabulary.HubClass['BASELINE_REFERENCE'], citations.vocabulary.HubClass['FOUNDATION'], citations.vocabulary.HubClass['EVIDENCE_REFERENCE'], citations.vocabulary.HubClass['BACKGROUND_REFERENCE'], citations.vocabulary.HubClass['MIXED_USE']])), name='hub_class_known'),
        ),
        migrations.AddConstraint(
            model_name='hubsummary',
            constraint=models.CheckConstraint(condition=models.Q(('computed_class__in', [citations.vocabulary.HubClass['CONTESTED'], citations.vocabulary.HubClass['NOT_ENOUGH_EVIDENCE'], citations.vocabulary.HubClass['TOOL_REFERENCE'], citations.vocabulary.HubClass['DATASET_REFERENCE'], citations.vocabulary.HubClass['BASELINE_REFERENCE'], citations.vocabulary.HubClass['FOUNDATION'], citations.vocabulary.HubClass['EVIDENCE_REFERENCE'], citations.vocabulary.HubClass['BACKGROUND_REFERENCE'], citations.vocabulary.HubClass['MIXED_USE']])), name='hub_computed_class_known'),
        ),
        migrations.AddConstraint(
            model_name='hubsummary',
            constraint=models.CheckConstraint(condition=models.Q(('known__gte', django.db.models.expressions.CombinedExpression(models.F('classified'), '+', models.F('unclear'))), ('known__gte', models.F('assessed'))), name='hub_parts_within_known'),
        ),
        migrations.AddConstraint(
            model_name='hubsummary',
            constraint=models.CheckConstraint(condition=models.Q(('assessed__gte', models.F('confirmed_disputes'))), name='hub_disputes_within_assessed'),
        ),
    ]
