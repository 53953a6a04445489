"""Nothing that comes from outside is ever live: in no page, export, feed or badge, through no field and no parameter.

Each value carries markup that would make an element, an attribute, a handler or an address of a script. What is sent is
read by a parser (libxml2's, which reads HTML as browsers do), and nothing in it may have come from the values but text.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

import pytest
import rispy
from bibtexparser.entrypoint import parse_string
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from lxml import etree, html

from citations.models import (
    Audit,
    AuditEntry,
    Author,
    Authorship,
    Citation,
    ClassChange,
    HubPin,
    ImportRun,
    Mention,
    Merge,
    Paper,
    RejectedRecord,
    Report,
    Venue,
)
from citations.vocabulary import HubClass
from tests.factories import make_citation, make_curator, make_hub, make_label, make_mention, make_paper

pytestmark = pytest.mark.django_db

# A word that nothing but the values below holds.
WORD = "zqx"
# Ends every kind of context that HTML, XML, JSON in a script, CSS and an attribute know, and begins something live.
MARKUP = (
    f"{WORD}\"'>--></title></textarea></script></style><script>{WORD}()</script><img src={WORD} onerror={WORD}()>"
    f"<svg onload={WORD}()><a href=javascript:{WORD}()>x</a><{WORD} {WORD}=1>{{{{7*7}}}}{{% {WORD} %}}&#60;b&#62;]]>"
)
ATTRIBUTE = f'{WORD}" onfocus="{WORD}()" autofocus x=\' onclick=\'{WORD}()'
FORMULA = f'=HYPERLINK("http://{WORD}.example";"{WORD}")'
SCRIPT_ADDRESS = f"javascript:{WORD}()//http://example.org/"
# Turns the direction of what follows it, and so what an address or a name seems to be.
BIDI = f"{WORD}\u202egnp.exe\u2066\u2067\u200f"
VALUES = {
    "markup": MARKUP,
    "an attribute": ATTRIBUTE,
    "a formula": FORMULA,
    "an address of a script": SCRIPT_ADDRESS,
    "characters that turn": BIDI,
}

LINKS = ("href", "src", "action", "formaction", "poster", "data", "cite", "background", "xlink:href", "srcset", "ping")
SCHEMES = frozenset({"http", "https", "mailto", ""})
# Elements that no page of ours has, whatever they hold.
NEVER = frozenset(
    {"style", "iframe", "frame", "object", "embed", "applet", "base", "marquee", "noembed", "xmp", "math"}
)
# In an SVG of ours nothing else stands.
SVG = frozenset({"svg", "title", "desc", "rect", "path", "g", "text"})
TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
ORIGIN = "http://testserver"


# Reading -------------------------------------------------------------------------------------------------------------


def problems_of_html(text: str) -> Iterator[str]:
    """One sentence for each live thing in a page that may have come from a value."""
    # The parser refuses an encoding declared in text that is no longer bytes.
    for element in html.document_fromstring(text.encode(), parser=html.HTMLParser(encoding="utf-8")).iter():
        if not isinstance(element.tag, str):
            continue
        yield from _problems_of(element)


def _problems_of(element: html.HtmlElement) -> Iterator[str]:
    """The same of one element."""
    shown = f"<{element.tag} {dict(element.attrib)}>"
    if WORD in element.tag or element.tag in NEVER:
        yield f"{shown} is an element"
    if element.tag == "script":
        yield from _problems_of_script(element, shown)
    for name, value in element.attrib.items():
        if name.lower().startswith("on") or WORD in name.lower() or name.lower() == "style":
            yield f"{shown} has the attribute {name}"
        if name.lower() in LINKS:
            # Browsers pass over blanks and control characters in the scheme of an address.
            address = urlsplit(re.sub(r"[\x00-\x20]", "", value))
            if address.scheme.lower() not in SCHEMES:
                yield f"{shown} leads to {value}"
            if urlsplit(urljoin(ORIGIN, value)).hostname == f"{WORD}.example":
                yield f"{shown} leads to a host of the value's"
    if element.tag == "img" and WORD in element.get("src", ""):
        yield f"{shown} is an image of the value's"
    if element.tag == "meta" and element.get("http-equiv", "").lower() in ("refresh", "content-security-policy"):
        yield f"{shown} commands the browser"
    leads_away = (urlsplit(element.get("href", "")).hostname or "testserver") != "testserver"
    if element.tag == "a" and leads_away and "noreferrer" not in element.get("rel", ""):
        yield f"{shown} leads away and tells where from"


def _problems_of_script(element: html.HtmlElement, shown: str) -> Iterator[str]:
    """A script is a file of ours; else it holds data, which can be read and ends nothing."""
    content = element.text or ""
    if element.get("type", "") in ("application/ld+json", "application/json"):
        json.loads(content)
        if "<" in content:
            yield f"{shown} holds a bracket that might end it"
    elif content.strip() or not element.get("src", "").startswith(("/static/", "/admin/jsi18n/")):
        yield f"{shown} is a script: {content[:80]}"


def problems_of_xml(content: bytes, allowed: frozenset[str] | None = None) -> Iterator[str]:
    """The same of XML; markup within a feed's texts is read as HTML."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    for element in etree.fromstring(content, parser).iter():
        if not isinstance(element.tag, str):
            yield f"{element!r} is not of ours"
            continue
        name = etree.QName(element).localname
        if WORD in name or (allowed is not None and name not in allowed):
            yield f"<{name}> is an element"
        for attribute, value in element.attrib.items():
            local = etree.QName(attribute).localname
            if local.startswith("on") or (local in ("href", "src") and urlsplit(value).scheme not in SCHEMES):
                yield f"<{name}> has {local}={value}"
        if element.get("type") == "html":
            yield from problems_of_html(f"<!doctype html><body>{element.text or ''}")


