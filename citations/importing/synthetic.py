"""Made-up collections of any size, for trials and measurements: hubs, papers that cite them, labels and sentences.

The same seed and sizes give the same papers, citations and labels. Everything calls itself synthetic. Effective and
copied columns are written together with the rows, since working through 300,000 ledgers one by one takes minutes; a
test checks that they are what the ledgers say.
"""

from __future__ import annotations

import datetime
import random
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Model

from citations import engines, summaries, text
from citations.identifiers import Scheme
from citations.models import Author, Authorship, Citation, CitedByCount, Identifier, Label, Mention, Paper, Venue
from citations.summaries import Cause
from citations.vocabulary import CURATOR, RETRACTING_NOTICES, DecidedBy, Kind, Notice, Polarity, Role

SOURCE = "synthetic"
# Its family is one whose word becomes a suggestion.
CLASSIFIER = "linear-synthetic"
# The curator who is said to have decided: nobody can log in as this user.
USERNAME = "synthetic-curator"

# Rows for one statement and, for papers, for one batch in memory.
BATCH = 2_000
VENUES, AUTHORS = 60, 4_000
FIRST_YEAR, LAST_YEAR = 1998, 2026
CREATED_AT = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
COUNTED_ON = datetime.date(2026, 1, 1)

# Words of made-up titles and sentences, from the most to the least frequent: the n-th is drawn with weight 1 / n, as
# words of a language are, so that a search may meet most papers, a third of them or a handful. After words that one can
# remember come invented ones.
_REMEMBERED = """
model data method analysis network learning graph sparse deep latent robust neural causal spectral kernel
random adaptive bayesian convex temporal spatial discrete optimal stochastic quantum protein retrieval parsing routing
tokeniser compiler corpus annotation crystal enzyme galaxy plasma glacier membrane telescope vaccine archaeology zeolite
quasar ibex"""
_SYLLABLES = [first + second for first in "bdfgklmnprstvz" for second in "aeiou"]
WORDS = (*_REMEMBERED.split(), *(a + b + "n" for a in _SYLLABLES for b in _SYLLABLES[::3]))
WORD_WEIGHTS = list(accumulate(1 / place for place in range(1, len(WORDS) + 1)))

# How the roles of a hub's citing papers are distributed: each hub draws one of these mixtures, in the order of Role.
MIXTURES = (
    (60, 4, 8, 8, 2, 15, 3),
    (6, 55, 8, 6, 4, 18, 3),
    (10, 3, 10, 8, 6, 60, 3),
    (25, 10, 15, 15, 10, 20, 5),
)


class NotEmpty(ValueError):
    """The database holds papers that a made-up collection must not be mixed with."""


@dataclass(frozen=True)
class Corpus:
    """What was made: numbers of rows, and the slugs of the hubs in the order of the sizes asked for."""

    hubs: tuple[str, ...]
    papers: int
    citations: int
    labels: int
    sentences: int


_Row = TypeVar("_Row", bound=Model)

# Told what is being made, how many rows of it there are, and how many there will be.
Progress = Callable[[str, int, int], None]


def generate_corpus(
    hub_sizes: Sequence[int],
    papers: int | None = None,
    seed: int = 1,
    *,
    force: bool = False,
    progress: Progress = lambda what, done, total: None,
) -> Corpus:
    """Make one hub for each of `hub_sizes` (its number of citing papers), drawn from one pool of `papers` papers.

    Without `papers` the pool is as large as the largest hub. All of it is one transaction. Raises `NotEmpty` where
    there are papers already and `force` is not given, or where a collection of this seed is there; ValueError for
    sizes that cannot be.
    """
    pool = papers if papers is not None else max(hub_sizes, default=0)
    if pool < 1 or not hub_sizes or min(hub_sizes) < 1:
        raise ValueError("Give at least one hub size, and no size or number of papers below 1.")
    if max(hub_sizes) > pool:
        raise ValueError(
            f"A hub of {max(hub_sizes):,} citing papers needs as many papers, but only {pool:,} are asked for."
        )
    if Paper.objects.filter(slug=_slug(seed, "paper", 1)).exists():
        raise NotEmpty(f"The synthetic collection of seed {seed} is in this database already.")
    if not force and Paper.objects.exists():
        raise NotEmpty("This database holds papers already; synthetic ones would mix with them.")
    with transaction.atomic():
        return _Maker(random.Random(f"{seed}"), seed, progress).make(hub_sizes, pool)


def _slug(seed: int, what: str, number: int) -> str:
    """The address of a made-up paper."""
    return f"synthetic-{seed}-{what}-{number}"


def _stored(rows: list[_Row]) -> list[_Row]:
    """Store new rows of one model, past its `save()`; returns them with their ids."""
    if not rows:
        return rows
    model = type(rows[0])
    for row, number in zip(rows, engines.bulk.allocate_ids(connection, model, len(rows)), strict=True):
        row.pk = number
    fields = model._meta.concrete_fields
    values = ([getattr(row, field.attname) for field in fields] for row in rows)
    engines.bulk.insert(connection, model, [str(field.column) for field in fields], values)
    return rows


