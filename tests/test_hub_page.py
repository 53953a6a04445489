"""The hub page: nine parts, every number with its list, and few queries."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from markupsafe import escape
from pytest_django import DjangoAssertNumQueries
from pytest_django.live_server_helper import LiveServer

from citations import formatting, labelling, summaries
from citations.facets import columns
from citations.models import Citation, HubPin, ImportRun, Paper
from citations.vocabulary import HubClass, Role
from tests.factories import (
    CAUSE,
    make_citation,
    make_curator,
    make_hub,
    make_label,
    make_mention,
    make_paper,
    make_venue,
    new_label,
    paper_changed,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert('x')</script> \"quoted\" & 'so' \u202ereversed {{ 7 * 7 }}"
POLARITIES = {"supports": 5, "disputes": 1, "mixed": 1, "neutral": 8}


def page(client: Client, hub: Paper) -> str:
    """The page's HTML."""
    response = client.get(f"/hubs/{hub.slug}/")
    assert response.status_code == 200
    return response.content.decode()


def text(html: str) -> str:
    """What a reader sees, in one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def pythia(**facts: object) -> Paper:
    """A hub like the one of the sample: 18 of 23 use it as a tool, 7 are not classified."""
    roles = {"method": 18, "dataset": 1, "comparison": 1, "extension": 1, "evidence": 1, "background": 1}
    return make_hub(roles, 7, polarities=POLARITIES, title="Pythia: a suite", citing_facts={"year": 2024}, **facts)  # type: ignore[arg-type]


class Links(HTMLParser):
    """The links of a page, each with its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._open: list[str] = []
        self._text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._open.append(dict(attrs).get("href") or "")
            self._text = []

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self.found.append((self._open.pop(), " ".join("".join(self._text).split())))


def listed(client: Client, address: str) -> int:
    """How many papers the list at an address says that it has."""
    html = client.get(address).content.decode()
    found = re.search(r'id="count"[^>]*>([\d,]+)', html)
    assert found, address
    return int(found[1].replace(",", ""))


def number_in(link_text: str) -> str:
    """The number that a link states: that of a chart's title ("2024, Dataset: 3"), after a year, else the first."""
    of_chart = re.search(r": ([\d,]+)", link_text)
    after_year = re.fullmatch(r"(?:19|20)\d\d ([\d,]+)", link_text)
    found = of_chart or after_year
    return found[1] if found else re.findall(r"[<>]?\d[\d,]*%?", link_text)[0]


def test_every_number_opens_its_list_and_the_two_agree(client: Client) -> None:
    hub = pythia(coarse=True)
    unclear, suggested, confirmed = (make_citation(make_paper(year=2020), hub) for _ in range(3))
    make_label(unclear, "unclear")
    make_label(suggested, "dataset", decided_by="classifier")
    make_label(confirmed, "evidence", "disputes", curator=make_curator())
    base = f"/hubs/{hub.slug}/citing/"
    counts: dict[str, int] = {}
    checked = 0
    denominators = [listed(client, base)]
    denominators += [listed(client, base + "?" + "&".join(f"role={role}" for role in Role if role.is_classified))]
    denominators += [listed(client, base + "?polarity=supports&polarity=disputes&polarity=mixed&polarity=neutral")]
    for href, link_text in Links(page(client, hub)).found:
        if not href.startswith(base) or "page=" in href or not re.search(r"\d", link_text):
            continue
        if href not in counts:
            counts[href] = listed(client, href)
        stated = number_in(link_text)
        if stated.endswith("%"):
            assert stated in [formatting.percent(counts[href], n) for n in denominators if counts[href] <= n], link_text
        else:
            assert int(stated.replace(",", "")) == counts[href], (href, link_text)
        checked += 1
    assert checked > 80
    assert len(counts) > 35


def test_it_has_all_nine_parts(client: Client) -> None:
    hub = pythia(
        authors=["Stella Biderman", "Hailey Schoelkopf"],
        identifiers=["arXiv:2304.01373"],
        venue="ICML",
        year=2023,
        summary="Sixteen models.",
        abstract="How do models develop?",
    )
    html = page(client, hub)
    parts = re.findall(r'<h2 id="(s-[a-z]+)">', html)
    assert parts == [
        "s-headline",
        "s-abstract",
        "s-tools",
        "s-roles",
        "s-audit",
        "s-pol",
        "s-years",
        "s-rep",
        "s-list",
    ]
    assert "<h1><bdi>Pythia: a suite</bdi></h1>" in html
    assert "Stella Biderman, Hailey Schoelkopf" in html
    assert 'href="/arxiv/2304.01373"' in html
    assert "@misc{biderman2023pythia" in html
    said = text(html)
    assert (
        "Tool reference. 78% of 23 classified citing papers ( 58–90% ) use this work as a method, library or "
        "software dependency, not as a substantive claim. 7 more are not classified, 0 unclear." in said
    )
    assert "23 of 30 known citing papers are classified ( 77% )" in said
    assert html.count('<article class="row"') == 30


