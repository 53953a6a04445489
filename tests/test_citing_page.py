"""The citing-papers explorer."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from markupsafe import escape
from pytest_django import DjangoAssertNumQueries

from citations import summaries
from citations.models import Citation, HubPin, Paper
from citations.vocabulary import HubClass
from tests.factories import (
    CAUSE,
    make_citation,
    make_curator,
    make_hub,
    make_label,
    make_mention,
    make_paper,
    make_venue,
    paper_changed,
)

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert('x')</script> \"quoted\" & 'so' \u202ereversed {{ 7 * 7 }}"


# What a browser sends that refreshes the list in place.
IN_PLACE = {"HX-Request": "true", "HX-Target": "explorer"}


def page(client: Client, hub: Paper, query: str = "") -> str:
    """The explorer's HTML."""
    response = client.get(f"/hubs/{hub.slug}/citing/{query}")
    assert response.status_code == 200
    return response.content.decode()


def text(html: str) -> str:
    """What a reader sees, in one line."""
    without = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", html, flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", without).split())


def heading(html: str) -> str:
    """The line above the rows."""
    found = re.search(r'id="count"[^>]*>(.*?)</h2>', html, re.S)
    return found[1].strip() if found else ""


def test_it_lists_all_papers_with_heading_and_facets(client: Client) -> None:
    hub = make_hub({"method": 18, "dataset": 5}, 7, title="Pythia: a suite")
    html = page(client, hub)
    assert heading(html) == "30 citing papers"
    assert "<title>30 papers that cite Pythia - Citation Explorer</title>" in html
    assert html.count('<article class="row"') == 30
    assert "Tool or method" in html
    assert "1–30 of 30" in text(html)


def test_a_filter_is_said_in_heading_title_and_chips(client: Client) -> None:
    hub = make_hub({"method": 18, "dataset": 5}, 7, title="Pythia: a suite")
    html = page(client, hub, "?role=method&sort=cited")
    assert heading(html) == "18 of 30 citing papers use Pythia as a tool, most cited first"
    assert "<title>18 papers that use Pythia as a tool, most cited first - Citation Explorer</title>" in html
    assert html.count('class="chip"') == 1
    assert 'content="noindex, follow"' in html
    assert '<input type="hidden" name="role" value="method">' in html


def test_what_is_not_understood_is_said_and_nothing_is_listed(client: Client) -> None:
    hub = make_hub({"method": 3}, title="Pythia: a suite")
    html = page(client, hub, "?role=tool")
    assert "Unknown role “tool”. Allowed are: method, dataset" in html
    assert f'Did you mean <a href="/hubs/{hub.slug}/citing/?role=method"' in html
    assert "Nothing is listed until this is corrected" in html
    assert '<article class="row"' not in html
    assert heading(html) == ""


def test_an_unknown_name_is_said_and_the_list_stays(client: Client) -> None:
    hub = make_hub({"method": 3})
    html = page(client, hub, "?rol=method")
    assert "Unknown parameter “rol”" in html
    assert html.count('<article class="row"') == 3


@pytest.mark.parametrize(
    "query",
    [
        "?q=%00%FF%FE",
        "?q=" + "%25" * 100,
        "?q=" + "a+" * 5_000,
        "?q=" + "%22" * 501,
        "?q=AND+OR+NEAR(a+b)+*+-+%3A",
        "?page=" + "9" * 40,
        "?page=999999999",
        "?" + "&".join(["role=method"] * 1_000),
        "?" + "&".join(["role=method"] * 1_001),
        "?" + "&".join(["venue=x"] * 1_000),
        "?" + "&".join(["q=x"] * 1_000),
        "?" + "&".join(f"x{n}=1" for n in range(900)),
        "?venue=%00&role=%ED%A0%80&sort=%F0%9F%98%80",
        "?find_venue=%00%25_&jump=%00&count_venues=%FF",
        "?find_venue=" + "x" * 500,
        "?jump=99999999999999999999&sort=oldest",
        "?=&&&=1",
    ],
)
@pytest.mark.parametrize("refreshed", [False, True])
def test_no_address_breaks_it(client: Client, query: str, refreshed: bool) -> None:
    hub = make_hub({"method": 3})
    response = client.get(f"/hubs/{hub.slug}/citing/{query}", headers=IN_PLACE if refreshed else {})
    assert response.status_code in (200, 400)


