"""A whole collection travels: what is exported and imported into an empty database is the same collection."""

from __future__ import annotations

import datetime
import gzip
import hashlib
import io
import json
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.core.management.color import no_style
from django.db import IntegrityError, connection, models
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisTestCase

from citations import engines, labelling, summaries
from citations.curation import audits, merging
from citations.exports import CollectionError, collection_format, collection_reading, import_collection, replacing
from citations.exports import collection as collection_writing
from citations.exports.collection import write_collection
from citations.models import (
    Audit,
    AuditEntry,
    Author,
    Authorship,
    Citation,
    CitedByCount,
    ClassChange,
    HubPin,
    HubSummary,
    HubTally,
    Identifier,
    ImportRun,
    Label,
    Mention,
    Merge,
    Paper,
    RejectedRecord,
    Report,
    Venue,
)
from citations.summaries import Cause
from citations.vocabulary import Role
from tests.factories import (
    make_citation,
    make_curator,
    make_hub,
    make_label,
    make_mention,
    make_paper,
    new_label,
    paper_changed,
)

pytestmark = pytest.mark.django_db

# Children first, so that rows can be deleted in this order.
TABLES: tuple[type[models.Model], ...] = (
    Report,
    Merge,
    ClassChange,
    HubPin,
    HubTally,
    HubSummary,
    AuditEntry,
    Audit,
    Label,
    Mention,
    Citation,
    CitedByCount,
    Authorship,
    Identifier,
    Paper,
    Author,
    Venue,
    RejectedRecord,
    ImportRun,
)
# Rows that nothing refers to travel inside their owner, or are counted anew; no one ever sees their ids.
WITHOUT_NUMBER = (Identifier, Authorship, CitedByCount, HubTally)


# A collection with something of everything --------------------------------------------------------------------------


@pytest.fixture
def collection() -> None:
    fill()


def fill() -> None:
    """A small collection in which every table, and every column that travels, holds something."""
    ada = User.objects.create(
        username="ada@example.org", email="ada@example.org", first_name="Ada", last_name="Lóvelace"
    )
    other_ada = User.objects.create(username="ada2", first_name="Ada", last_name="Lóvelace", password="secret-hash")
    nameless = make_curator("nameless")
    User.objects.create(username="bystander", first_name="Never", last_name="Decided")
    run = ImportRun.objects.create(
        source="semanticscholar",
        arguments={"paper": "arXiv:2304.01373", "limit": None, "Å": [1, 2.5, {"z": 1, "a": True}]},
        fingerprint="f" * 64,
        started_by=ada,
        status=ImportRun.FAILED,
        finished_at=timezone.now(),
        cursor={"offset": 500},
        created=3,
        rejected=1,
        message="It stopped.\nTwice.",
    )
    RejectedRecord.objects.create(run=run, reason="no title", raw='{"title": null}')
    RejectedRecord.objects.create(run=run, reason="no identifier", raw="")
    hub = rich_paper()
    tool = make_hub({"method": 22, "background": 3}, 4, polarities={"supports": 2, "disputes": 1}, title="A tool")
    decide(hub, tool, (ada, other_ada, nameless), run)
    merge(ada)
    pin(tool, (ada, nameless))
    report(tool, ada)
    audit(tool, ada)


def rich_paper() -> Paper:
    """A paper with all facts."""
    return make_paper(
        "Größe und Maß — 測量 of Δ\u2028and 😀 “quotes” \\ / \x7f",
        identifiers=("10.1234/ABC", "arXiv:2101.00001", "PMID:123"),
        authors=("Émile Zola", "李明", "Ada Byron"),
        venue="Annals of Fabrication",
        cited_by=1234,
        abstract="One.\n\nTwo <b> & three.",
        summary="It found nothing.",
        year=2021,
        published_on=datetime.date(2021, 2, 28),
        kind="article",
        notice="retracted",
        url="https://example.org/paper?a=1&b=ü",
        field_sources={"title": "curator", "year": "crossref", "abstract": "openalex"},
    )


def decide(hub: Paper, tool: Paper, people: tuple[User, User, User], run: ImportRun) -> None:
    """Labels of all kinds, with sentences, confirmations and retractions."""
    citation = make_citation(hub, tool, sentences=("We use it.", "Wir nutzen es. ✓"), is_influential=True)
    make_citation(tool, hub, is_self_citation=True)
    spoken = make_mention(citation, "", section="Methods")
    decision = uuid.uuid4()
    labelling.add_labels(
        [
            new_label(
                citation,
                "method",
                raw_value="methodology",
                coarse=True,
                source="semanticscholar",
                import_run=run,
                decision=decision,
                mention=citation.mentions.order_by("pk").first(),
            ),
            new_label(citation, "", "", raw_value="odd value", source="semanticscholar", decision=decision),
        ],
        Cause("An import brought them.", import_run=run),
    )
    make_label(citation, "dataset", decided_by="classifier", confidence=0.1 + 0.2)
    asserted = make_label(citation, "extension", "disputes", curator=people[0], mention=spoken, note="Read it.\tTwice.")
    labelling.retract(asserted, people[1], note="Too hasty.")
    imported = Label.objects.filter(citation=citation, role="method").get()
    labelling.confirm(imported, people[2])
    long_ago = datetime.datetime(2020, 2, 29, 23, 59, 59, 123456, tzinfo=datetime.UTC)
    make_label(citation, "background", created_at=long_ago)