class _Maker:
    """One run: the source of chance, and what was made so far."""

    def __init__(self, chance: random.Random, seed: int, progress: Progress) -> None:
        self.chance, self.seed, self.progress = chance, seed, progress
        self.labels = self.sentences = 0

    def make(self, hub_sizes: Sequence[int], pool: int) -> Corpus:
        """All of it, in an order that the constraints allow."""
        self.venues = self._venues()
        self.authors = self._authors()
        self.curator = self._curator()
        citing = self._papers("paper", pool, "Synthetic paper {number}: {words}", year=None)
        hubs = self._papers(
            "hub", len(hub_sizes), "Synthetic hub {number}: a made-up paper on {words}", year=FIRST_YEAR
        )
        total, done = sum(hub_sizes), 0
        for hub, size in zip(hubs, hub_sizes, strict=True):
            mixture = self.chance.choice(MIXTURES)
            chosen = self.chance.sample(citing, size)
            for start in range(0, size, BATCH):
                self._citations(hub, chosen[start : start + BATCH], mixture)
                done += len(chosen[start : start + BATCH])
                self.progress("citations", done, total)
        engines.rebuild_text(connection)
        summaries.recount([hub.pk for hub in hubs], Cause("A synthetic collection was made."))
        return Corpus(tuple(hub.slug for hub in hubs), pool + len(hubs), total, self.labels, self.sentences)

    # People and places ----------------------------------------------------------------------------------------------

    def _venues(self) -> list[Venue]:
        """The venues; those of an earlier collection serve again."""
        names = [f"Synthetic Venue {number}" for number in range(1, VENUES + 1)]
        Venue.objects.bulk_create([Venue(slug=text.slugify(n), name=n) for n in names], ignore_conflicts=True)
        return list(Venue.objects.filter(slug__in=[text.slugify(n) for n in names]).order_by("pk"))

    def _authors(self) -> list[Author]:
        """The authors; likewise."""
        made = [
            Author(key=f"synthetic author {number}", name=f"Given{number % 97} Synthetic{number}")
            for number in range(1, AUTHORS + 1)
        ]
        Author.objects.bulk_create(made, ignore_conflicts=True, batch_size=BATCH)
        return list(Author.objects.filter(key__startswith="synthetic author ").order_by("pk"))

    def _curator(self) -> User:
        """A user whose password fits nothing, and who may not log in."""
        user, made = User.objects.get_or_create(username=USERNAME, defaults={"is_active": False})
        if made:
            user.set_unusable_password()
            user.save(update_fields=["password"])
        return user

    # Papers ---------------------------------------------------------------------------------------------------------

    def _papers(self, what: str, number: int, title: str, year: int | None) -> list[Paper]:
        """So many papers with their authors, names and worldwide counts. Returned without their long texts."""
        made: list[Paper] = []
        for start in range(1, number + 1, BATCH):
            numbers = range(start, min(start + BATCH, number + 1))
            papers = _stored([self._paper(what, n, title, year) for n in numbers])
            self._facts(papers, what, numbers)
            for paper in papers:
                paper.abstract = paper.summary = ""
            made += papers
            self.progress(f"{what}s", len(made), number)
        return made

    def _paper(self, what: str, number: int, title: str, year: int | None) -> Paper:
        """One paper, unsaved, with the columns that follow from its own."""
        chance = self.chance
        # More papers in later years, as everywhere; of a few no date is known.
        drawn = year or (LAST_YEAR - int((LAST_YEAR - FIRST_YEAR + 1) * chance.random() ** 2))
        dated = year is not None or chance.random() > 0.02
        day = datetime.date(drawn, 1, 1) + datetime.timedelta(days=chance.randrange(365))
        paper = Paper(
            slug=_slug(self.seed, what, number),
            title=title.format(number=number, words=self._words(5)),
            summary=f"A synthetic summary on {self._words(8)}." if chance.random() < 0.7 else "",
            abstract=f"A synthetic abstract: {self._words(30)}." if chance.random() < 0.5 else "",
            year=drawn if dated else None,
            published_on=day if dated and chance.random() < 0.6 else None,
            venue=self.venues[int(VENUES * chance.random() ** 3)] if chance.random() < 0.85 else None,
            kind=chance.choice((Kind.ARTICLE, Kind.CONFERENCE, Kind.PREPRINT)),
            notice=Notice.RETRACTED if chance.random() < 0.005 else "",
            cited_by_count=int(chance.paretovariate(0.9)) - 1 if chance.random() < 0.6 else 0,
            created_at=CREATED_AT,
            field_sources={"title": SOURCE},
        )
        paper.cited_by_count = min(paper.cited_by_count, 200_000)
        paper.sort_title = text.sort_key(paper.title)[: summaries.SORT_TITLE_LENGTH]
        paper.sort_date = summaries.sort_date(paper)
        return paper

    def _words(self, number: int) -> str:
        """So many words in a row."""
        return " ".join(self.chance.choices(WORDS, cum_weights=WORD_WEIGHTS, k=number))

    def _facts(self, papers: Sequence[Paper], what: str, numbers: Sequence[int]) -> None:
        """Authors, a DOI of the range that registrars keep for trials, and worldwide counts."""
        chance = self.chance
        authorships = []
        for paper in papers:
            first = chance.randrange(AUTHORS)
            for position in range(1 + int(4 * chance.random() ** 2)):
                author = self.authors[(first + position * 7) % AUTHORS]
                authorships.append(Authorship(paper=paper, author=author, position=position, name=author.name))
        _stored(authorships)
        _stored(
            [
                Identifier(paper=paper, scheme=Scheme.DOI, value=f"10.5555/synthetic.{self.seed}.{what}.{number}")
                for paper, number in zip(papers, numbers, strict=True)
            ]
        )
        _stored(
            [
                CitedByCount(paper=paper, source=SOURCE, count=paper.cited_by_count, as_of=COUNTED_ON)
                for paper in papers
                if paper.cited_by_count
            ]
        )

    # Citations ------------------------------------------------------------------------------------------------------

    def _citations(self, hub: Paper, citing: Sequence[Paper], mixture: Sequence[int]) -> None:
        """One batch of citations of a hub, with their sentences and labels."""
        chance = self.chance
        citations, drafts, sentences = [], [], []
        name = hub.title.partition(":")[0]
        for paper in citing:
            says = self._draft(mixture)
            sentence = f"We follow {name} on {self._words(6)} ({hub.year})." if chance.random() < 0.25 else ""
            citations.append(self._citation(hub, paper, says, mentioned=bool(sentence)))
            drafts.append(says)
            sentences.append(sentence)
        saved = _stored(citations)
        mentions = [
            Mention(citation=citation, sentence=sentence, source=SOURCE, content_hash=text.content_hash(sentence))
            for citation, sentence in zip(saved, sentences, strict=True)
            if sentence
        ]
        _stored(mentions)
        labels = [Label(citation=citation, **says) for citation, says in zip(saved, drafts, strict=True) if says]
        _stored(labels)
        self.labels += len(labels)
        self.sentences += len(mentions)

    def _draft(self, mixture: Sequence[int]) -> dict[str, Any]:
        """The columns of the one label that a citation carries, or none: 60% imported, 6% a curator's, 9% suggested."""
        chance = self.chance
        kind, role = chance.random(), chance.choices(list(Role), weights=mixture)[0]
        common = {"decision": uuid.UUID(int=chance.getrandbits(128), version=4), "created_at": CREATED_AT}
        if kind < 0.60:
            coarse = role in (Role.METHOD, Role.COMPARISON) and chance.random() < 0.9
            said = self._polarity(0.03)
            return {**common, "role": role, "polarity": said, "decided_by": DecidedBy.IMPORT, "source": SOURCE,
                    "coarse": coarse}  # fmt: skip
        if kind < 0.66:
            said = self._polarity(0.7)
            return {**common, "role": role, "polarity": said, "decided_by": DecidedBy.CURATOR, "source": CURATOR,
                    "curator": self.curator}  # fmt: skip
        if kind < 0.75:
            confidence = round(0.8 + 0.2 * chance.random(), 3)
            return {**common, "role": role, "decided_by": DecidedBy.CLASSIFIER, "source": CLASSIFIER,
                    "confidence": confidence}  # fmt: skip
        return {}

    def _polarity(self, assessed: float) -> str:
        """A polarity, for this share of the papers."""
        if self.chance.random() >= assessed:
            return ""
        return self.chance.choices(list(Polarity), weights=[30, 6, 8, 56])[0]

    def _citation(self, hub: Paper, citing: Paper, says: dict[str, Any], *, mentioned: bool) -> Citation:
        """One citation, unsaved, with what its only label comes to and what is copied from the citing paper."""
        decided = says.get("decided_by") in (DecidedBy.CURATOR, DecidedBy.IMPORT)
        decider = says["decided_by"] if decided else ""
        polarity = says.get("polarity", "") if decided else ""
        return Citation(
            citing=citing,
            cited=hub,
            role=says["role"] if decided else "",
            polarity=polarity,
            role_by=decider,
            polarity_by=decider if polarity else "",
            source=says["source"] if decided else "",
            polarity_source=says["source"] if polarity else "",
            coarse=bool(decided and says.get("coarse")),
            confirmed=decider == DecidedBy.CURATOR,
            suggested_role=says["role"] if says and not decided else "",
            suggested_confidence=says["confidence"] if says and not decided else 0,
            is_influential=self.chance.random() < 0.1,
            is_self_citation=self.chance.random() < 0.02,
            year=citing.year,
            sort_date=citing.sort_date,
            sort_title=citing.sort_title,
            venue_id=citing.venue_id,
            cited_by_count=citing.cited_by_count,
            retracted=citing.notice in RETRACTING_NOTICES,
            mention_count=int(mentioned),
            created_at=CREATED_AT,
        )


def parse_sizes(given: str) -> Iterator[int]:
    """Numbers from "100,1000,300000". Raises ValueError, naming the part, for anything else."""
    for part in given.split(","):
        if not part.strip().isdecimal() or int(part) < 1:
            raise ValueError(f"“{part.strip()}” is no number of citing papers; write sizes as 100,1000,10000.")
        yield int(part)