def test_it_pages_with_links_to_the_neighbours(client: Client) -> None:
    hub = make_hub({"method": 60})
    html = page(client, hub, "?page_size=25&page=2")
    path = f"/hubs/{hub.slug}/citing/"
    assert f'<link rel="prev" href="{path}?page_size=25">' in html
    assert f'<link rel="next" href="{path}?page_size=25&amp;page=3">' in html
    assert "26–50 of 60" in text(html)
    assert ", page 2 - Citation Explorer</title>" in html


def test_a_page_beyond_the_last_leads_back(client: Client) -> None:
    hub = make_hub({"method": 60})
    html = page(client, hub, "?page=9")
    assert "There is no page 9." in text(html)
    assert f'href="/hubs/{hub.slug}/citing/?page=2">page 2</a>' in html


def test_where_nothing_matches_each_filter_that_helps_can_be_dropped(client: Client) -> None:
    hub = make_hub({"method": 18, "dataset": 5}, 7)
    html = page(client, hub, "?role=extension&year_max=2019")
    assert "No paper matches all of these filters" in html
    assert heading(html) == f"0 of 30 citing papers build directly on {hub.title}, up to 2019"
    assert "Dropping “Role: Extension” alone would still show none." in text(html)
    assert "Show all 30" in html


def test_a_paper_that_nothing_cites_says_so(client: Client) -> None:
    html = page(client, make_paper("Lonely"))
    assert "No citing paper is known" in html
    assert heading(html) == "0 citing papers"


def test_everything_from_outside_is_escaped(client: Client) -> None:
    hub = make_paper(f"Hub {HOSTILE}")
    venue = make_venue("hostile")
    venue.name = HOSTILE
    venue.save()
    citing = make_paper(HOSTILE, authors=[HOSTILE], summary=HOSTILE, venue="hostile", slug="hostile")
    citation = make_citation(citing, hub)
    mention = make_mention(citation, HOSTILE, section=HOSTILE, source=HOSTILE[:50])
    make_label(
        citation, "method", "disputes", mention=mention, curator=make_curator(), note=HOSTILE, raw_value=HOSTILE[:100]
    )
    for query in ("", "?q=%3Cscript%3E", "?role=%3Cscript%3E&%3Cb%3E=1", "?venue=hostile"):
        html = page(client, hub, query)
        assert "<script>alert" not in html
        assert "“<b>”" not in html
        assert "reversed 49" not in html
    assert str(escape("<script>alert('x')</script>")) in page(client, hub)


def test_rows_say_who_decided_why_and_what_is_only_suggested(client: Client) -> None:
    hub = make_paper("Hub")
    first = make_citation(make_paper("First"), hub, sentences=["We use the checkpoints."], is_influential=True)
    make_label(first, "method", "supports", source="semanticscholar", raw_value="methodology", coarse=True)
    second = make_citation(make_paper("Second", notice="retracted"), hub)
    make_label(second, "dataset", decided_by="classifier", confidence=0.91)
    html = text(page(client, hub))
    assert "import from Semantic Scholar, raw value methodology" in html
    assert "“We use the checkpoints.”" in html
    assert "suggested: Dataset, 0.91" in html
    assert "classifier linear-2026-11 at 0.91" in html
    assert "No citing sentence is known." in html
    assert "Retracted" in html
    assert "influential" in html
    assert "coarse" in html


def test_labels_of_the_sample_are_marked_on_row_and_page(client: Client) -> None:
    hub = make_hub({"method": 2}, 1)
    html = page(client, hub)
    assert "Roles and polarities in this sample collection are illustrative, not findings." in html
    assert html.count(">sample</a>") == 2
    real = make_hub({"method": 2}, curator=make_curator())
    html = page(client, real)
    assert "sample" not in html


def test_a_polarity_names_its_own_decider_where_somebody_else_decided_the_role(client: Client) -> None:
    hub = make_paper("Hub")
    citation = make_citation(make_paper("First"), hub)
    make_label(citation, "method", "supports")
    make_label(citation, "background", curator=make_curator())
    html = page(client, hub)
    said = text(html)
    assert "Decided by: role: curator Decided by: polarity: imported sample" in said
    assert "Decided by (role) a curator" in said
    assert "Decided by (polarity) import from Sample (illustrative)" in said
    assert said.count("Decided by (role)") == said.count("Decided by (polarity)") == 1
    assert "Replaced Tool or method (import from Sample (illustrative)) All labels" in said
    # No role of the sample stands any more, but its polarity does.
    assert "Roles and polarities in this sample collection are illustrative, not findings." in html


