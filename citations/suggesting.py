"""What classifiers suggest: from the sentences of the collection to labels of the ledger, and back to examples.

A suggestion is a label with `decided_by` classifier, under the name of the model; it decides nothing. A model speaks
for its family: a later version, or a later run, replaces what the family said before, and takes it back where it would
no longer say anything. What a curator took back is not said again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from citations import labelling
from citations.classifier import files, shipped
from citations.classifier.examples import Example
from citations.classifier.features import ROLES
from citations.classifier.files import ModelError
from citations.classifier.marking import mark
from citations.classifier.model import Model, Suggestion, combine
from citations.labels import LabelRow
from citations.models import AuditEntry, Authorship, Citation, Label, Mention, in_ledgers
from citations.querysets import BATCH
from citations.sources.language_model import LanguageModel
from citations.summaries import Cause
from citations.vocabulary import DecidedBy, Role, suggestion_threshold

# A difference in confidence below this is none: rounding, or a sentence that says the same again.
_SAME = 0.005


@dataclass(frozen=True)
class Sentence:
    """A citing sentence: its mention, its text with the judged citation marked where it could be told, its section."""

    mention_id: int
    text: str
    section: str


@dataclass(frozen=True)
class Counts:
    """Of citations that were looked at: new or other suggestions, those that stand unchanged, those taken back, and
    those of which nothing is said; `without_sentence` of the last have no sentence at all.
    """

    suggested: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    silent: int = 0
    without_sentence: int = 0

    @property
    def total(self) -> int:
        """Citations that were looked at."""
        return self.suggested + self.unchanged + self.withdrawn + self.silent

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.suggested + other.suggested,
            self.unchanged + other.unchanged,
            self.withdrawn + other.withdrawn,
            self.silent + other.silent,
            self.without_sentence + other.without_sentence,
        )

    def __str__(self) -> str:
        return (
            f"suggested {self.suggested}, unchanged {self.unchanged}, withdrawn {self.withdrawn}, silent {self.silent} "
            f"({self.without_sentence} without a sentence)"
        )


# Models --------------------------------------------------------------------------------------------------------------


def models_folder() -> Path:
    """Where models that were trained here are kept."""
    return Path(settings.DATA_DIR) / "models"


def model_path(name: str) -> Path:
    """The file of a model that was trained here, whether or not it exists."""
    return models_folder() / f"{name}{shipped.ENDING}"


def own_models() -> list[Path]:
    """The files of models that were trained here, the newest first."""
    found = models_folder().glob(f"*{shipped.ENDING}")
    return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)


def load_model(name: str = "") -> Model:
    """The model of this name, or in the file of this path. Without one, the newest that was trained here, else the one
    that the site comes with. Raises `ModelError` where there is none, or its file cannot be used.
    """
    if not name:
        own = own_models()
        return files.load(own[0]) if own else shipped.load()
    if name in shipped.names():
        return shipped.load(name)
    if files.NAME.fullmatch(name) and model_path(name).exists():
        return files.load(model_path(name))
    if Path(name).is_file():
        return files.load(Path(name))
    known = ", ".join([*(path.name.removesuffix(shipped.ENDING) for path in own_models()), *shipped.names()])
    raise ModelError(f"There is no model {name!r}. There are {known}; the path of a model's file will do too.")


# Sentences -----------------------------------------------------------------------------------------------------------


def sentences_of(citation_ids: Iterable[int]) -> dict[int, list[Sentence]]:
    """The sentences of public citations, in the order of the citing paper; those of citations that a merge hid count
    for the one that stands for them.
    """
    ids = list(citation_ids)
    cited = dict(Citation.objects.filter(pk__in=ids).order_by().values_list("pk", "cited_id"))
    named = _names(cited.values())
    rows = Mention.objects.filter(in_ledgers(ids)).exclude(sentence="")
    found: dict[int, list[Sentence]] = defaultdict(list)
    for pk, citation_id, merged_into, sentence, section in rows.order_by("order", "pk").values_list(
        "pk", "citation_id", "citation__merged_into_id", "sentence", "section"
    ):
        citation = merged_into or citation_id
        author, year = named.get(cited.get(citation, 0), ("", None))
        found[citation].append(Sentence(pk, mark(sentence, author, year), section))
    return found


def _names(paper_ids: Iterable[int]) -> dict[int, tuple[str, int | None]]:
    """First author as printed, and year, of papers."""
    rows = Authorship.objects.filter(paper_id__in=set(paper_ids)).order_by("paper_id", "-position")
    return {paper: (name, year) for paper, name, year in rows.values_list("paper_id", "name", "paper__year")}


# Suggesting ----------------------------------------------------------------------------------------------------------


def citations_to_classify(hub_id: int | None = None, *, everything: bool = False) -> list[int]:
    """Ids of the citations to look at, hub by hub: those whose role nobody has decided, or with `everything` all.

    Those decided before keep what was suggested for them.
    """
    citations = Citation.objects.public() if hub_id is None else Citation.objects.of_hub(hub_id)
    if not everything:
        citations = citations.unclassified()
    return list(citations.order_by("cited_id", "pk").values_list("pk", flat=True))


def classify(model: Model, citation_ids: Sequence[int]) -> Iterator[Counts]:
    """Suggest roles for citations, batch by batch, each in a transaction of its own; gives the counts of each.

    What is unchanged writes nothing, so that a run may be interrupted and repeated at will.
    """
    for start in range(0, len(citation_ids), BATCH):
        yield _classify_batch(model, citation_ids[start : start + BATCH])


def _classify_batch(model: Model, ids: Sequence[int]) -> Counts:
    """One batch: sentences are scored before any row is locked."""
    spoken = sentences_of(ids)
    suggestions = {pk: model.suggest((one.text, one.section) for one in spoken.get(pk, ())) for pk in ids}
    return _write(model, suggestions, spoken)


def ask(model: LanguageModel, citation_id: int) -> Counts:
    """Ask a language model about one citation, and write what it suggests, in a transaction of its own.

    Without a sentence nobody is asked. An answer that is too unsure for a suggestion, or that names no role, is kept in
    the ledger as well, below the threshold, so that it is not asked for and paid for again. Raises what
    `LanguageModel.ask` raises, and writes nothing then.
    """
    spoken = sentences_of([citation_id])
    suggestion = None
    if spoken:
        said = model.ask([(one.text, one.section) for one in spoken[citation_id]])
        # How sure it is that no role can be named says nothing of a role.
        suggestion = Suggestion(said.role, round(said.confidence, 4) if said.role.is_classified else 0.0, 0)
    return _write(model, {citation_id: suggestion}, spoken)


def not_yet_said(citation_ids: Sequence[int], name: str) -> list[int]:
    """Those of these citations to which `name` has written no label yet."""
    said: set[int] = set()
    for start in range(0, len(citation_ids), BATCH):
        labels = Label.objects.filter(citation_id__in=citation_ids[start : start + BATCH], source=name)
        said.update(labels.order_by().values_list("citation_id", flat=True))
    return [pk for pk in citation_ids if pk not in said]


def _write(
    model: Model | LanguageModel,
    suggestions: Mapping[int, Suggestion | None],
    spoken: Mapping[int, Sequence[Sentence]],
) -> Counts:
    """Write what a model suggests for citations, where it differs from what it said before."""
    ids = list(suggestions)
    counts = Counts(without_sentence=sum(pk not in spoken for pk in ids))
    new: list[Label] = []
    with transaction.atomic():
        labelling.lock(ids)
        known = labelling.ledgers(ids)
        for pk, suggestion in suggestions.items():
            said = _said_before(known.get(pk, ()), model)
            label, happened = _next_label(model, pk, suggestion, said, spoken.get(pk, ()))
            counts += happened
            new += [label] if label else []
        if new:
            _attach(new)
            labelling.add_labels(new, Cause(f"The classifier {model.name} was run."))
    return counts


def _attach(labels: Iterable[Label]) -> None:
    """Give labels the rows that they name, all at once: the writer of labels looks at each."""
    new = list(labels)
    citations = Citation.objects.in_bulk([label.citation_id for label in new])
    mentions = Mention.objects.select_related("citation").in_bulk([pk for label in new if (pk := label.mention_id)])
    retracted = Label.objects.select_related("citation").in_bulk([pk for label in new if (pk := label.retracts_id)])
    for label in new:
        label.citation = citations[label.citation_id]
        if label.mention_id:
            label.mention = mentions[label.mention_id]
        if label.retracts_id:
            label.retracts = retracted[label.retracts_id]


@dataclass(frozen=True)
class _Said:
    """What a model's family says of a citation by now, and which roles of its a curator took back."""

    label: LabelRow | None
    refused: frozenset[str]