def test_why_this_class_shows_every_rule_and_which_one_holds(client: Client) -> None:
    html = page(client, pythia())
    rules = re.findall(r"<li( class=\"hit\")?><span>(.*?)</span> </li>", html)
    assert len(rules) == len(HubClass)
    assert [text(rule).split(":")[0] for hit, rule in rules if hit] == ["Tool reference"]
    assert "sampling range only" in text(html)


def test_no_range_is_shown_where_everything_is_classified(client: Client) -> None:
    html = page(client, make_hub({"method": 20, "dataset": 5}, polarities={"supports": 25}))
    assert "95% range" not in html
    assert "80% of all 25 citing papers use this work" in text(html)


def test_a_pinned_class_is_shown_with_its_reason_beside_the_computed_one(client: Client) -> None:
    hub = pythia()
    HubPin.objects.create(hub=hub, hub_class=HubClass.FOUNDATION, reason="Read in full.", curator=make_curator())
    summaries.recount([hub.pk], CAUSE)
    html = page(client, hub)
    said = text(html)
    assert "Foundation pinned by a curator computed: Tool reference" in said
    assert "“Read in full.”" in said
    assert "Tool reference. 78%" in said


def test_a_confirmed_dispute_is_named_beside_the_class_and_an_unconfirmed_one_marked(client: Client) -> None:
    hub = pythia()
    html = page(client, hub)
    assert "Disputed by" not in html
    assert "1 not confirmed" in html
    make_label(make_citation(cited=hub), "evidence", "disputes", curator=make_curator())
    html = page(client, hub)
    assert "Disputed by 1" in html
    assert f'href="/hubs/{hub.slug}/citing/?polarity=disputes&amp;confirmed=1"' in html


def test_suggestions_are_named_apart_and_counted_in_no_share(client: Client) -> None:
    hub = pythia()
    citation = Citation.objects.filter(cited=hub, role="").first()
    assert citation is not None
    make_label(citation, "dataset", decided_by="classifier")
    said = text(page(client, hub))
    assert (
        "Suggested by a classifier for papers that nobody has classified, and counted in no share: dataset 1 ." in said
    )
    assert "78% of 23 classified citing papers" in said


def test_the_sources_are_named_and_the_sample_is_marked(client: Client) -> None:
    html = page(client, pythia(coarse=True))
    assert "Roles and polarities in this sample collection are illustrative, not findings." in html
    assert "imported 23 (from Sample (illustrative) 23 ; what is known" in text(html)
    assert "23 labels are coarse" in text(html)


def test_the_mark_of_the_sample_stays_while_one_of_its_polarities_stands(client: Client) -> None:
    hub = make_hub({"method": 2}, polarities={"supports": 1})
    for citation in Citation.objects.filter(cited=hub):
        make_label(citation, "dataset", curator=make_curator())
    for address in (hub.get_hub_url(), "/hubs/", "/", f"/papers/{hub.slug}/"):
        assert "illustrative, not findings" in client.get(address).content.decode(), address
    assert "sample" in client.get(f"/hubs/{hub.slug}/badge.svg").content.decode()
    assert client.get(f"/api/hubs/{hub.slug}/").json()["sample"] is True


def test_a_hub_of_curators_has_no_mark_of_the_sample(client: Client) -> None:
    html = page(client, make_hub({"method": 3}, curator=make_curator()))
    assert "illustrative" not in html
    assert "curator 3 ," in text(html)


def test_representatives_say_why_they_were_chosen(client: Client) -> None:
    hub = pythia()
    html = page(client, hub)
    assert html.count('<p class="chosen">') == 6
    assert "Dataset: the only one" in html
    citation = Citation.objects.filter(cited=hub, role="").first()
    assert citation is not None
    HubPin.objects.create(hub=hub, citation=citation, reason="A good example.", curator=make_curator())
    summaries.recount([hub.pk], CAUSE)
    first = re.findall(r'<p class="chosen">(.*?)</p>', page(client, hub))[0]
    assert first == "Pinned by a curator: A good example."