def problems(client: Client, place: str) -> list[str]:
    """What is live in the answer at an address, which may be any of ours."""
    response = client.get(place)
    parts = response.streaming_content if response.streaming else [response.content]  # type: ignore[attr-defined]
    content = b"".join(parts)
    kind = response.get("Content-Type", "").partition(";")[0]
    for name, value in response.items():
        assert "\n" not in value and "\r" not in value, (place, name)
    if response.status_code in (301, 302):
        # On to another page of ours: never to where a value points.
        target = response["Location"]
        assert urlsplit(urljoin(ORIGIN + place, target)).netloc == "testserver", (place, target)
        return []
    assert response.status_code < 500, place
    found: list[str] = []
    if kind == "text/html":
        found = list(problems_of_html(content.decode()))
    elif kind == "image/svg+xml":
        found = list(problems_of_xml(content, SVG))
    elif kind.endswith(("xml", "opensearchdescription+xml")):
        found = list(problems_of_xml(content))
    elif kind.endswith("json"):
        json.loads(content)
    else:
        # Whatever else is sent is never taken for a page.
        assert response["X-Content-Type-Options"] == "nosniff", place
    return [f"{place}: {problem}" for problem in found]


# Everything at once --------------------------------------------------------------------------------------------------


def poisoned(value: str) -> tuple[Paper, Citation]:
    """A hub with a citation, whose every field of free text holds `value`, past whatever an import cleans."""
    hub = make_hub({"method": 2, "dataset": 1}, 1, polarities={"disputes": 1}, title="Hub", slug="hub", venue="Venue")
    citing = make_paper("Citing", slug="citing", authors=["Ann"], venue="Venue", identifiers=["10.1000/x"])
    citation = make_citation(citing, hub, sentences=["A sentence."])
    mention = make_mention(citation, "Another.", section="Results")
    ann = make_curator("ann")
    label = make_label(citation, "method", "disputes", curator=ann, note=value, raw_value=value[:100], mention=mention)
    make_label(citation, "dataset", source=value[:50], note=value, raw_value=value[:100])
    make_label(citation, "extension", decided_by="classifier", source=value[:50])
    run = ImportRun.objects.create(source=value[:50], arguments={"ids": [value]}, message=value, status="failed")
    RejectedRecord.objects.create(run=run, reason=value[:300], raw=value)
    HubPin.objects.create(hub=hub, hub_class=HubClass.MIXED_USE, reason=value, curator=ann)
    HubPin.objects.create(hub=hub, citation=citation, reason=value, curator=ann)
    ClassChange.objects.create(hub=hub, to_class=HubClass.MIXED_USE, cause=value[:300], import_run=run)
    loser = make_paper("Loser", slug="loser")
    Merge.objects.create(survivor=hub, loser=loser, reason=value, curator=ann, details={"note": value})
    Report.objects.create(citation=citation, comment=value, role="dataset")
    Report.objects.create(
        citation=citation, comment=value, answer=value, status="declined", answered_by=ann, answered_at=label.created_at
    )
    audit = Audit.objects.create(hub=hub, seed=4711, population=5, planned=1, curator=ann, finished_at=label.created_at)
    AuditEntry.objects.create(audit=audit, citation=citation, position=1, reading="method", label=label)
    # Last, and past every writer: what stands in the columns is the value itself.
    Paper.objects.update(title=value, abstract=value, summary=value, url=SCRIPT_ADDRESS, sort_title=value)
    Paper.objects.filter(slug="hub").update(url=value)
    Venue.objects.update(name=value)
    Author.objects.update(name=value[:300], orcid=value[:19])
    Authorship.objects.update(name=value[:300])
    Mention.objects.update(sentence=value, section=value[:200], source=value[:50])
    citing.identifiers.update(value=value[:500])
    User.objects.update(first_name=value[:150], last_name=value[:150])
    call_command("rebuild_summaries", verbosity=0, stdout=io.StringIO())
    return hub, citation