def _said_before(ledger: Iterable[LabelRow], model: Model | LanguageModel) -> _Said:
    """Read a ledger for one family of models."""
    rows = list(ledger)
    retractors = {row.retracts_id: row.decided_by for row in rows if row.retracts_id}
    own = [
        row
        for row in rows
        if row.decided_by == DecidedBy.CLASSIFIER and row.source.partition("-")[0] == model.family and row.role
    ]
    refused = frozenset(row.role for row in own if retractors.get(row.id) == DecidedBy.CURATOR)
    standing = [row for row in own if row.id not in retractors]
    return _Said(max(standing, key=lambda row: (row.created_at, row.id), default=None), refused)


def _next_label(
    model: Model | LanguageModel,
    citation_id: int,
    suggestion: Suggestion | None,
    said: _Said,
    spoken: Sequence[Sentence],
) -> tuple[Label | None, Counts]:
    """The label to add, if any, and what it counts as."""
    least = suggestion_threshold(model.name) or 0.0
    is_sure = suggestion is not None and suggestion.confidence >= least
    was_sure = said.label is not None and (said.label.confidence or 0.0) >= least
    if suggestion is None or suggestion.role in said.refused or (was_sure and not is_sure):
        if said.label is None:
            return None, Counts(silent=1)
        taken_back = Label(
            citation_id=citation_id,
            retracts_id=said.label.id,
            decided_by=DecidedBy.CLASSIFIER,
            source=model.name,
            confidence=0.0,
        )
        return taken_back, Counts(withdrawn=1)
    before = said.label
    if (
        before is not None
        and (before.source, before.role) == (model.name, suggestion.role)
        and abs((before.confidence or 0.0) - suggestion.confidence) < _SAME
    ):
        return None, Counts(unchanged=1) if is_sure else Counts(silent=1)
    label = Label(
        citation_id=citation_id,
        mention_id=spoken[suggestion.sentence].mention_id,
        role=suggestion.role,
        decided_by=DecidedBy.CLASSIFIER,
        source=model.name,
        confidence=suggestion.confidence,
    )
    return label, Counts(suggested=1) if is_sure else Counts(silent=1)


