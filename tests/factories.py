"""Small makers of papers, citations and labels for tests: fabricated data, written by the writers of real data."""

from __future__ import annotations

import datetime
import itertools
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction

from citations import identifiers, labelling, summaries, text
from citations.models import (
    Author,
    Authorship,
    Citation,
    CitedByCount,
    Identifier,
    Label,
    Mention,
    Paper,
    Venue,
)
from citations.summaries import Cause
from citations.vocabulary import CURATOR, SAMPLE, DecidedBy, Polarity, Role

# Why summaries change in tests.
CAUSE = Cause("A test made it so.")

# A hub of so many citing papers is a big one.
_MANY = 500

_numbers = itertools.count(1)


def make_venue(name: str) -> Venue:
    """The venue of that name."""
    return Venue.objects.get_or_create(slug=text.slugify(name), defaults={"name": name})[0]


def make_paper(
    title: str = "",
    *,
    identifiers: Iterable[str] = (),
    authors: Iterable[str] = (),
    venue: str = "",
    cited_by: int | None = None,
    **facts: Any,
) -> Paper:
    """A saved paper; `identifiers` as a person types them, `authors` as names, `facts` are columns of `Paper`.

    Without a title it is called "Paper 1", "Paper 2", and so on. `cited_by` is a worldwide count, said by the sample.
    """
    title = title or f"Paper {next(_numbers)}"
    paper = Paper.objects.create(
        title=title,
        slug=facts.pop("slug", "") or _free_slug(title),
        venue=make_venue(venue) if venue else None,
        **facts,
    )
    for raw in identifiers:
        add_identifier(paper, raw)
    for position, name in enumerate(authors):
        author = Author.objects.get_or_create(key=text.fold(name) or name, defaults={"name": name})[0]
        Authorship.objects.create(paper=paper, author=author, position=position, name=name)
    if cited_by is not None:
        CitedByCount.objects.create(paper=paper, source=SAMPLE, count=cited_by, as_of=datetime.date(2026, 1, 1))
    paper_changed(paper)
    paper.refresh_from_db()
    return paper


def add_identifier(paper: Paper, raw: str) -> Identifier:
    """Give a paper an identifier, spelled as a person types it."""
    value = identifiers.parse(raw)
    return Identifier.objects.create(paper=paper, scheme=value.scheme, value=value.value)


def paper_changed(*papers: Paper) -> None:
    """Bring up to date what is derived from papers whose columns a test has changed."""
    with transaction.atomic():
        summaries.recount(summaries.paper_changed(paper.pk for paper in papers), CAUSE)


def make_citation(
    citing: Paper | None = None, cited: Paper | None = None, *, sentences: Iterable[str] = (), **facts: Any
) -> Citation:
    """A saved citation with its mentions; the hub is counted. Papers that are not given are made."""
    citing, cited = citing or make_paper(), cited or make_paper()
    citation = Citation.objects.create(citing=citing, cited=cited, **facts)
    for sentence in sentences:
        make_mention(citation, sentence, counted=False)
    _recount([citation])
    citation.refresh_from_db()
    return citation


def make_mention(citation: Citation, sentence: str = "", *, counted: bool = True, **facts: Any) -> Mention:
    """A saved mention, in order of making; without a sentence it stands for a place that shows none."""
    mention = Mention.objects.create(
        citation=citation,
        sentence=sentence,
        source=facts.pop("source", SAMPLE),
        order=facts.pop("order", citation.mentions.count()),
        content_hash=text.content_hash(sentence or f"no sentence {next(_numbers)}"),
        **facts,
    )
    if counted:
        _recount([citation])
    return mention


def make_label(citation: Citation, role: str = "", polarity: str = "", **facts: Any) -> Label:
    """A label added through the ledger's writer; an import of the sample unless `facts` say otherwise.

    `curator=` makes it a curator's; `decided_by="classifier"` has a confidence of 0.9 unless one is given. The
    citation is refreshed, so that its effective columns are at hand.
    """
    label = new_label(citation, role, polarity, **facts)
    saved = labelling.add_labels([label], CAUSE)[0]
    citation.refresh_from_db()
    return saved