def test_a_paper_that_nothing_cites_has_a_page_that_says_so(client: Client) -> None:
    html = page(client, make_paper("Lonely", cited_by=12, summary="Alone."))
    said = text(html)
    assert "Not enough evidence. No citing paper is known, so no class is named." in said
    assert "Worldwide it is cited 12 times (Sample (illustrative), 1 January 2026)." in said
    assert "Citation polarity" not in said


def test_a_hub_without_labels_says_that_none_is_classified(client: Client) -> None:
    html = page(client, make_hub({}, 4))
    said = text(html)
    assert "None of 4 citing papers is classified" in said
    assert "None of 4 citing papers is assessed" in said
    assert "No year is known" in said
    assert "None is chosen yet" in said
    assert 'fill="url(#hatch)"' in html


def test_one_citing_paper_is_said_in_the_singular(client: Client) -> None:
    said = text(page(client, make_hub({"method": 1}, citing_facts={"year": 2024})))
    assert "1 of 1 known citing paper is classified" in said
    assert "how 1 paper cites it" in said


def test_a_merged_paper_leads_to_its_survivor(client: Client) -> None:
    hub = make_hub({"method": 1})
    older = make_paper("Older", merged_into=hub)
    response = client.get(f"/hubs/{make_paper('Merged', merged_into=older).slug}/")
    assert (response.status_code, response["Location"]) == (302, f"/hubs/{hub.slug}/")


def test_an_unknown_hub_is_not_found(client: Client) -> None:
    response = client.get("/hubs/nothing-here/")
    assert response.status_code == 404
    assert "nothing-here" in response.content.decode()


def test_a_notice_stands_above_everything_else(client: Client) -> None:
    hub = make_hub({"method": 2}, notice="retracted", field_sources={"notice": "crossref"})
    html = page(client, hub)
    assert "Retracted" in html
    assert "says Crossref" in html


def test_everything_from_outside_is_escaped(client: Client) -> None:
    venue = make_venue("hostile")
    venue.name = HOSTILE
    venue.save()
    hub = make_hub(
        {"method": 2},
        title=HOSTILE,
        slug="hostile",
        authors=[HOSTILE],
        summary=HOSTILE,
        abstract=f"{HOSTILE}\n\n{HOSTILE}" * 20,
        url="javascript:alert(1)",
        citing_facts={"summary": HOSTILE, "venue": "hostile"},
    )
    citation = Citation.objects.filter(cited=hub).first()
    assert citation is not None
    make_mention(citation, HOSTILE, section=HOSTILE)
    HubPin.objects.create(hub=hub, hub_class=HubClass.FOUNDATION, reason=HOSTILE, curator=make_curator())
    summaries.recount([hub.pk], CAUSE)
    html = page(client, hub)
    assert "<script>alert" not in html
    assert 'href="javascript' not in html
    assert str(escape("<script>alert('x')</script>")) in html
    assert re.search(r"\{\{ 7 \* 7 \}\}", html)


def test_no_style_no_script_and_no_cookie(client: Client) -> None:
    hub = pythia()
    response = client.get(f"/hubs/{hub.slug}/")
    html = response.content.decode()
    assert not response.cookies
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style|javascript:", html)
    assert all("src=" in tag or "application/ld+json" in tag for tag in re.findall(r"<script[^>]*>", html))
    assert client.post(f"/hubs/{hub.slug}/").status_code == 405


def test_ids_are_unique_and_names_of_parts_exist(client: Client) -> None:
    html = page(client, pythia())
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    for reference in re.findall(r'(?:aria-labelledby|for)="([^"]+)"', html):
        assert reference in ids
    for target in re.findall(r'href="#([^"]+)"', html):
        assert target in ids