def places(citation: Citation) -> list[str]:
    """Every kind of address that shows what was imported."""
    forms = ("csv", "json", "bib", "ris", "csl.json", "jsonld", "atom")
    number, audits = citation.pk, Audit.objects.values_list("pk", flat=True)
    return [
        "/",
        "/hubs/",
        "/hubs/hub/",
        "/hubs/hub/citing/",
        "/hubs/hub/citing/?venue=venue&role=method&role=none&count_venues=1",
        "/hubs/hub/history/",
        "/hubs/hub/history/?what=labels",
        "/hubs/hub/history.atom",
        "/history.atom",
        "/hubs/hub/badge.svg",
        *(f"/hubs/hub/citing.{form}" for form in forms),
        *(f"/papers/citing.{form}" for form in ("bib", "ris", "csl.json", "jsonld")),
        f"/citations/{number}/",
        f"/citations/{number}/report/",
        "/papers/",
        "/papers/hub/",
        "/papers/hub/?role=method",
        "/papers/citing/",
        "/papers/loser/",
        "/compare/?hub=hub&hub=citing",
        "/search/?q=zqx",
        "/search/suggestions/?q=zqx",
        *(f"/audits/{audit}{form}" for audit in audits for form in ("/", ".csv")),
        "/about/data/",
        "/about/data/agreement/",
        "/api/hubs/",
        "/api/hubs/hub/",
        "/api/hubs/hub/citing/",
        "/api/hubs/hub/history/",
        "/api/papers/",
        "/api/papers/citing/",
        "/sitemap.xml",
    ]


def desk(citation: Citation) -> list[str]:
    """The same for curators."""
    tables = ("paper", "venue", "author", "citation", "mention", "label", "importrun", "hubpin", "classchange", "merge")
    run, report = ImportRun.objects.latest("pk"), Report.objects.latest("pk")
    return [
        *(f"/admin/citations/{table}/" for table in (*tables, "report")),
        "/admin/",
        f"/admin/citations/paper/{citation.cited_id}/change/",
        f"/admin/citations/paper/{citation.citing_id}/change/",
        f"/admin/citations/citation/{citation.pk}/change/",
        f"/admin/citations/importrun/{run.pk}/change/",
        f"/admin/citations/report/{report.pk}/change/",
        f"/admin/citations/label/{citation.labels.latest('pk').pk}/change/",
        f"/admin/citations/paper/{citation.cited_id}/history/",
        f"/admin/citations/merge/?first={citation.cited_id}&second={citation.citing_id}",
        "/admin/citations/queue/",
        "/admin/citations/audits/",
        "/admin/auth/user/",
    ]


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
def test_no_field_is_live_on_any_page_export_feed_or_badge(client: Client, value: str) -> None:
    _, citation = poisoned(value)
    found = [problem for place in places(citation) for problem in problems(client, place)]
    assert not found, "\n".join(sorted(set(found)))


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
def test_no_field_is_live_in_the_admin(client: Client, value: str) -> None:
    _, citation = poisoned(value)
    client.force_login(make_curator("ann"))
    found = [problem for place in desk(citation) for problem in problems(client, place)]
    assert not found, "\n".join(sorted(set(found)))