def test_a_polarity_of_a_curator_on_a_role_of_the_sample_is_told_from_it(client: Client) -> None:
    hub = make_paper("Hub")
    citation = make_citation(make_paper("First"), hub)
    make_label(citation, "method", "supports")
    make_label(citation, "", "disputes", curator=make_curator())
    said = text(page(client, hub))
    assert "Decided by: role: imported sample Decided by: polarity: curator" in said
    assert "Replaced Supports (import from Sample (illustrative)) All labels" in said


def test_a_polarity_of_the_sample_beside_an_imported_role_is_marked(client: Client) -> None:
    hub = make_paper("Hub")
    citation = make_citation(make_paper("First"), hub)
    make_label(citation, "method", "supports")
    make_label(citation, "background", source="semanticscholar")
    said = text(page(client, hub))
    assert "Decided by: role: imported Decided by: polarity: imported sample" in said


def test_where_values_are_chosen_a_number_still_opens_exactly_its_papers(client: Client) -> None:
    hub = make_hub({"method": 3, "dataset": 2})
    html = page(client, hub, "?role=method")
    path = f"/hubs/{hub.slug}/citing/"
    assert f'href="{path}?role=method&amp;role=dataset"' in html
    assert re.search(rf'<a class="n" href="{re.escape(path)}\?role=dataset"[^>]*>2<', html)
    assert re.search(rf'<a class="n" href="{re.escape(path)}\?role=method"[^>]*>3<', html)
    assert f'<a class="grow" id="f-role-method" href="{path}" rel="nofollow" aria-current="true">' in html


# Refreshed in place ---------------------------------------------------------------------------------------------------


def test_a_list_that_is_refreshed_in_place_comes_alone_with_title_and_address(client: Client) -> None:
    hub = make_hub({"method": 3, "dataset": 2}, title="Pythia: a suite")
    path = f"/hubs/{hub.slug}/citing/"
    response = client.get(f"{path}?q=&role=method&sort=newest&page_size=50", headers=IN_PLACE)
    html = response.content.decode()
    assert "<!DOCTYPE" not in html
    assert html.lstrip().startswith("<title>3 papers that use Pythia as a tool - Citation Explorer</title>")
    assert '<p id="said" data-hx-swap-oob="innerHTML">3 of 5 citing papers use Pythia as a tool</p>' in html
    assert html.count("<article") == 3
    assert response["HX-Push-Url"] == f"{path}?role=method"


def test_page_and_list_hold_the_same_and_caches_tell_them_apart(client: Client) -> None:
    hub = make_hub({"method": 30}, 30)
    address = f"/hubs/{hub.slug}/citing/?role=method&page_size=25&page=2"
    whole, alone = client.get(address), client.get(address, headers=IN_PLACE)
    part = whole.content.decode().partition('<div id="explorer"')[2].partition("</main>")[0]
    assert part.strip() == alone.content.decode().partition('<div id="explorer"')[2].strip()
    for response in (whole, alone):
        assert "HX-Request" in response["Vary"]
    assert "HX-Push-Url" not in whole


def test_going_back_gets_the_whole_page(client: Client) -> None:
    hub = make_hub({"method": 1})
    html = page(client, hub)
    assert '"historyRestoreAsHxRequest":false' in html
    assert '"allowEval":false' in html
    assert '"includeIndicatorStyles":false' in html
    assert 'src="/static/vendor/htmx/htmx.min.js" defer' in html


def test_an_address_that_was_not_understood_stays_as_it_was_typed(client: Client) -> None:
    hub = make_hub({"method": 1})
    response = client.get(f"/hubs/{hub.slug}/citing/?role=tool", headers=IN_PLACE)
    assert "HX-Push-Url" not in response
    assert "This address was not understood." in response.content.decode()


# Parameters of the page alone -----------------------------------------------------------------------------------------