# Scoring -------------------------------------------------------------------------------------------------------------


def scores(model: Model, citation_ids: Sequence[int]) -> dict[int, dict[str, float]]:
    """How likely a model holds each role for citations, from all their sentences; without those it cannot judge."""
    found: dict[int, dict[str, float]] = {}
    for start in range(0, len(citation_ids), BATCH):
        for pk, spoken in sentences_of(citation_ids[start : start + BATCH]).items():
            triples = [model.probabilities(one.text, one.section) for one in spoken]
            readable = [triple for triple in triples if triple is not None]
            if readable:
                found[pk] = dict(zip((role.value for role in ROLES), combine(readable), strict=True))
    return found


# Learning ------------------------------------------------------------------------------------------------------------


def curated_examples() -> list[Example]:
    """What curators decided, as examples: sentences of citations whose role a curator chose among those that may be
    suggested.

    A decision about one sentence is an example of it. One about a whole citation is an example of its only sentence; of
    several, which one bears out the role is not known, except for background, which then all of them are.

    What was read in an audit is left out: an audit says how far the shares can be trusted that a model helps to
    estimate, and must not have taught it.
    """
    decided = Citation.objects.public().filter(role_by=DecidedBy.CURATOR, role__in=ROLES).order_by("pk")
    decided = decided.exclude(pk__in=_audited())
    found: list[Example] = []
    rows = list(decided.values_list("pk", "role", "citing_id"))
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        ids = [pk for pk, _, _ in batch]
        spoken = sentences_of(ids)
        of_mention = _decided_mentions(ids)
        for pk, role, citing_id in batch:
            sentences = spoken.get(pk, [])
            for one in sentences:
                own = of_mention.get(one.mention_id)
                if own is None and len(sentences) > 1 and role != Role.BACKGROUND:
                    continue
                if (own or role) in ROLES:
                    found.append(Example(one.text, Role(own or role), one.section, f"paper {citing_id}"))
    return found


def _audited() -> QuerySet[AuditEntry, int]:
    """The citations that curators read in audits; of those that a merge hid, the ones that stand for them."""
    read = AuditEntry.objects.filter(label__isnull=False)
    return read.annotate(standing=Coalesce("citation__merged_into_id", "citation_id")).values_list(
        "standing", flat=True
    )


def _decided_mentions(citation_ids: Sequence[int]) -> dict[int, str]:
    """The role that a curator gave last to each sentence that was labelled itself, retractions left out."""
    labels = Label.objects.filter(citation_id__in=citation_ids, decided_by=DecidedBy.CURATOR, mention__isnull=False)
    standing = labels.exclude(role="").filter(retracted_by__isnull=True).in_ledger_order()
    return {mention_id: role for mention_id, role in standing.values_list("mention_id", "role") if mention_id}
