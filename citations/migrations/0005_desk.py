"""The curation desk: what it queues by, and what curators put aside. The new derived columns are filled from what is there."""

import citations.vocabulary
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.models import Count, F

from citations.hub_class import HubCounts, dispute_would_turn, role_would_turn
from citations.labels import LABEL_COLUMNS, LabelRow, resolve
from citations.vocabulary import Polarity, Role

BATCH = 500


def fill(apps, schema_editor):
    mark_disagreements(apps.get_model("citations", "Citation"), apps.get_model("citations", "Label"))
    mark_hubs(apps.get_model("citations", "HubSummary"))


def mark_disagreements(Citation, Label):
    """Only a ledger with two import sources can hold a disagreement; a merge reads two ledgers as one."""
    survivor = Label.objects.filter(decided_by="import").annotate(
        ledger=models.functions.Coalesce(F("citation__merged_into_id"), F("citation_id"))
    )
    several = survivor.order_by().values("ledger").annotate(sources=Count("source", distinct=True))
    ids = list(several.filter(sources__gt=1).values_list("ledger", flat=True))
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        ledgers = {}
        rows = Label.objects.annotate(
            ledger=models.functions.Coalesce(F("citation__merged_into_id"), F("citation_id"))
        ).filter(models.Q(citation_id__in=batch) | models.Q(citation__merged_into_id__in=batch))
        for ledger, *values in rows.order_by().values_list("ledger", *LABEL_COLUMNS):
            ledgers.setdefault(ledger, []).append(LabelRow(*values))
        disagreeing = [pk for pk, labels in ledgers.items() if resolve(labels).disagreement]
        Citation.objects.filter(pk__in=disagreeing).update(disagreement=True)


def mark_hubs(HubSummary):
    """A hub with fewer than 19 classified and 20 assessed papers is not near any class."""
    near = HubSummary.objects.filter(models.Q(classified__gte=19) | models.Q(assessed__gte=20))
    for summary in near.order_by("pk").iterator(BATCH):
        if "pin" in summary.counts:
            continue
        counts = HubCounts(
            known=summary.known,
            roles={role: summary.counts["role"].get(role.value, 0) for role in Role},
            polarities={polarity: summary.counts["polarity"].get(polarity.value, 0) for polarity in Polarity},
            confirmed_disputes=summary.counts["confirmed_disputes"],
            coarse_method=summary.counts["coarse_roles"].get(Role.METHOD.value, 0),
        )
        by_role, by_dispute = role_would_turn(counts), dispute_would_turn(counts)
        if by_role or by_dispute:
            HubSummary.objects.filter(pk=summary.pk).update(role_would_turn=by_role, dispute_would_turn=by_dispute)


class Migration(migrations.Migration):

    dependencies = [
        ('citations', '0004_groups'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Skip',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(choices=[('full-paper', 'Needs the full paper'), ('field', 'Not my field'), ('sentence', 'Wrong sentence'), ('someone-else', 'Someone else should see it')], max_length=20)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.AddField(
            model_name='citation',
            name='disagreement',
            field=models.BooleanField(db_default=False, default=False, editable=False, help_text='import sources contradict each other, and no curator has settled it'),
        ),
        migrations.AddField(
            model_name='hubsummary',
            name='dispute_would_turn',
            field=models.BooleanField(db_default=False, default=False, help_text='one imported dispute, confirmed, would change the class that readers see'),
        ),
        migrations.AddField(
            model_name='hubsummary',
            name='role_would_turn',
            field=models.BooleanField(db_default=False, default=False, help_text='one more classified citing paper could change the class that readers see'),
        ),
        migrations.AddIndex(
            model_name='citation',
            index=models.Index(condition=models.Q(('merged_into__isnull', True), ('role', '')), fields=['cited', 'merged_into', '-is_influential', '-suggested_confidence', '-id'], name='desk_unclassified'),
        ),
        migrations.AddIndex(
            model_name='citation',
            index=models.Index(condition=models.Q(('is_influential', True), ('merged_into__isnull', True), ('role', '')), fields=['merged_into', '-cited_by_count', '-id'], name='desk_influential'),
        ),
        migrations.AddIndex(
            model_name='citation',
            index=models.Index(condition=models.Q(('is_influential', True), ('merged_into__isnull', True), ('role', '')), fields=['cited', 'merged_into', '-cited_by_count', '-id'], name='desk_hub_influential'),
        ),
        migrations.AddIndex(
            model_name='citation',
            index=models.Index(condition=models.Q(('merged_into__isnull', True), ('role', ''), ('suggested_confidence__gt', 0)), fields=['merged_into', '-suggested_confidence', '-id'], name='desk_suggested'),
        ),
        migrations.AddIndex(
            model_name='citation',
            index=models.Index(condition=models.Q(('merged_into__isnull', True), ('role', ''), ('suggested_confidence__gt', 0)), fields=['cited', 'merged_into', '-suggested_confidence', '-id'], name='desk_hub_suggested'),
        ),
        migrations.AddIndex(
            model_name='citation',
            index=models.Index(condition=models.Q(('disagreement', True), ('merged_into__isnull', True)), fields=['merged_into', '-cited_by_count', '-id'], name='desk_disagreements'),
        ),
        migrations.AddIndex(
            model_name='citation',
            index=models.Index(condition=models.Q(('disagreement', True), ('merged_into__isnull', True)), fields=['cited', 'merged_into', '-cited_by_count', '-id'], name='desk_hub_disagreements'),
        ),
        migrations.AddIndex(
            model_name='citation',
            index=models.Index(condition=models.Q(('confirmed', False), ('merged_into__isnull', True), ('polarity', 'disputes')), fields=['merged_into', '-cited_by_count', '-id'], name='desk_disputes'),
        ),
        migrations.AddIndex(
            model_name='citation',
            index=models.Index(condition=models.Q(('confirmed', False), ('merged_into__isnull', True), ('polarity', 'disputes')), fields=['cited', 'merged_into', '-cited_by_count', '-id'], name='desk_hub_disputes'),
        ),
        migrations.AddIndex(
            model_name='hubsummary',
            index=models.Index(condition=models.Q(('role_would_turn', True), ('dispute_would_turn', True), _connector='OR'), fields=['-known', '-paper'], name='hub_would_turn'),
        ),
        migrations.AddField(
            model_name='skip',
            name='citation',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='skips', to='citations.citation'),
        ),
        migrations.AddField(
            model_name='skip',
            name='curator',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='skip',
            index=models.Index(fields=['curator', '-created_at', '-id'], name='skip_of_curator'),
        ),
        migrations.AddConstraint(
            model_name='skip',
            constraint=models.UniqueConstraint(fields=('citation', 'curator'), name='skip_once_per_curator'),
        ),
        migrations.AddConstraint(
            model_name='skip',
            constraint=models.CheckConstraint(condition=models.Q(('reason__in', [citations.vocabulary.SkipReason['FULL_PAPER'], citations.vocabulary.SkipReason['FIELD'], citations.vocabulary.SkipReason['SENTENCE'], citations.vocabulary.SkipReason['SOMEONE_ELSE']])), name='skip_reason_known'),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