def merge(curator: User) -> None:
    """Two records of one paper, a citation of which collides, and a third that had been merged into the loser."""
    survivor, loser, earlier = make_paper("The paper"), make_paper("The paper!", year=1999), make_paper("the paper")
    hub = make_hub({"evidence": 2}, title="Cited by both")
    kept, hidden = make_citation(survivor, hub), make_citation(loser, hub, sentences=("A hidden sentence.",))
    make_label(kept, "background")
    said = new_label(hidden, "comparison", created_at=timezone.now())
    Label.objects.bulk_create([said])
    Citation.objects.filter(pk=hidden.pk).update(merged_into=kept.pk)
    hidden.refresh_from_db()
    # The larger id survives here, so that a record in order of ids would refer to a later one.
    Paper.objects.filter(pk=survivor.pk).update(merged_into=loser.pk)
    Paper.objects.filter(pk=earlier.pk).update(merged_into=survivor.pk)
    Merge.objects.create(
        survivor=loser, loser=survivor, reason="One DOI.", curator=curator, details={"hidden": [hidden.pk], "b": None}
    )
    make_label(kept, "method", curator=curator, mention=hidden.mentions.get())
    labelling.resolve_citations([kept.pk])
    summaries.recount([hub.pk], Cause("Merged."))


def pin(hub: Paper, people: tuple[User, User]) -> None:
    """A class and a representative that are pinned, and a class that was and is no more."""
    HubPin.objects.create(
        hub=hub,
        hub_class="evidence-reference",
        reason="No.",
        curator=people[0],
        removed_at=timezone.now(),
        removed_by=people[1],
    )
    HubPin.objects.create(hub=hub, hub_class="dataset-reference", reason="It is data, see §2.", curator=people[0])
    HubPin.objects.create(
        hub=hub, citation=hub.citations_received.order_by("-pk")[0], reason="Typical.", curator=people[1]
    )
    summaries.recount([hub.pk], Cause("A curator pinned a class.", people[0]))


def report(hub: Paper, curator: User) -> None:
    """A report that waits, and one that was accepted."""
    citation = hub.citations_received.order_by("pk")[0]
    Report.objects.create(citation=citation, role="dataset", comment="No: data.", reporter_address="reader@example.org")
    label = labelling.decide(citation, curator, role=Role.DATASET)
    Report.objects.create(
        citation=citation,
        polarity="supports",
        status=Report.ACCEPTED,
        answer="Thanks.",
        answered_by=curator,
        answered_at=timezone.now(),
        label=label,
    )


def audit(hub: Paper, curator: User) -> None:
    """An audit that was finished early, and one that is open."""
    finished = audits.draw(hub, curator, planned=20, stratified=True, seed=4711)
    for entry, role in zip(
        finished.entries.order_by("position"), [Role.METHOD, Role.UNCLEAR, Role.DATASET], strict=False
    ):
        audits.read(entry.pk, curator, role, note="Read blind.")
    audits.finish(finished, curator)
    audits.draw(hub, curator, planned=25)


# Looking at a database, and emptying it -----------------------------------------------------------------------------


def rows_of(model: type[models.Model]) -> list[dict[str, Any]]:
    """All columns of all rows; people as public names, rows whose id nobody sees without it."""
    names = collection_format.public_names(collection_writing._people())
    people = {field.attname for field in model._meta.concrete_fields if field.related_model is User}
    rows = []
    for row in model._default_manager.order_by("pk").values():
        row = {key: names[value] if key in people and value is not None else value for key, value in row.items()}
        if model in WITHOUT_NUMBER:
            del row["id"]
        rows.append(row)
    if model in WITHOUT_NUMBER:
        owner = "hub_id" if model is HubTally else "paper_id"
        rows.sort(key=lambda row: (row[owner], repr(row)) if model is HubTally else row[owner])
    return rows