def test_a_year_can_be_jumped_to(client: Client) -> None:
    hub = make_paper("Hub")
    papers = [make_paper(f"Paper of {year}", year=year) for year in range(1990, 2020)]
    citations = [make_citation(paper, hub) for paper in papers]
    path = f"/hubs/{hub.slug}/citing/"
    of_1994 = citations[4].pk
    response = client.get(f"{path}?page_size=25&jump=1994&page=1")
    assert (response.status_code, response["Location"]) == (302, f"{path}?page_size=25&page=2#c{of_1994}")
    assert f'id="c{of_1994}"' in page(client, hub, "?page_size=25&page=2")
    response = client.get(f"{path}?page_size=25&sort=oldest&jump=1994")
    assert response["Location"] == f"{path}?sort=oldest&page_size=25#c{of_1994}"
    assert 'name="jump"' in page(client, hub, "?page_size=25")
    assert 'name="jump"' not in page(client, hub, "?page_size=25&sort=cited")
    assert 'name="jump"' not in page(client, hub)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?jump=abc", "“abc” is no year to jump to. Give four digits"),
        ("?jump=20244", "“20244” is no year to jump to"),
        ("?jump=2024&sort=cited", "A year has its place only in a list by date"),
        ("?count_venues=yes", "“yes” is no count_venues: give 1."),
        ("?find_venue=" + "x" * 101, "is too long for the name of a venue"),
        ('?q=citing+"pap', "A quotation mark without a partner was ignored."),
        ("?q=title:citing", "“title:” is no field here"),
    ],
)
def test_what_was_passed_over_is_said_and_the_list_stays(client: Client, query: str, said: str) -> None:
    hub = make_hub({"method": 3}, citing_facts={"abstract": "A title citing a pap."})
    html = page(client, hub, query)
    assert said in text(html)
    assert html.count("<article") == 3


def test_venues_can_be_looked_for(client: Client) -> None:
    hub = make_hub({"method": 2}, citing_facts={"venue": "ICML"})
    make_citation(make_paper(venue="NeurIPS"), hub)
    html = page(client, hub, "?role=method&role=none&find_venue=icm")
    assert "1 venue with “icm” in the name." in html
    assert "NeurIPS" not in html.partition('id="results"')[0]
    assert f'href="/hubs/{hub.slug}/citing/?role=method&amp;role=none&amp;venue=icml"' in html
    assert 'value="icm"' in html
    assert "find_venue" not in "".join(re.findall(r'href="([^"]*)"', html))


# Rows ----------------------------------------------------------------------------------------------------------------


def test_what_was_searched_for_and_what_names_the_hub_is_marked(client: Client) -> None:
    hub = make_paper("Pythia: a suite")
    make_citation(make_paper("Sparse <b>models</b>"), hub, sentences=["We use Pythia.", "A second one.", "A third."])
    html = page(client, hub, "?q=sparse")
    assert "<mark>Sparse</mark> &lt;b&gt;models&lt;/b&gt;" in html
    assert '“We use <b class="cited">Pythia</b>.”' in html
    assert "+2<span" in html
    assert "“A third.”" in html
    assert re.search(r'<a class="anchor" href="#c\d+">', html)
    assert 'class="Z3988"' in html


def test_a_merged_paper_leads_to_the_list_of_its_survivor(client: Client) -> None:
    hub = make_hub({"method": 1})
    merged = make_paper("Merged", merged_into=hub)
    response = client.get(f"/hubs/{merged.slug}/citing/?role=method")
    assert response.status_code == 302
    assert response["Location"] == f"/hubs/{hub.slug}/citing/?role=method"


def test_an_unknown_hub_is_not_found(client: Client) -> None:
    response = client.get("/hubs/nothing/citing/")
    assert response.status_code == 404
    assert "nothing" in response.content.decode()


def test_it_sets_no_cookie_and_takes_no_post(client: Client) -> None:
    hub = make_hub({"method": 1})
    assert not client.get(f"/hubs/{hub.slug}/citing/").cookies
    assert client.post(f"/hubs/{hub.slug}/citing/").status_code == 405
    assert client.head(f"/hubs/{hub.slug}/citing/").status_code == 200