def test_the_reader_of_pages_finds_what_is_live() -> None:
    """The judge is judged: each of these is one thing that must not be."""
    for live in (
        "<script>alert(1)</script>",
        "<img src=zqx>",
        "<p onclick=x>",
        "<a href='java\nscript:x'>x</a>",
        "<a href='data:text/html,x'>x</a>",
        "<zqx>",
        "<p zqx=1>",
        "<p style='color:red'>",
        "<iframe src=/></iframe>",
        "<base href=/>",
        "<meta http-equiv=refresh content=0>",
        "<a href='https://example.org/'>x</a>",
        '<script type="application/ld+json">{"a": "<"}</script>',
    ):
        assert len(list(problems_of_html(f"<!doctype html><title>x</title><body>{live}"))) >= 1, live
    assert list(problems_of_html("<!doctype html><title>x</title><a href='/zqx' title='zqx'>zqx</a>")) == []
    assert list(problems_of_xml(b"<svg><script>x</script></svg>", SVG))
    assert list(problems_of_xml(b"<feed><content type='html'>&lt;script&gt;x&lt;/script&gt;</content></feed>"))


# Files ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
def test_no_field_breaks_out_of_a_file(client: Client, value: str) -> None:
    poisoned(value)
    number = Citation.objects.filter(cited__slug="hub").count()

    def sent(form: str) -> str:
        response = client.get(f"/hubs/hub/citing.{form}")
        return b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]

    rows = list(csv.reader(io.StringIO(sent("csv").removeprefix("\ufeff"))))
    assert len(rows) == number + 1
    assert {len(row) for row in rows} == {len(rows[0])}
    for row in rows:
        for cell in row:
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")), cell
    assert len(json.loads(sent("json"))["results"]) == number
    assert len(json.loads(sent("csl.json"))) == number
    library = parse_string(sent("bib"))
    assert not library.failed_blocks
    assert len(library.entries) == number
    assert all(WORD not in field.key for entry in library.entries for field in entry.fields)
    assert len(rispy.loads(sent("ris"))) == number


# Imports -------------------------------------------------------------------------------------------------------------

BREAKS = "x\u202e<script>zqx()</script>\u2066\" onload='zqx()' =zqx"


def files(folder: Path) -> Iterator[tuple[Path, str]]:
    """A file of each format that is read, with such a text in every field that it has, and the format's name."""
    row = {
        "title": f"Rows {BREAKS}",
        "authors": f"{BREAKS}, Ann",
        "year": "2024",
        "venue": BREAKS,
        "doi": "10.1000/rows",
        "url": SCRIPT_ADDRESS,
        "summary": BREAKS,
        "abstract": BREAKS,
        "role": "method",
        "source": BREAKS,
        "sentences": BREAKS,
        "notice": "",
        "kind": "",
    }
    table = io.StringIO()
    writer = csv.DictWriter(table, row)
    writer.writeheader()
    writer.writerow(row | {"title": f"Table {BREAKS}", "doi": "10.1000/table"})
    bib = (
        f"@article{{k{WORD}, title = {{Bib {BREAKS}}}, author = {{{BREAKS}, Ann}}, journal = {{{BREAKS}}}, "
        f"year = 2024, doi = {{10.1000/bib}}, abstract = {{{BREAKS}}}, url = {{{SCRIPT_ADDRESS}}}, "
        f"note = {{{BREAKS}}}}}\n"
    )
    ris = (
        f"TY  - JOUR\nTI  - Ris {BREAKS}\nAU  - {BREAKS}, Ann\nJO  - {BREAKS}\nPY  - 2024\nDO  - 10.1000/ris\n"
        f"AB  - {BREAKS}\nUR  - {SCRIPT_ADDRESS}\nN1  - {BREAKS}\nER  - \n"
    )
    csl = [
        {
            "id": BREAKS,
            "type": "article-journal",
            "title": f"Csl {BREAKS}",
            "author": [{"family": BREAKS, "given": BREAKS}],
            "container-title": BREAKS,
            "DOI": "10.1000/csl",
            "abstract": BREAKS,
            "URL": SCRIPT_ADDRESS,
            "issued": {"date-parts": [[2024]]},
        }
    ]
    for name, content in (
        ("rows.jsonl", json.dumps(row)),
        ("table.csv", table.getvalue()),
        ("refs.bib", bib),
        ("refs.ris", ris),
        ("refs.json", json.dumps(csl)),
    ):
        path = folder / name
        path.write_text(content, "utf-8")
        yield path, name