def everything() -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables.

    What stands in the derived columns of a citation that a merge hid means nothing: no page and no rebuild looks at it.
    """
    found = {model.__name__: rows_of(model) for model in TABLES}
    for citation in found["Citation"]:
        if citation["merged_into_id"] is not None:
            for name in labelling.EFFECTIVE:
                del citation[name]
    return found


def empty_the_database() -> None:
    """Delete all rows of the collection and all accounts, and let ids begin at 1 again."""
    engines.remove_triggers(connection)
    with connection.cursor() as cursor:
        for model in TABLES:
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(model._meta.db_table)}")
        engines.install_triggers(connection)
        cursor.execute(f"DELETE FROM {connection.ops.quote_name(User._meta.db_table)}")
        sequences = connection.introspection.sequence_list()
        for statement in connection.ops.sequence_reset_by_name_sql(no_style(), sequences):
            cursor.execute(statement)


def exported(**options: Any) -> bytes:
    """The collection as a file holds it."""
    stream = io.BytesIO()
    write_collection(stream, **options)
    return stream.getvalue()


def records(content: bytes) -> list[dict[str, Any]]:
    """The records of a file, header and end included."""
    return [json.loads(line) for line in content.split(b"\n")[:-1]]


def sealed(changed: list[dict[str, Any]]) -> bytes:
    """Records as a file with fitting counts and checksum, as somebody makes it who edits one with care."""
    inner = changed[1:-1]
    counts: dict[str, int] = {}
    for record in inner:
        counts[str(record.get("type"))] = counts.get(str(record.get("type")), 0) + 1
    lines = [json.dumps(record) for record in [{**changed[0], "counts": counts}, *inner]]
    content = "".join(f"{line}\n" for line in lines).encode()
    end = {**changed[-1], "records": len(inner), "sha256": hashlib.sha256(content).hexdigest()}
    return content + json.dumps(end).encode() + b"\n"


def import_bytes(folder: Path, content: bytes) -> int:
    """Import a file with this content."""
    file = folder / "collection.jsonl"
    file.write_bytes(content)
    return import_collection(file)


def refusal(folder: Path, content: bytes) -> str:
    """Why a file is refused; nothing of it may be left."""
    with pytest.raises(CollectionError) as caught:
        import_bytes(folder, content)
    assert not any(model._default_manager.exists() for model in TABLES)
    assert not User.objects.exists()
    message = str(caught.value)
    assert "\n" not in message
    return message.replace(str(folder / "collection.jsonl"), "FILE")


# The journey --------------------------------------------------------------------------------------------------------


def test_papers_that_were_merged_travel_as_they_are(tmp_path: Path) -> None:
    """By the same hand as an editor's: with twins, a citation between the two, and an earlier merge."""
    ada = User.objects.create(username="ada", first_name="Ada", last_name="L")
    first, second, third = (make_paper("One work", identifiers=[f"10.1/{n}"], cited_by=n) for n in (1, 2, 3))
    hub = make_hub({"evidence": 2}, title="Cited by all")
    for paper in (first, second, third):
        make_label(make_citation(paper, hub, sentences=["We use it.", f"Said by {paper.pk}."]), "method")
        make_citation(hub, paper)
    label = make_label(make_citation(first, second, sentences=["As we said."]), "background", curator=ada)
    HubPin.objects.create(hub=first, citation=first.citations_received.get(), reason="Typical.", curator=ada)
    for survivor, loser in ((second, first), (third, second)):
        merging.merge(survivor.pk, loser.pk, ada, reason="One work.", warnings_read=True)
    assert Citation.objects.get(pk=label.citation_id).is_void
    before, content = everything(), exported()
    empty_the_database()
    import_bytes(tmp_path, content)
    after = everything()
    for name, rows in before.items():
        assert after[name] == rows, name
    call_command("rebuild_summaries", "--check")


@pytest.mark.usefixtures("collection")
def test_an_imported_collection_is_the_exported_one(tmp_path: Path) -> None:
    before = everything()
    assert [name for name, rows in before.items() if not rows] == ["HubTally"]  # this one is for large hubs
    content = exported(with_addresses=True)
    empty_the_database()
    assert import_bytes(tmp_path, content) == len(records(content)) - 2
    after = everything()
    for name, rows in before.items():
        assert after[name] == rows, name


@pytest.mark.usefixtures("collection")
def test_what_is_imported_exports_to_the_same_bytes(tmp_path: Path) -> None:
    moment = timezone.now()
    content = exported(exported_at=moment)
    empty_the_database()
    import_bytes(tmp_path, content)
    assert exported(exported_at=moment) == content


@pytest.mark.usefixtures("collection")
def test_two_exports_differ_in_their_time_and_checksum_alone() -> None:
    one, other = exported().split(b"\n"), exported().split(b"\n")
    assert one[1:-2] == other[1:-2]
    header, other_header = json.loads(one[0]), json.loads(other[0])
    assert header.pop("exported_at") < other_header.pop("exported_at")
    assert header == other_header


@pytest.mark.usefixtures("collection")
def test_all_that_is_derived_agrees_after_an_import(tmp_path: Path) -> None:
    content = exported()
    empty_the_database()
    import_bytes(tmp_path, content)
    out = io.StringIO()
    call_command("rebuild_summaries", check=True, stdout=out)
    assert "agree" in out.getvalue()