def new_label(citation: Citation, role: str = "", polarity: str = "", **facts: Any) -> Label:
    """As `make_label`, but unsaved."""
    if facts.get("curator") is not None:
        facts = {"decided_by": DecidedBy.CURATOR, "source": CURATOR, **facts}
    if facts.get("decided_by") == DecidedBy.CLASSIFIER:
        facts = {"source": "linear-2026-11", "confidence": 0.9, **facts}
    if facts.get("decided_by") == DecidedBy.CURATOR and facts.get("curator") is None:
        facts = {"source": CURATOR, **facts, "curator": make_curator()}
    facts = {"decided_by": DecidedBy.IMPORT, "source": SAMPLE, "decision": uuid.uuid4(), **facts}
    return Label(citation=citation, role=role, polarity=polarity, **facts)


def make_curator(username: str = "") -> User:
    """A user who may curate, made on first call; without a name "curator"."""
    username = username or "curator"
    return User.objects.get_or_create(username=username, defaults={"is_staff": True, "is_superuser": True})[0]


def make_hub(
    roles: Mapping[str, int] | None = None,
    unclassified: int = 0,
    *,
    polarities: Mapping[str, int] | None = None,
    title: str = "",
    coarse: bool = False,
    curator: User | None = None,
    citing_facts: Mapping[str, Any] | None = None,
    **facts: Any,
) -> Paper:
    """A paper cited by as many papers as `roles` (role to number) and `unclassified` add up to, labelled and counted.

    `polarities` (polarity to number) go to the citing papers in order of making, the classified ones first. Labels are
    an import's of the sample (`coarse` or not), or those of `curator`. `citing_facts` go to each citing paper, `facts`
    to the hub.
    """
    hub = make_paper(title or f"Hub {next(_numbers)}", **facts)
    wanted_roles = [role for role, n in (roles or {}).items() for _ in range(n)] + [""] * unclassified
    wanted_polarities = [polarity for polarity, n in (polarities or {}).items() for _ in range(n)]
    if len(wanted_polarities) > len(wanted_roles):
        raise ValueError("more polarities than citing papers")
    wanted_polarities += [""] * (len(wanted_roles) - len(wanted_polarities))
    citations = _citations_of(hub, len(wanted_roles), dict(citing_facts or {}))
    new = [
        new_label(
            citation,
            Role(role) if role else "",
            Polarity(polarity) if polarity else "",
            coarse=coarse and bool(role),
            curator=curator,
        )
        for citation, role, polarity in zip(citations, wanted_roles, wanted_polarities, strict=True)
        if role or polarity
    ]
    with transaction.atomic():
        summaries.paper_changed(citation.citing_id for citation in citations)
        if new:
            labelling.add_labels(new, CAUSE)
        else:
            summaries.recount([hub.pk], CAUSE)
    if len(citations) >= _MANY:
        _look_at_the_tables()
    hub.refresh_from_db()
    return hub


def _look_at_the_tables() -> None:
    """Let PostgreSQL see how many rows there are. By itself it looks at what is committed, and takes tables that tests
    only fill in transactions for empty: a statement over thousands of rows then takes minutes.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for model in (Paper, Citation, Label, Mention):
                cursor.execute(f'ANALYZE "{model._meta.db_table}"')


def _citations_of(hub: Paper, number: int, facts: dict[str, Any]) -> list[Citation]:
    """So many new papers that cite the hub, made in few statements."""
    venue = make_venue(facts.pop("venue")) if facts.get("venue") else None
    names = [f"Citing paper {next(_numbers)}" for _ in range(number)]
    papers = Paper.objects.bulk_create(
        [Paper(**{"title": name, "slug": text.slugify(name), "venue": venue, **facts}) for name in names]
    )
    return Citation.objects.bulk_create([Citation(citing=paper, cited=hub) for paper in papers])


def _recount(citations: Iterable[Citation]) -> None:
    """Copy the citing papers' facts and count the hubs of these citations."""
    made = list(citations)
    with transaction.atomic():
        summaries.paper_changed(citation.citing_id for citation in made)
        summaries.recount((citation.cited_id for citation in made), CAUSE)


def _free_slug(title: str) -> str:
    """A slug for the title that no paper has."""
    wanted = text.slugify(title)[:110] or "paper"
    slug = wanted
    while Paper.objects.filter(slug=slug).exists():
        slug = f"{wanted}-{next(_numbers)}"
    return slug