@pytest.mark.parametrize("size", [30, 300])
def test_it_takes_at_most_six_queries_whatever_the_number_of_citing_papers(
    client: Client, size: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    hub = make_hub(
        {"method": size // 2, "dataset": 5},
        size // 2 - 5,
        authors=[f"Author {number}" for number in range(9)],
        identifiers=["arXiv:2304.01373", "10.1000/x"],
        venue="ICML",
        citing_facts={"venue": "NeurIPS", "year": 2024},
    )
    for citation in Citation.objects.filter(cited=hub)[:20]:
        make_mention(citation, f"Sentence of {citation.pk}.", counted=False)
    with django_assert_max_num_queries(6):
        page(client, hub)


def test_it_says_nothing_of_papers_that_a_merge_hid(client: Client) -> None:
    hub = make_paper("Hub")
    kept, hidden = make_citation(make_paper("Kept"), hub), make_citation(make_paper("Hidden"), hub)
    labelling.add_labels([new_label(kept, "method"), new_label(hidden, "method")], CAUSE)
    Citation.objects.filter(pk=hidden.pk).update(merged_into=kept)
    labelling.rebuild_hub(hub.pk)
    html = page(client, hub)
    assert "Hidden" not in html
    assert "1 of 1 known citing paper" in text(html)


def test_papers_of_unknown_year_are_mentioned_and_stand_in_no_column(client: Client) -> None:
    hub = make_hub({"method": 2})
    dated = make_citation(make_paper("Dated", year=2021), hub)
    paper_changed(dated.citing)
    html = page(client, hub)
    assert "Papers of unknown year stand in no column." in html
    assert ">2021</th>" in html


def test_the_description_of_a_pinned_hub_names_the_class_of_its_sentence(client: Client) -> None:
    hub = pythia()
    HubPin.objects.create(hub=hub, hub_class=HubClass.FOUNDATION, reason="Read in full.", curator=make_curator())
    summaries.recount([hub.pk], CAUSE)
    assert '<meta name="description" content="Tool reference. 78%' in page(client, hub)


def test_a_hatched_part_is_only_spoken_of_where_there_is_one(client: Client) -> None:
    assert "the hatched part is not classified" in text(page(client, pythia()))
    assert "hatched" not in text(page(client, make_hub({"method": 20, "unclear": 1})))


def test_a_source_that_gave_polarities_alone_is_not_said_to_have_decided_roles(client: Client) -> None:
    hub = make_hub({"method": 3})
    make_label(make_citation(make_paper(), hub), polarity="supports", source="scite")
    assert "imported 3 (from Sample (illustrative) 3 ; what is known" in text(page(client, hub))


@pytest.mark.django_db
def test_how_many_roles_each_source_decided_opens_their_list(client: Client) -> None:
    hub = make_hub({"method": 3})
    for is_self in (False, True):
        own = make_citation(make_paper(), hub, is_self_citation=is_self)
        make_label(own, "comparison", source="semanticscholar")
    for query, numbers in (("", {"sample": 3, "semanticscholar": 2}), ("?self=0", {"sample": 3, "semanticscholar": 1})):
        html = client.get(f"{hub.get_hub_url()}{query}").content.decode()
        links = re.findall(r'<a class="num" href="([^"]*decided_by=import&amp;source=(\w+))">(\d+)</a>', html)
        assert {source: int(number) for _, source, number in links} == numbers
        for address, _, number in links:
            listed = client.get(address.replace("&amp;", "&")).content.decode()
            assert f'tabindex="-1">{number} of 5 citing paper' in listed, address


@pytest.mark.django_db(transaction=True)
def test_a_link_to_why_opens_it_from_within_and_from_elsewhere(live_server: LiveServer, page: Page) -> None:
    hub = make_hub({"method": 18, "dataset": 5}, 7, slug="hub")
    page.goto(f"{live_server.url}{hub.get_hub_url()}")
    why = page.get_by_text("The rules are read from the top")
    assert not why.is_visible()
    page.locator('.headline a[href="#why-class"]').first.click()
    why.wait_for(state="visible")
    page.goto(f"{live_server.url}/about/classes/")
    page.goto(f"{live_server.url}{hub.get_hub_url()}#why-class")
    why.wait_for(state="visible")


@pytest.mark.django_db(transaction=True)
def test_no_page_scrolls_sideways_on_a_narrow_screen(live_server: LiveServer, page: Page) -> None:
    hub = pythia()
    for year in range(2015, 2025):
        make_citation(make_paper(year=year), hub)
    ImportRun.objects.create(source="semanticscholar", fingerprint="f")
    page.set_viewport_size({"width": 320, "height": 700})
    addresses = (
        hub.get_hub_url(),
        f"{hub.get_hub_url()}citing/",
        hub.get_absolute_url(),
        *("/", "/hubs/", "/papers/", "/about/classes/", "/about/data/", "/nowhere/"),
    )
    for address in addresses:
        page.goto(f"{live_server.url}{address}")
        page.evaluate(
            "document.querySelectorAll('.facts .num, .facts .zero').forEach(n => n.textContent = '12,345,678')"
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, address


# Clean counts ---------------------------------------------------------------------------------------------------------


def distorted() -> Paper:
    """A hub with three self-citations and a retracted paper among those that use it as a tool."""
    hub = make_hub({"method": 25, "background": 10}, 5, title="Pythia: a suite", citing_facts={"year": 2024})
    citations = list(Citation.objects.filter(cited=hub, role="method").order_by("pk"))
    for citation in citations[:3]:
        citation.is_self_citation = True
        citation.save()
    citations[3].citing.notice = "retracted"
    citations[3].citing.save()
    paper_changed(*(citation.citing for citation in citations[:4]))
    summaries.recount([hub.pk], CAUSE)
    return Paper.objects.get(pk=hub.pk)


def clean_page(client: Client, hub: Paper, query: str) -> str:
    """The page under some parameters."""
    response = client.get(f"/hubs/{hub.slug}/{query}")
    assert response.status_code == 200
    return response.content.decode()


def test_self_citations_and_retracted_papers_can_be_left_out_of_every_number(client: Client) -> None:
    hub = distorted()
    whole = text(clean_page(client, hub, ""))
    assert "71% of 35 classified citing papers" in whole
    assert "3 self-citations: leave out" in whole
    assert "1 retracted paper: leave out" in whole
    assert "Counted without" not in whole
    html = clean_page(client, hub, "?self=0&retracted=0")
    said = text(html)
    assert "68% of 31 classified citing papers" in said
    assert "Counted without 3 self-citations and 1 retracted paper: shares, charts and lists" in said
    assert "Count all 40" in said
    assert "noindex, follow" in html
    assert "36 known citing papers, newest first" in said
    assert f'<link rel="canonical" href="http://testserver/hubs/{hub.slug}/">' in html


@pytest.mark.parametrize("query", ["?self=0", "?retracted=0", "?self=0&retracted=0"])
def test_every_number_without_them_opens_its_list_too(client: Client, query: str) -> None:
    hub = distorted()
    base = f"/hubs/{hub.slug}/citing/"
    checked = 0
    shares = 0
    for href, link_text in Links(clean_page(client, hub, query)).found:
        if not href.startswith(base) or "page=" in href or not re.search(r"\d", link_text):
            continue
        stated = number_in(link_text)
        if stated.endswith("%"):
            shares += 1
        else:
            assert int(stated.replace(",", "")) == listed(client, href), (href, link_text)
            checked += 1
    assert checked > 40
    assert shares >= 4


def test_a_big_hub_is_counted_anew_from_its_kept_columns(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = distorted()
    live = clean_page(client, hub, "?self=0&retracted=0")
    for module in (summaries.writing, columns):
        monkeypatch.setattr(module, "STAMPED_FROM", 5)
    summaries.recount([hub.pk], CAUSE)
    assert clean_page(client, hub, "?self=0&retracted=0") == live


def test_representatives_that_are_left_out_are_not_shown(client: Client) -> None:
    hub = make_hub({"method": 1, "background": 2})
    Citation.objects.filter(cited=hub, role="method").update(is_self_citation=True)
    summaries.recount([hub.pk], CAUSE)
    assert clean_page(client, hub, "").count('<p class="chosen">') == 3
    assert clean_page(client, hub, "?self=0").count('<p class="chosen">') == 2


def test_where_every_paper_is_left_out_the_page_says_so(client: Client) -> None:
    hub = make_hub({"method": 2})
    Citation.objects.filter(cited=hub).update(is_self_citation=True)
    summaries.recount([hub.pk], CAUSE)
    said = text(clean_page(client, hub, "?self=0"))
    assert "Every known citing paper is left out" in said
    assert "Count all 2" in said


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("?self=1", "Unknown value “1”. Allowed are: 0. Nothing is left out of the numbers."),
        ("?retracted=no", "Unknown value “no”"),
        ("?role=method", "Unknown parameter “role”: it was ignored. Parameters are: self, retracted."),
        ("?page=2", "Unknown parameter “page”"),
    ],
)
def test_other_parameters_are_told_and_change_nothing(client: Client, query: str, told: str) -> None:
    hub = distorted()
    html = clean_page(client, hub, query)
    assert told in text(html)
    assert "71% of 35 classified citing papers" in text(html)


def test_visits_are_not_told(client: Client) -> None:
    hub = make_hub({"method": 2})
    assert "Unknown parameter" not in clean_page(client, hub, "?utm_source=x")


@pytest.mark.parametrize("query", ["?self=0%00", "?" + "&".join(["self=0"] * 1_000), "?self=%FF", "?=&&"])
def test_no_parameter_breaks_it(client: Client, query: str) -> None:
    hub = distorted()
    assert client.get(f"/hubs/{hub.slug}/{query}").status_code in (200, 400)


def test_counting_anew_takes_two_queries_more(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    hub = distorted()
    with django_assert_max_num_queries(8):
        clean_page(client, hub, "?self=0&retracted=0")


def test_it_leads_to_the_comparison(client: Client) -> None:
    hub = make_hub({"method": 2})
    assert f'href="/compare/?hub={hub.slug}"' in clean_page(client, hub, "")