def test_tallies_of_large_hubs_are_counted_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summaries.tallies, "TALLY_FROM", 5)
    make_hub({"method": 3, "background": 2}, 1)
    before = everything()
    assert before["HubTally"]
    content = exported()
    empty_the_database()
    import_bytes(tmp_path, content)
    assert everything() == before


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.usefixtures("collection")
def test_the_size_of_batches_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    moment = timezone.now()
    before, content = everything(), exported(exported_at=moment, with_addresses=True)
    monkeypatch.setattr(collection_writing, "BATCH", size)
    monkeypatch.setattr(collection_reading, "BATCH", size)
    assert exported(exported_at=moment, with_addresses=True) == content
    empty_the_database()
    import_bytes(tmp_path, content)
    assert everything() == before


@pytest.mark.usefixtures("collection")
def test_the_ledger_stays_append_only_and_goes_on_after_an_import(tmp_path: Path) -> None:
    content = exported()
    empty_the_database()
    import_bytes(tmp_path, content)
    last = Label.objects.order_by("-pk")[0]
    citation = make_citation(make_paper("New"), Paper.objects.get(slug="a-tool"))
    label = make_label(citation, "dataset")
    assert label.pk > last.pk
    assert citation.role == "dataset"
    with pytest.raises(IntegrityError, match="append-only"), connection.cursor() as cursor:
        cursor.execute("UPDATE citations_label SET role = 'method' WHERE id = %s", [last.pk])


def test_an_empty_collection_travels_too(tmp_path: Path) -> None:
    content = exported()
    assert [record["type"] for record in records(content)] == ["collection", "end"]
    assert import_bytes(tmp_path, content) == 0
    assert not Paper.objects.exists()


LABELS = st.tuples(
    st.sampled_from(["import", "curator", "classifier", "retract", "confirm"]),
    st.sampled_from(["method", "dataset", "extension", "background", "unclear"]),
    st.sampled_from(["", "supports", "disputes"]),
    st.integers(min_value=0, max_value=3),
)


class RandomLedgers(HypothesisTestCase):
    """Whatever was said in whichever order comes to the same after the journey."""

    @given(said=st.lists(LABELS, max_size=12))
    @hypothesis_settings(max_examples=15)
    def test_ledgers_of_any_kind_resolve_to_the_same(self, said: list[tuple[str, str, str, int]]) -> None:
        hub = make_hub(unclassified=2)
        citations = list(hub.citations_received.order_by("pk"))
        curator = make_curator()
        for kind, role, polarity, chosen in said:
            citation = citations[chosen % 2]
            labels = list(citation.labels.exclude(role="").order_by("pk"))
            if kind in ("retract", "confirm"):
                if labels:
                    getattr(labelling, kind)(labels[chosen % len(labels)], curator)
            elif kind == "curator":
                make_label(citation, role, polarity, curator=curator)
            else:
                make_label(citation, role, polarity, decided_by=kind)
        before, content = everything(), exported()
        empty_the_database()
        with tempfile.TemporaryDirectory() as folder:
            import_bytes(Path(folder), content)
        self.assertEqual(everything(), before)


# What travels, and what does not ------------------------------------------------------------------------------------


@pytest.mark.usefixtures("collection")
def test_every_reference_is_to_an_earlier_line_and_by_a_key() -> None:
    content = records(exported())
    places = [collection_format.ORDER.index(record["type"]) for record in content[1:-1]]
    assert places == sorted(places)
    label = next(record for record in content if record.get("raw_value") == "methodology")
    stored = Label.objects.get(raw_value="methodology")
    assert label["citation"] == [stored.citation.citing.slug, stored.citation.cited.slug]
    assert stored.mention is not None
    assert label["mention"] == [*label["citation"], stored.mention.content_hash]
    paper = next(record for record in content if record["type"] == "paper" and record["identifiers"])
    assert {"scheme": "doi", "value": "10.1234/abc", "source": ""} in paper["identifiers"]
    assert [author["author"] for author in paper["authors"]] == [author.key for author in in_order(paper["slug"])]


def in_order(slug: str) -> Iterator[Author]:
    """The authors of a paper."""
    for authorship in Authorship.objects.filter(paper__slug=slug).order_by("position"):
        yield authorship.author


def test_every_column_travels_or_is_left_out_for_a_reason() -> None:
    derived = {
        Paper: {"sort_title", "sort_date", "cited_by_count", "merged_into"},
        Citation: {*labelling.EFFECTIVE, *collection_format._COPIED, "merged_into"},
    }
    travelling: set[type[models.Model]] = set()
    for record_type in collection_format.ROWS:
        travelling |= {record_type.model, *(part.model for part in record_type.parts)}
        assert set(record_type.left_out) == derived.get(record_type.model, set())
    assert travelling | {HubSummary, HubTally} == set(TABLES)