@pytest.mark.parametrize("size", [30, 300])
@pytest.mark.parametrize(
    "query",
    [
        "",
        "?role=method",
        "?role=method&year_min=2000&sort=oldest",
        "?venue=icml&sort=oldest&page=1",
        "?q=citing&role=none&page_size=100",
        "?role=extension",
        "?q=citing&sort=relevance&venue=icml",
        "?role=none&sort=oldest&venue=icml&page_size=25&page=2",
        "?find_venue=ic",
    ],
)
def test_it_takes_at_most_nine_queries_whatever_the_number_of_citing_papers(
    client: Client, size: int, query: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    hub = make_hub({"method": size // 2}, size // 2, citing_facts={"venue": "ICML"}, authors=["Ada Bee"])
    papers = Paper.objects.filter(references_made__cited=hub).order_by("pk")
    Paper.objects.filter(pk__in=[paper.pk for paper in papers[:10]]).update(year=2020)
    paper_changed(*papers.all())
    for citation in Citation.objects.filter(cited=hub)[:20]:
        make_mention(citation, f"Sentence of {citation.pk}.", counted=False)
    with django_assert_max_num_queries(9):
        page(client, hub, query)


def test_a_pinned_class_stands_beside_the_computed_one_and_only_that_is_described(client: Client) -> None:
    hub = make_hub({"method": 18, "dataset": 5}, 7, title="Pythia: a suite")
    HubPin.objects.create(hub=hub, hub_class=HubClass.FOUNDATION, reason="Read in full.", curator=make_curator())
    summaries.recount([hub.pk], CAUSE)
    html = page(client, hub)
    assert "Foundation pinned by a curator computed: Tool reference 78%" in text(html)
    assert '<meta name="description" content="Tool reference. 78%' in html


# Clean counts ---------------------------------------------------------------------------------------------------------


def distorted() -> Paper:
    """A hub of 25 that use it and 10 that cite it as context; three self-citations and a retracted paper among them."""
    hub = make_hub({"method": 25, "background": 10}, 5, title="Tool: a suite")
    citations = list(Citation.objects.filter(cited=hub, role="method").order_by("pk"))
    Citation.objects.filter(pk__in=[citation.pk for citation in citations[:3]]).update(is_self_citation=True)
    Paper.objects.filter(pk=citations[3].citing_id).update(notice="retracted")
    paper_changed(*(citation.citing for citation in citations[:4]))
    summaries.recount([hub.pk], CAUSE)
    return hub


def verdict(client: Client, hub: Paper, query: str, **headers: str) -> str:
    """What the page says of the hub as a whole."""
    html = client.get(f"/hubs/{hub.slug}/citing/{query}", headers=headers).content.decode()
    found = re.search(r'<p class="quiet" id="verdict".*?</p>', html, re.S)
    assert found is not None
    return found[0]


@pytest.mark.parametrize(
    ("query", "share", "said"),
    [
        ("", "71% of 35 classified citing papers", ""),
        ("?self=0", "69% of 32 classified citing papers", "Counted without 3 self-citations: count all 40"),
        ("?retracted=0", "71% of 34 classified citing papers", "Counted without 1 retracted paper: count all 40"),
        (
            "?self=0&retracted=0&role=background",
            "68% of 31 classified citing papers",
            "Counted without 3 self-citations and 1 retracted paper: count all 40",
        ),
        ("?self=1", "71% of 35 classified citing papers", ""),
        ("?self=0&self=1", "71% of 35 classified citing papers", ""),
        ("?self=0&role=tool", "71% of 35 classified citing papers", ""),
    ],
)
def test_shares_are_those_of_the_papers_that_are_not_left_out(
    client: Client, query: str, share: str, said: str
) -> None:
    hub = distorted()
    told = text(verdict(client, hub, query))
    assert share in told
    assert said in told
    assert bool(said) == ("Counted without" in told)


def test_a_share_without_them_opens_the_list_without_them(client: Client) -> None:
    hub = distorted()
    told = verdict(client, hub, "?self=0&role=background")
    assert f'href="/hubs/{hub.slug}/citing/?self=0&amp;role=method"' in told
    assert f'href="/hubs/{hub.slug}/?self=0"' in told
    assert f'href="/hubs/{hub.slug}/citing/?self=1">3</a>' in told
    assert f'<a href="/hubs/{hub.slug}/citing/?role=background" rel="nofollow">count all 40</a>' in told


def test_a_list_that_is_refreshed_in_place_brings_its_shares_along(client: Client) -> None:
    hub = distorted()
    told = verdict(client, hub, "?self=0", **{"HX-Request": "true"})
    assert 'hx-swap-oob="true"' in told
    assert "69% of 32" in text(told)


def test_counting_anew_takes_one_query_more(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    hub = distorted()
    with django_assert_max_num_queries(9):
        client.get(f"/hubs/{hub.slug}/citing/?self=0&retracted=0&role=method")