def test_no_file_brings_in_anything_live(client: Client, tmp_path: Path) -> None:
    make_hub({"method": 1}, title="Hub", slug="hub", identifiers=["10.1000/hub"])
    for path, _ in files(tmp_path):
        call_command("import_file", str(path), cites="10.1000/hub", stdout=io.StringIO(), stderr=io.StringIO())
    rejected = list(RejectedRecord.objects.values_list("run__source", "reason"))
    assert Citation.objects.filter(cited__slug="hub").count() == 1 + 5, rejected
    citation = Citation.objects.filter(cited__slug="hub").latest("pk")
    assert not Paper.objects.filter(url__startswith="javascript").exists()
    wanted = [place for place in places(citation) if "citing." not in place and "/papers/citing" not in place]
    papers = [f"/papers/{slug}/" for slug in Paper.objects.values_list("slug", flat=True)]
    files_sent = [f"/hubs/hub/citing.{form}" for form in ("csv", "json", "bib", "ris", "csl.json", "jsonld", "atom")]
    found = []
    for place in (*wanted, *papers, *files_sent):
        found += problems(client, place)
    assert not found, "\n".join(sorted(set(found)))


def test_characters_that_turn_the_direction_do_not_come_in(tmp_path: Path) -> None:
    make_hub({"method": 1}, title="Hub", slug="hub", identifiers=["10.1000/hub"])
    for path, _ in files(tmp_path):
        call_command("import_file", str(path), cites="10.1000/hub", stdout=io.StringIO(), stderr=io.StringIO())
    for model, columns in ((Paper, ("title", "abstract", "summary", "url")), (Venue, ("name",)), (Author, ("name",))):
        for row in model._default_manager.values_list(*columns):
            assert not TURNING.search(" ".join(row)), (model.__name__, row)
    for sentence in Mention.objects.values_list("sentence", flat=True):
        assert not TURNING.search(sentence)


# Parameters ----------------------------------------------------------------------------------------------------------

PARAMETERS = [
    "role",
    "polarity",
    "suggested",
    "decided_by",
    "source",
    "said",
    "read",
    "same",
    "coarse",
    "confirmed",
    "year_min",
    "year_max",
    "venue",
    "q",
    "influential",
    "self",
    "retracted",
    "sort",
    "page",
    "page_size",
    "facets",
    "hub",
    "add",
    "class",
    "by",
    "to",
    "what",
    "month",
    "run",
    "find_venue",
    "count_venues",
    "jump",
    "cursor",
    "kind",
    "year",
    "next",
    "zqx",
]
LISTS = (
    "/hubs/",
    "/papers/",
    "/search/",
    "/search/suggestions/",
    "/papers/hub/",
    "/compare/",
    "/hubs/hub/",
    "/hubs/hub/citing/",
    "/hubs/hub/history/",
    "/hubs/hub/badge.svg",
    "/hubs/hub/citing.csv",
    "/hubs/hub/citing.atom",
    "/hubs/hub/history.atom",
    "/about/data/agreement/",
    "/api/hubs/hub/citing/",
    "/opensearch.xml",
)


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
def test_no_parameter_is_live(client: Client, value: str) -> None:
    make_hub({"method": 2}, 1, title="Hub", slug="hub", venue="Venue")
    every = "&".join(f"{name}={quote(value)}" for name in PARAMETERS)
    found = []
    for place in LISTS:
        found += problems(client, f"{place}?{every}")
        for name in ("q", "role", "venue", "hub", "sort", value):
            found += problems(client, f"{place}?{quote(name)}={quote(value)}")
    assert not found, "\n".join(sorted(set(found)))


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
def test_no_address_is_live(client: Client, value: str) -> None:
    written = quote(value, safe="")
    found = []
    shapes = ("/{}", "/hubs/{}/", "/papers/{}/", "/doi/10.1000/{}", "/arxiv/{}", "/id/{}/1", "/id/doi/{}", "/api/{}")
    for place in shapes:
        found += problems(client, place.format(written))
    assert not found, "\n".join(sorted(set(found)))


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
def test_what_a_reader_sends_is_not_live_when_it_comes_back(client: Client, value: str) -> None:
    citation = make_citation()
    place = f"/citations/{citation.pk}/report/"
    answer = client.post(place, {"comment": value, "reporter_address": value, "role": value, "polarity": value})
    assert answer.status_code in (403, 422)
    assert list(problems_of_html(answer.content.decode())) == []


def test_a_parameter_that_turns_the_direction_is_not_echoed_as_it_is(client: Client) -> None:
    make_hub({"method": 2}, title="Hub", slug="hub")
    for place in ("/search/", "/hubs/", "/papers/", "/hubs/hub/citing/"):
        page = client.get(f"{place}?q={quote(BIDI)}&role={quote(BIDI)}&{quote(BIDI)}=1").content.decode()
        # In the reader's own field it stands apart from all other text.
        assert not TURNING.search(re.sub(r'<input [^>]*value="[^"]*"', "", page)), place