@pytest.mark.usefixtures("collection")
def test_people_travel_as_names_and_arrive_as_accounts_that_nobody_can_use(tmp_path: Path) -> None:
    content = exported()
    assert b"ada@example.org" not in content
    assert b"secret-hash" not in content
    assert b"Never" not in content
    users = [record["name"] for record in records(content) if record["type"] == "user"]
    assert users == ["Ada Lóvelace", "Ada Lóvelace (2)", "a curator 1"]
    empty_the_database()
    User.objects.create(username="ada-lovelace", is_superuser=True)
    import_bytes(tmp_path, content)
    arrived = User.objects.exclude(username="ada-lovelace").order_by("pk")
    assert [user.username for user in arrived] == ["ada-lovelace-2", "ada-lovelace-2-2", "a-curator-1"]
    for user in arrived:
        assert not user.is_active and not user.is_staff and not user.has_usable_password() and not user.email


@pytest.mark.usefixtures("collection")
def test_addresses_of_reporters_stay_behind_unless_asked_for() -> None:
    assert b"reader@example.org" not in exported()
    assert b"reader@example.org" in exported(with_addresses=True)


def test_a_class_that_the_rules_name_otherwise_by_now_changes_on_the_way_in(tmp_path: Path) -> None:
    hub = make_hub({"method": 23})
    content = records(exported())
    for record in content:
        if record["type"] == "hub":
            record["hub_class"] = "mixed-use"
    changes = [record for record in content if record["type"] != "class_change"]
    empty_the_database()
    import_bytes(tmp_path, sealed(changes))
    change = ClassChange.objects.get()
    assert (change.hub_id, change.from_class, change.cause) == (hub.pk, "mixed-use", "The collection was imported.")


def test_a_hub_without_a_record_of_its_own_is_counted(tmp_path: Path) -> None:
    hub = make_hub({"method": 2})
    content = [record for record in records(exported()) if record["type"] != "hub"]
    empty_the_database()
    import_bytes(tmp_path, sealed(content))
    assert HubSummary.objects.get(pk=hub.pk).known == 2


@pytest.mark.parametrize("facts", [{"url": "javascript:alert(1)"}, {"abstract": "one\x00two"}])
def test_what_no_reader_would_take_is_named_when_it_is_exported(facts: dict[str, str]) -> None:
    paper = make_paper()
    if "\x00" in facts.get("abstract", "") and not _takes_nul():
        pytest.skip("this database refuses NUL itself")
    Paper.objects.filter(pk=paper.pk).update(**facts)
    with pytest.raises(CollectionError, match=rf"paper {paper.pk}: {next(iter(facts))}: .* Correct it"):
        exported()


def _takes_nul() -> bool:
    """Whether the database stores NUL characters."""
    return bool(connection.features.prohibits_null_characters_in_text_exception is None)


def test_a_collection_that_changes_while_it_is_exported_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    make_paper("First")
    count = collection_writing.count_records
    monkeypatch.setattr(collection_writing, "count_records", lambda: count() | {"paper": 2})
    with pytest.raises(CollectionError, match="changed while it was being exported"):
        exported()


# Files that are refused ---------------------------------------------------------------------------------------------


# The file is made once: many tests change it in one place.
_made: list[bytes] = []


@pytest.fixture
def content() -> bytes:
    """The rich collection as a file; the database is empty."""
    if not _made:
        fill()
        _made.append(exported(with_addresses=True))
        empty_the_database()
    return _made[0]


def test_a_truncated_file_is_refused(tmp_path: Path, content: bytes) -> None:
    lines = content.splitlines(keepends=True)
    for end in (1, 2, len(lines) // 2, len(lines) - 1):
        assert "FILE is truncated" in refusal(tmp_path, b"".join(lines[:end]))
    assert "FILE is truncated" in refusal(tmp_path, content[:-1])
    assert "FILE is truncated" in refusal(tmp_path, content[: len(content) // 2])
    assert "FILE is truncated" in refusal(tmp_path, gzip.compress(content)[:-20])
    assert "FILE is empty" in refusal(tmp_path, b"")


def test_an_edited_file_is_refused(tmp_path: Path, content: bytes) -> None:
    assert "its checksum differs" in refusal(tmp_path, content.replace(b"Read it.", b"Read  it"))
    lines = content.splitlines(keepends=True)
    assert "its checksum differs" in refusal(tmp_path, b"".join([*lines[:5], *lines[6:]]))


def test_a_file_of_another_version_is_refused(tmp_path: Path, content: bytes) -> None:
    made = content.replace(b'"version":1', b'"version":2', 1)
    assert "written in version 2 of the format, and this site reads version 1" in refusal(tmp_path, made)
    assert "version unknown" in refusal(tmp_path, content.replace(b'"version":1', b'"version":true', 1))


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x89PNG\r\n\x1a\n\x00\x00",
        b"[1, 2]\n",
        b'{"type": "paper"}\n',
        b"\n\n\n",
        b"[" * 100_000,
        b"\xff\xfe{\x00",
        b'{"type":"collection","version":1e999}\n{"type":"end"}\n',
        b"9" * 10_000 + b"\n",
    ],
)
def test_garbage_is_refused(tmp_path: Path, garbage: bytes) -> None:
    assert refusal(tmp_path, garbage).startswith("FILE is")


def test_a_damaged_compressed_file_is_refused(tmp_path: Path, content: bytes) -> None:
    squeezed = bytearray(gzip.compress(content))
    squeezed[len(squeezed) // 2] ^= 0xFF
    assert refusal(tmp_path, bytes(squeezed)).startswith("FILE is")


def test_an_endless_line_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("citations.exports.collection_files.LONGEST_LINE", 1000)
    assert "FILE, line 1: longer than 1000 bytes" in refusal(tmp_path, b'{"type":"' + b"x" * 2000)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CollectionError, match=r"nowhere\.jsonl cannot be read: No such file"):
        import_collection(tmp_path / "nowhere.jsonl")
    with pytest.raises(CollectionError, match="is not a regular file"):
        import_collection(tmp_path)


def test_only_an_empty_database_takes_a_collection_in(tmp_path: Path) -> None:
    content = exported()
    make_paper("Here already")
    before = everything()
    with pytest.raises(CollectionError, match="empty database only, and this one holds papers"):
        import_bytes(tmp_path, content)
    assert everything() == before


def first(changed: list[dict[str, Any]], name: str, having: str = "type") -> dict[str, Any]:
    """The first record of a type that has something under a key."""
    return next(record for record in changed if record["type"] == name and record[having])


EDITS: dict[str, tuple[Callable[[list[dict[str, Any]]], Any], str]] = {
    "unknown type": (lambda c: c[1].update(type="spaceship"), "line 2: unknown type of record 'spaceship'"),
    "type that is no text": (lambda c: c[1].update(type=[1]), "line 2: unknown type"),
    "missing key": (lambda c: first(c, "paper").pop("title"), "paper record: the key 'title' is missing"),
    "unknown key": (lambda c: first(c, "paper").update(colour="red"), "paper record: unknown key 'colour'"),
    "missing key of a hub": (lambda c: first(c, "hub").pop("hub_class"), "hub record: the key 'hub_class' is missing"),
    "text for a number": (lambda c: first(c, "paper", "year").update(year="2021"), "year: takes a whole number"),
    "a boolean for a number": (lambda c: first(c, "paper", "year").update(year=True), "year: takes a whole number"),
    "an implausible year": (lambda c: first(c, "paper", "year").update(year=-5), "the database refuses it"),
    "a huge year": (lambda c: first(c, "paper").update(year=10**9), "year: takes a whole number from -32768 to 32767"),
    "a number for text": (lambda c: first(c, "paper").update(abstract=5), "abstract: takes text, not 5"),
    "null for text": (lambda c: first(c, "paper").update(abstract=None), "abstract: takes text, not None"),
    "no title": (lambda c: first(c, "paper").update(title=""), "the database refuses it"),
    "a long title": (lambda c: first(c, "paper").update(title="x" * 2001), "title: is longer than 2000 characters"),
    "NUL": (lambda c: first(c, "paper").update(abstract="a\x00b"), "abstract: holds a NUL character"),
    "NUL in JSON": (
        lambda c: first(c, "import_run").update(cursor={"a": ["\x00"]}),
        "cursor: holds a NUL character",
    ),
    "half a character": (lambda c: first(c, "paper").update(abstract="\ud800"), "half of a character"),
    "no slug": (lambda c: first(c, "venue").update(slug="not a slug"), "venue record: slug: 'not a slug' is no slug"),
    "a script for an address": (
        lambda c: first(c, "paper").update(url="javascript:alert(1)"),
        "url: 'javascript:alert(1)' is no http or https address",
    ),
    "no date": (lambda c: first(c, "paper").update(published_on="yesterday"), "published_on: takes a date"),
    "a time without a zone": (
        lambda c: first(c, "paper").update(created_at="2026-01-01T00:00:00"),
        "created_at: takes a time with its zone",
    ),
    "a time before all": (
        lambda c: first(c, "paper").update(created_at="0001-01-01T00:00:00+14:00"),
        "created_at: takes a time with its zone",
    ),
    "no kind": (lambda c: first(c, "paper").update(kind="pamphlet"), "kind: 'pamphlet' is none of"),
    "no role": (lambda c: first(c, "label", "role").update(role="tool"), "label record: role: 'tool' is none of"),
    "no object": (lambda c: first(c, "paper").update(field_sources=[]), "field_sources: takes an object"),
    "no boolean": (lambda c: first(c, "citation").update(is_influential=1), "is_influential: takes true or false"),
    "no confidence": (
        lambda c: first(c, "label", "confidence").update(confidence="high"),
        "confidence: takes a number",
    ),
    "much confidence": (lambda c: first(c, "label", "confidence").update(confidence=7), "the database refuses it"),
    "no decision": (lambda c: first(c, "label").update(decision="x"), "decision: takes a UUID"),
    "no number": (lambda c: first(c, "paper").update(number=0), "number: takes a whole number from 1"),
    "an enormous number": (lambda c: first(c, "paper").update(number=2**60), "number: takes a whole number from 1"),
    "a number twice": (
        lambda c: c[c.index(first(c, "paper")) + 1].update(number=first(c, "paper")["number"]),
        "does not come after the record before",
    ),
    "a slug twice": (
        lambda c: c[c.index(first(c, "paper")) + 1].update(slug=first(c, "paper")["slug"]),
        "the database refuses it",
    ),
    "an unknown venue": (lambda c: first(c, "paper", "venue").update(venue="gone"), "venue: nothing before is called"),
    "an unknown paper": (
        lambda c: first(c, "citation").update(citing="gone"),
        "citation record: citing: nothing before is called 'gone'",
    ),
    "no citing paper": (lambda c: first(c, "citation").update(citing=None), "citing: must name something"),
    "a citation of itself": (
        lambda c: first(c, "citation").update(citing=first(c, "citation")["cited"]),
        "the database refuses it",
    ),
    "half a citation": (lambda c: first(c, "mention").update(citation=["a"]), "citation: takes a list of 2"),
    "an unknown citation": (
        lambda c: first(c, "mention").update(citation=["a", "b"]),
        "nothing before is called 'a b'",
    ),
    "an unknown person": (lambda c: first(c, "label", "curator").update(curator="Nobody"), "called 'Nobody'"),
    "nobody": (lambda c: first(c, "user").update(name=" "), "user record: name: must be there"),
    "a person twice": (
        lambda c: c.insert(2, dict(first(c, "user"))),
        "line 3: user record: name: must be there, and each name once",
    ),
    "a label of the future": (
        lambda c: first(c, "label", "retracts").update(retracts=first(c, "label", "retracts")["number"]),
        "retracts: nothing before is called",
    ),
    "a label of another citation": (
        lambda c: first(c, "label", "confirms").update(confirms=first(c, "label")["number"]),
        "speaks of a label or mention of another citation",
    ),
    "a paper merged into itself": (
        lambda c: first(c, "merged_paper").update(into=first(c, "merged_paper")["paper"]),
        "it would be merged into itself",
    ),
    "an identifier that is none": (
        lambda c: first(c, "paper", "identifiers")["identifiers"][0].update(value="nonsense"),
        "paper record: identifiers:",
    ),
    "an identifier not in its normal form": (
        lambda c: first(c, "paper", "identifiers")["identifiers"][0].update(value="10.1234/ABC"),
        "identifiers: '10.1234/ABC' is not in its normal form",
    ),
    "an identifier of no scheme": (
        lambda c: first(c, "paper", "identifiers")["identifiers"][0].update(scheme="isbn"),
        "scheme: 'isbn' is none of",
    ),
    "no list of authors": (lambda c: first(c, "paper").update(authors={}), "authors: takes a list"),
    "an author that is no object": (lambda c: first(c, "paper").update(authors=["Ada"]), "authors: takes an object"),
    "an address that is none": (
        lambda c: first(c, "report", "reporter_address").update(reporter_address="<b>"),
        "reporter_address: '<b>' is no address",
    ),
    "a second hub record": (lambda c: c.insert(-1, dict(first(c, "hub"))), "hub record: a second one of this paper"),
    "records in no order": (lambda c: c.insert(-1, c[1]), "a user record after hub records"),
}


@pytest.mark.parametrize("edit", sorted(EDITS))
def test_an_edited_record_is_refused_with_its_line(tmp_path: Path, content: bytes, edit: str) -> None:
    changed = records(content)
    change, reason = EDITS[edit]
    change(changed)
    message = refusal(tmp_path, sealed(changed))
    assert reason in message
    assert message.startswith("FILE, line ")


def test_a_line_that_is_no_json_is_refused_with_its_number(tmp_path: Path, content: bytes) -> None:
    for line, reason in (
        (b"{'a': 1}", "is not JSON"),
        (b"NaN", "cannot be read"),
        (b"\xff", "is not UTF-8"),
        (b"[]", "is not a JSON object"),
        (b"[" * 50_000, "cannot be read"),
    ):
        lines = content.splitlines(keepends=True)[:-1]
        lines[2] = line + b"\n"
        body = b"".join(lines)
        end = {"type": "end", "records": len(lines) - 1, "sha256": hashlib.sha256(body).hexdigest()}
        message = refusal(tmp_path, body + json.dumps(end).encode() + b"\n")
        assert message.startswith("FILE, line 3: this line") and reason in message


def test_counts_that_do_not_fit_are_refused(tmp_path: Path, content: bytes) -> None:
    changed = records(content)
    names = [name for name, n in changed[0]["counts"].items() if n][:2]
    body = sealed(changed).splitlines(keepends=True)
    header = json.loads(body[0])
    header["counts"][names[0]] += 1
    header["counts"][names[1]] -= 1
    body[0] = json.dumps(header).encode() + b"\n"
    end = {**changed[-1], "sha256": hashlib.sha256(b"".join(body[:-1])).hexdigest()}
    body[-1] = json.dumps(end).encode() + b"\n"
    assert "counts other records than the file holds" in refusal(tmp_path, b"".join(body))


# The commands -------------------------------------------------------------------------------------------------------


def run(*arguments: str) -> tuple[str, str]:
    """What a command prints to standard output and to standard error."""
    out, errors = io.StringIO(), io.StringIO()
    call_command(*arguments, stdout=out, stderr=errors)
    return out.getvalue(), errors.getvalue()


@pytest.mark.usefixtures("collection")
@pytest.mark.parametrize("name", ["collection.jsonl", "collection.jsonl.gz", "with space & ü.gz"])
def test_the_commands_carry_a_collection_over(tmp_path: Path, name: str) -> None:
    before, file = everything(), tmp_path / name
    printed = run("export_collection", str(file), "--with-addresses")
    content = file.read_bytes()
    assert (content[:2] == b"\x1f\x8b") == name.endswith(".gz")
    number = len(records(gzip.decompress(content) if name.endswith(".gz") else content)) - 2
    assert printed == (f"exported {number} records to {file}\n", "")
    assert [found.name for found in tmp_path.iterdir()] == [name]
    empty_the_database()
    assert run("import_collection", str(file)) == (f"imported {number} records from {file}\n", "")
    assert everything() == before


def test_a_file_is_not_overwritten_unless_forced(tmp_path: Path) -> None:
    file = tmp_path / "collection.jsonl"
    file.write_text("precious")
    with pytest.raises(CommandError, match="exists: choose another name, or overwrite it with --force"):
        run("export_collection", str(file))
    assert file.read_text() == "precious"
    run("export_collection", str(file), "--force")
    assert records(file.read_bytes())[0]["type"] == "collection"


@pytest.mark.parametrize(
    ("name", "reason"), [("nowhere/file.jsonl", "is not a folder"), (".", "is not a regular file")]
)
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        run("export_collection", str(tmp_path / name), "--force")


@pytest.mark.parametrize(
    "failure", [CollectionError("no"), KeyboardInterrupt(), OSError(28, "No space left on device")]
)
def test_an_export_that_fails_leaves_nothing_and_spoils_nothing(tmp_path: Path, failure: BaseException) -> None:
    file = tmp_path / "collection.jsonl.gz"
    file.write_text("the former one")
    with pytest.raises((CollectionError, KeyboardInterrupt)), replacing(file, overwrite=True) as stream:
        stream.write(b"half of")
        raise failure
    assert [found.name for found in tmp_path.iterdir()] == [file.name]
    assert file.read_text() == "the former one"


@pytest.mark.usefixtures("collection")
def test_a_collection_may_go_to_standard_output() -> None:
    stream, errors = io.BytesIO(), io.StringIO()
    out = io.TextIOWrapper(stream)
    call_command("export_collection", "-", stdout=out, stderr=errors)
    assert records(stream.getvalue())[-1]["type"] == "end"
    assert errors.getvalue().startswith("exported ")


def test_an_interrupted_export_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> dict[str, int]:
        raise KeyboardInterrupt

    monkeypatch.setattr(collection_writing, "count_records", interrupt)
    with pytest.raises(CommandError, match=r"Interrupted: .* was not written") as caught:
        run("export_collection", str(tmp_path / "collection.jsonl"))
    assert caught.value.returncode == 130
    assert list(tmp_path.iterdir()) == []


def test_an_import_that_is_interrupted_or_refused_stores_nothing(
    tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "collection.jsonl"
    file.write_bytes(content)

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(summaries, "restore_summaries", interrupt)
        with pytest.raises(CommandError, match="Interrupted: nothing was stored") as caught:
            run("import_collection", str(file))
    assert caught.value.returncode == 130
    assert not Paper.objects.exists()
    run("import_collection", str(file))
    with pytest.raises(CommandError, match="empty database only"):
        run("import_collection", str(file))


def test_standard_input_is_not_imported() -> None:
    with pytest.raises(CommandError, match="read twice: give a file"):
        run("import_collection", "-")


def test_papers_that_changed_since_keep_their_times(tmp_path: Path) -> None:
    paper = make_paper("Old")
    long_ago = datetime.datetime(2001, 1, 1, tzinfo=datetime.UTC)
    Paper.objects.filter(pk=paper.pk).update(created_at=long_ago)
    paper_changed(paper)
    content = exported()
    empty_the_database()
    import_bytes(tmp_path, content)
    assert Paper.objects.get().created_at == long_ago
