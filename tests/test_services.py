"""Several services in one import: what they say of the same papers is merged by identifiers, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from citations.identifiers import parse
from citations.importing import Trial, import_list, make_service, service_names
from citations.models import Citation, CitedByCount, ImportRun, Label, Paper, RejectedRecord
from citations.sources import transport
from citations.sources.records import NotNamed, SourceError
from citations.vocabulary import CURATOR
from tests.factories import add_identifier, make_citation, make_paper

HUB = "arXiv:2304.01373"
HUB_S2, CITING_S2 = "a" * 40, "b" * 40

SEMANTIC_SCHOLAR = "api.semanticscholar.org"
OPENALEX = "api.openalex.org"
OPENCITATIONS = "api.opencitations.net"
CROSSREF = "api.crossref.org"
ARXIV = "export.arxiv.org"
EUROPE_PMC = "www.ebi.ac.uk"

HOSTS = {
    "semanticscholar": SEMANTIC_SCHOLAR,
    "openalex": OPENALEX,
    "opencitations": OPENCITATIONS,
    "crossref": CROSSREF,
    "arxiv": ARXIV,
    "europepmc": EUROPE_PMC,
}

Answer = Callable[[httpx.Request], httpx.Response]


class Internet:
    """All services at their real addresses, as far as a test lays answers down; any other address is unknown there."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.answers: dict[tuple[str, str], Answer] = {}

    def put(self, host: str, path: str, body: Any, status: int = 200) -> None:
        """Lay down what is answered: JSON, or the text of a feed."""
        content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.answers[host, path] = lambda _: httpx.Response(status, content=content)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.get((request.url.host, unquote(request.url.path)))
        return answer(request) if answer else httpx.Response(404, json={"error": "not found"})

    def asked(self, host: str) -> list[str]:
        """The paths that were asked for at a host, in order."""
        return [unquote(request.url.path) for request in self.requests if request.url.host == host]

    # What each service says; a paper may be told in few words.

    def semantic_scholar(self, *rows: dict[str, Any], asked: str = "ARXIV:2304.01373", **hub: Any) -> None:
        """A hub with the papers that cite it."""
        paper = {"paperId": HUB_S2, "title": "The hub", "externalIds": {"ArXiv": "2304.01373"}, **hub}
        self.put(SEMANTIC_SCHOLAR, f"/graph/v1/paper/{asked}", paper)
        self.put(SEMANTIC_SCHOLAR, f"/graph/v1/paper/{asked}/citations", {"offset": 0, "data": list(rows)})
        self.put(SEMANTIC_SCHOLAR, "/graph/v1/paper/batch", [])

    def openalex(self, *works: dict[str, Any], asked: str = "doi:10.48550/arxiv.2304.01373", **hub: Any) -> None:
        """A hub with the works that cite it."""
        work = {"id": "https://openalex.org/W1", "display_name": "The hub", **hub}
        self.put(OPENALEX, f"/works/{asked}", work)
        meta = {"count": len(works), "next_cursor": None}
        self.put(OPENALEX, "/works", {"meta": meta, "results": list(works)})

    def opencitations(self, asked: str, *rows: dict[str, Any], papers: list[dict[str, Any]]) -> None:
        """The citations of a paper, and what Meta knows of it and of any other."""
        self.put(OPENCITATIONS, f"/index/v2/citations/{asked}", list(rows))

        def looked_up(request: httpx.Request) -> httpx.Response:
            names = unquote(request.url.path).rpartition("/metadata/")[2].split("__")
            return httpx.Response(200, json=[one for one in papers if set(one["id"].split()) & set(names)])

        for paper in papers:
            for name in paper["id"].split():
                self.answers[OPENCITATIONS, f"/meta/v1/metadata/{name}"] = looked_up

    def crossref(self, *works: dict[str, Any]) -> None:
        """Works by DOI, as lists give them."""

        def filtered(request: httpx.Request) -> httpx.Response:
            wanted = {one.removeprefix("doi:") for one in request.url.params["filter"].split(",")}
            return httpx.Response(200, json={"message": {"items": [one for one in works if one["DOI"] in wanted]}})

        self.answers[CROSSREF, "/works"] = filtered

    def arxiv(self, *entries: str) -> None:
        """The papers that every look-up gives."""
        opening = '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom">'
        self.put(ARXIV, "/api/query", f"{opening}{''.join(entries)}</feed>")


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Internet:
    """The services; waits are not waited for."""
    made = Internet()
    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", lambda _, request: made(request))
    monkeypatch.setattr(transport, "_sleep", lambda seconds: None)
    return made


def cites(**paper: Any) -> dict[str, Any]:
    """A row of Semantic Scholar's citations; `intents` are those of the citation."""
    intents = paper.pop("intents", [])
    return {"citingPaper": {"paperId": CITING_S2, **paper}, "intents": intents, "contexts": [], "isInfluential": False}


def work(number: int, title: str, **facts: Any) -> dict[str, Any]:
    """A work of OpenAlex."""
    return {"id": f"https://openalex.org/W{number}", "display_name": title, **facts}


def atom(name: str, title: str, *parts: str) -> str:
    """An entry of arXiv."""
    return f"<entry><id>http://arxiv.org/abs/{name}v1</id><title>{title}</title>{''.join(parts)}</entry>"


def run(*arguments: str) -> list[str]:
    """What the command prints, line by line."""
    printed = StringIO()
    call_command("import_citations", *arguments, stdout=printed)
    return printed.getvalue().splitlines()


def line(created: int = 0, updated: int = 0, unchanged: int = 0, rejected: int = 0) -> str:
    """Counts as they are printed."""
    return f"created {created}, updated {updated}, unchanged {unchanged}, rejected {rejected}"


def all_agree() -> bool:
    """Whether everything derived is what the ledger says; the command ends the test otherwise."""
    call_command("rebuild_summaries", check=True, stdout=StringIO())
    return True


def lay_down_four_services(internet: Internet) -> None:
    """One hub and one citing paper, of which each service knows something else."""
    internet.semantic_scholar(
        cites(
            title="Citing, as Semantic Scholar has it",
            externalIds={"DOI": "10.1000/CITING"},
            citationCount=5,
            abstract="An abstract.",
            intents=["methodology"],
        ),
        citationCount=100,
    )
    internet.openalex(
        work(2, "Citing, as OpenAlex has it", doi="https://doi.org/10.1000/citing", cited_by_count=7, type="article"),
        cited_by_count=90,
    )
    internet.opencitations(
        "doi:10.48550/arxiv.2304.01373",
        {"citing": "omid:br/1 doi:10.1000/citing pmid:77", "cited": "omid:br/2", "author_sc": "yes", "oci": "1-2"},
        papers=[{"id": "doi:10.1000/citing pmid:77", "title": "Citing, as OpenCitations has it"}],
    )
    internet.crossref(
        {
            "DOI": "10.1000/citing",
            "title": ["Citing, as registered"],
            "is-referenced-by-count": 6,
            "updated-by": [{"DOI": "10.1000/notice", "type": "retraction"}],
        }
    )


FOUR = "semanticscholar,openalex,opencitations,crossref"

# Merging -------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_what_four_services_say_of_one_paper_becomes_one_paper(internet: Internet) -> None:
    lay_down_four_services(internet)
    printed = run(HUB, "--source", FOUR)
    assert Paper.objects.count() == 2
    citing = Citation.objects.get().citing
    names = {str(one) for one in citing.identifiers.all()}
    assert names == {f"s2:{CITING_S2}", "doi:10.1000/citing", "openalex:W2", "pmid:77"}
    assert (citing.title, citing.abstract, citing.kind) == ("Citing, as registered", "An abstract.", "article")
    assert (citing.field_sources["title"], citing.field_sources["abstract"]) == ("crossref", "semanticscholar")
    assert citing.notice == "retracted"
    assert dict(CitedByCount.objects.filter(paper=citing).values_list("source", "count")) == {
        "semanticscholar": 5, "openalex": 7, "crossref": 6,
    }  # fmt: skip
    assert Citation.objects.get().role == "method"
    assert printed[-1] == line(created=1, updated=3)
    assert all_agree()


@pytest.mark.django_db
def test_each_service_has_its_line_and_its_run(internet: Internet) -> None:
    lay_down_four_services(internet)
    printed = run(HUB, "--source", FOUR)
    assert f"arXiv:2304.01373 citations from Semantic Scholar: {line(created=1)}" in printed
    assert f"arXiv:2304.01373 citations from Crossref: {line(updated=1)}" in printed
    assert list(ImportRun.objects.order_by("id").values_list("source", flat=True)) == FOUR.split(",")
    assert set(ImportRun.objects.values_list("status", flat=True)) == {"finished"}


@pytest.mark.django_db
def test_a_second_run_over_all_services_changes_nothing(internet: Internet) -> None:
    lay_down_four_services(internet)
    run(HUB, "--source", FOUR)
    before = list(Paper.objects.order_by("id").values())
    assert run(HUB, "--source", FOUR)[-1] == line(unchanged=4)
    assert list(Paper.objects.order_by("id").values()) == before
    assert Label.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("order", [FOUR, "crossref,opencitations,openalex,semanticscholar"])
def test_the_better_value_wins_in_whatever_order_the_services_are_asked(internet: Internet, order: str) -> None:
    lay_down_four_services(internet)
    hub, citing = make_paper("The hub", identifiers=[HUB]), make_paper("?", identifiers=["10.1000/citing"])
    make_citation(citing, hub)
    run(HUB, "--source", order)
    citing.refresh_from_db()
    assert citing.title == "Citing, as registered"
    assert Paper.objects.count() == 2


@pytest.mark.django_db
def test_what_a_curator_set_outlives_all_services(internet: Internet) -> None:
    lay_down_four_services(internet)
    make_paper("As the curator wants it", identifiers=["10.1000/citing"], field_sources={"title": CURATOR})
    run(HUB, "--source", FOUR)
    assert Citation.objects.get().citing.title == "As the curator wants it"


@pytest.mark.django_db
def test_a_dry_run_over_several_services_reports_what_the_real_one_does(internet: Internet) -> None:
    lay_down_four_services(internet)
    dry = run(HUB, "--source", FOUR, "--dry-run")
    assert not Paper.objects.exists()
    assert not ImportRun.objects.exists()
    assert dry[-2] == "Dry run: nothing was stored."
    assert [one for one in dry if one != dry[-2]] == run(HUB, "--source", FOUR)


@pytest.mark.django_db
def test_what_a_better_source_confirms_is_not_replaced_by_a_lesser_one(internet: Internet) -> None:
    internet.semantic_scholar(cites(title="Citing", externalIds={"DOI": "10.1000/citing"}))
    internet.crossref({"DOI": "10.1000/citing", "title": ["Citing"]})
    internet.openalex(work(2, "CITING.", doi="https://doi.org/10.1000/citing"))
    sources = "semanticscholar,crossref,openalex"
    assert run(HUB, "--source", sources)[-1] == line(created=1, updated=1, unchanged=1)
    assert Citation.objects.get().citing.title == "Citing"
    assert run(HUB, "--source", sources)[-1] == line(unchanged=3)


@pytest.mark.django_db
def test_several_lists_of_several_services_have_a_line_each_and_a_sum_for_each_service(internet: Internet) -> None:
    lay_down_four_services(internet)
    internet.put(SEMANTIC_SCHOLAR, "/graph/v1/paper/ARXIV:2304.01373/references", {"offset": 0, "data": []})
    printed = run(HUB, "--source", "semanticscholar,openalex", "--direction", "both")
    assert printed[-3:] == [
        f"Semantic Scholar: {line(created=1)}",
        f"OpenAlex: {line(updated=1)}",
        line(created=1, updated=1),
    ]
    assert f"arXiv:2304.01373 references from OpenAlex: {line()}" in printed


# Conflicts -----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_services_that_disagree_on_identity_are_reported_and_nothing_is_merged(internet: Internet) -> None:
    internet.openalex(
        work(2, "A preprint", doi="https://doi.org/10.48550/arxiv.2001.00001"),
        work(3, "Another paper", doi="https://doi.org/10.1000/other"),
    )
    internet.semantic_scholar(
        cites(title="Another paper", externalIds={"DOI": "10.1000/other", "ArXiv": "2001.00001"}),
    )
    run(HUB, "--source", "openalex")
    before = Paper.objects.count()
    printed = run(HUB, "--source", "semanticscholar")
    assert "Some records' identifiers name two papers: nothing was merged, see the run's rejected records." in printed
    kept = RejectedRecord.objects.get()
    assert kept.run.source == "semanticscholar"
    assert kept.reason == (
        "conflicting identifiers: taken for another-paper, but doi:10.48550/arxiv.2001.00001 names a-preprint"
    )
    assert Paper.objects.count() == before == 3
    assert Paper.objects.get(identifiers__value=CITING_S2).title == "Another paper"
    assert not Paper.objects.filter(merged_into__isnull=False).exists()
    assert all_agree()


# Preprints -----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_preprint_and_what_arxiv_says_it_was_published_as_are_one_paper(internet: Internet) -> None:
    internet.semantic_scholar(cites(title="A preprint", externalIds={"ArXiv": "2001.00001"}))
    published = "<arxiv:doi>10.1000/published</arxiv:doi><arxiv:journal_ref>J. Works 1</arxiv:journal_ref>"
    internet.arxiv(atom("2304.01373", "The hub"), atom("2001.00001", "A preprint", published))
    internet.opencitations(
        "doi:10.48550/arxiv.2304.01373",
        {"citing": "doi:10.1000/published", "cited": "", "oci": "1-2"},
        papers=[{"id": "doi:10.1000/published", "title": "The published version"}],
    )
    printed = run(HUB, "--source", "semanticscholar,arxiv,opencitations")
    assert printed[-1] == line(created=1, updated=2, unchanged=1) or printed[-1] == line(created=1, updated=3)
    assert Paper.objects.count() == 2
    assert Citation.objects.get().citing == Paper.objects.get(identifiers__value="10.1000/published")


@pytest.mark.django_db
def test_a_preprint_and_its_published_version_are_one_paper_where_crossref_relates_them(internet: Internet) -> None:
    hub = make_paper("The hub", identifiers=[HUB])
    citing = make_paper("A preprint", identifiers=["10.1000/preprint"])
    make_citation(citing, hub)
    internet.crossref(
        {
            "DOI": "10.1000/preprint",
            "type": "posted-content",
            "title": ["A preprint"],
            "institution": [{"name": "A server"}],
            "relation": {"is-preprint-of": [{"id-type": "doi", "id": "10.1000/published"}]},
        }
    )
    internet.openalex(work(2, "The published version", doi="https://doi.org/10.1000/published", type="article"))
    run(HUB, "--source", "crossref,openalex")
    assert Paper.objects.count() == 2
    citing.refresh_from_db()
    assert (citing.title, citing.kind, citing.venue) == ("A preprint", "article", None)
    assert Citation.objects.get().citing == citing


@pytest.mark.django_db
def test_a_work_that_openalex_also_finds_on_arxiv_is_the_paper_known_from_there(internet: Internet) -> None:
    internet.semantic_scholar(cites(title="A preprint", externalIds={"ArXiv": "2001.00001"}))
    internet.openalex(
        work(
            2,
            "The published version",
            doi="https://doi.org/10.1000/published",
            locations=[{"landing_page_url": "https://arxiv.org/abs/2001.00001"}],
        )
    )
    assert run(HUB, "--source", "semanticscholar,openalex")[-1] == line(created=1, updated=1)
    assert Citation.objects.count() == 1
    assert not RejectedRecord.objects.exists()


# Names ---------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_service_is_asked_by_a_name_that_an_earlier_one_told(internet: Internet) -> None:
    internet.openalex(asked="W1", doi="https://doi.org/10.1000/hub", ids={"pmid": "55"})
    internet.semantic_scholar(cites(title="Citing"), asked="DOI:10.1000/hub")
    assert run("W1", "--source", "openalex,semanticscholar")[-1] == line(created=1)
    run_of = ImportRun.objects.get(source="semanticscholar")
    assert (run_of.arguments["paper"], run_of.arguments["asked_as"]) == ("openalex:W1", "doi:10.1000/hub")


@pytest.mark.django_db
def test_a_dry_run_asks_by_the_same_names(internet: Internet) -> None:
    internet.openalex(asked="W1", doi="https://doi.org/10.1000/hub")
    internet.semantic_scholar(cites(title="Citing"), asked="DOI:10.1000/hub")
    assert run("W1", "--source", "openalex,semanticscholar", "--dry-run")[-1] == line(created=1)
    assert not Paper.objects.exists()


@pytest.mark.django_db
def test_a_registrar_is_asked_by_a_doi_that_it_may_know(internet: Internet) -> None:
    make_paper("The hub", identifiers=[HUB, "10.48550/arXiv.2304.01373", "10.1000/hub", "PMID:1"])
    with pytest.raises(CommandError, match=r"^Crossref knows no paper doi:10\.1000/hub"):
        run(HUB, "--source", "crossref", "--direction", "references")
    assert internet.asked(CROSSREF) == ["/works/10.1000/hub"]


@pytest.mark.django_db
def test_a_service_that_takes_none_of_a_papers_names_is_one_line_and_the_others_are_asked(internet: Internet) -> None:
    internet.openalex(work(2, "Citing"), asked="W1")
    printed = StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("import_citations", "W1", "--source", "europepmc,opencitations,openalex", stdout=printed)
    said = str(caught.value).splitlines()
    assert len(said) == 2
    assert said[0] == (
        "Europe PMC cannot be asked for OpenAlex:W1: it takes DOIs and ids of PubMed and PubMed Central; the "
        "collection knows it by no such name."
    )
    assert said[1].startswith("OpenCitations cannot be asked for OpenAlex:W1")
    assert printed.getvalue().splitlines()[-1] == line(created=1)
    assert internet.asked(EUROPE_PMC) == []


@pytest.mark.django_db
def test_a_paper_that_was_merged_is_known_by_the_names_of_its_survivor(internet: Internet) -> None:
    survivor = make_paper("The hub", identifiers=["10.1000/hub"])
    make_paper("The same", identifiers=["W1"], merged_into=survivor)
    internet.semantic_scholar(cites(title="Citing"), asked="DOI:10.1000/hub", externalIds={"DOI": "10.1000/hub"})
    run("W1", "--source", "semanticscholar")
    assert Citation.objects.get().cited == survivor


# Metadata alone ------------------------------------------------------------------------------------------------------


def entry_of(number: int, *parts: str) -> str:
    """The entry of one of many papers of arXiv."""
    return atom(f"2001.{number:05}", f"Paper {number}, as arXiv has it", *parts)


@pytest.mark.django_db
def test_a_service_without_the_list_is_asked_for_the_papers_that_the_collection_has(internet: Internet) -> None:
    hub = make_paper("The hub", identifiers=[HUB])
    for number in (1, 2, 3):
        make_citation(make_paper(identifiers=[f"arXiv:2001.{number:05}"]), hub)
    make_citation(make_paper(identifiers=["10.1000/elsewhere"]), hub)
    make_paper("Not concerned", identifiers=["arXiv:2001.00009"])
    withdrawn = "<arxiv:comment>This paper has been withdrawn by the authors.</arxiv:comment>"
    internet.arxiv(atom("2304.01373", "The hub"), entry_of(1), entry_of(2, withdrawn))
    printed = run(HUB, "--source", "arxiv")
    (request,) = internet.requests
    assert request.url.params["id_list"] == "2001.00001,2001.00002,2001.00003,2304.01373"
    assert (
        "arXiv gives no citations: papers of the collection were looked up there instead, by 4 of their names."
        in printed
    )
    assert printed[-1] == line(updated=3, rejected=1)
    assert RejectedRecord.objects.get().reason == "not known to arXiv"
    assert Paper.objects.get(identifiers__value="2001.00002").notice == "withdrawn"
    assert Paper.objects.filter(title__endswith="as arXiv has it").count() == 2
    assert run(HUB, "--source", "arxiv")[-1] == line(unchanged=3, rejected=1)
    assert all_agree()


@pytest.mark.django_db
def test_the_papers_that_a_paper_cites_are_looked_up_in_the_other_direction(internet: Internet) -> None:
    hub = make_paper("The hub", identifiers=[HUB])
    make_citation(make_paper(identifiers=["arXiv:2001.00001"]), hub)
    make_citation(hub, make_paper(identifiers=["arXiv:2001.00002"]))
    internet.arxiv(atom("2304.01373", "The hub"), entry_of(2))
    assert run(HUB, "--source", "arxiv", "--direction", "references")[-1].endswith("rejected 0")
    assert internet.requests[0].url.params["id_list"] == "2001.00002,2304.01373"


@pytest.mark.django_db
def test_names_that_mean_the_same_are_looked_up_once(internet: Internet) -> None:
    make_paper("The hub", identifiers=[HUB, "10.48550/arXiv.2304.01373"])
    internet.arxiv(atom("2304.01373", "The hub"))
    printed = run(HUB, "--source", "arxiv")
    assert printed[1].endswith("by 1 of their names.")


@pytest.mark.django_db
def test_many_papers_are_looked_up_in_batches_within_the_limit(internet: Internet) -> None:
    hub = make_paper("The hub", identifiers=["10.1000/hub"])
    for number in range(120):
        make_citation(make_paper(identifiers=[f"10.1000/{number:03}"]), hub)
    internet.crossref(*({"DOI": f"10.1000/{number:03}", "title": [f"Work {number}"]} for number in range(120)))
    printed = run("10.1000/hub", "--source", "crossref")
    assert [len(request.url.params["filter"].split(",")) for request in internet.requests] == [50, 50, 21]
    assert printed[-1] == line(updated=120, rejected=1)
    assert RejectedRecord.objects.get().reason == "not registered with Crossref"
    internet.requests.clear()
    assert run("10.1000/hub", "--source", "crossref", "--limit", "60")[-1] == line(unchanged=60)
    assert [len(request.url.params["filter"].split(",")) for request in internet.requests] == [50, 10]


@pytest.mark.django_db
def test_looking_up_goes_on_after_the_last_whole_batch(internet: Internet) -> None:
    hub = make_paper("The hub", identifiers=["10.1000/hub"])
    for number in range(70):
        make_citation(make_paper(identifiers=[f"10.1000/{number:03}"]), hub)
    works = [{"DOI": f"10.1000/{number:03}", "title": [f"Work {number}"]} for number in range(70)]
    internet.crossref(*works)
    whole = internet.answers[CROSSREF, "/works"]
    internet.answers[CROSSREF, "/works"] = lambda request: (
        whole(request) if "10.1000/000" in request.url.params["filter"] else httpx.Response(500)
    )
    with pytest.raises(CommandError, match=r"50 rows of doi:.* are stored: the same command goes on"):
        run("10.1000/hub", "--source", "crossref")
    internet.crossref(*works)
    internet.requests.clear()
    printed = run("10.1000/hub", "--source", "crossref")
    assert "Went on after the 50 rows of an interrupted run." in printed
    assert printed[-1] == line(updated=70, rejected=1)
    assert len(internet.requests) == 1


@pytest.mark.django_db
def test_a_notice_reaches_the_paper_that_it_is_about(internet: Internet) -> None:
    hub = make_paper("The hub", identifiers=["10.1000/hub"])
    retracted = make_paper("Retracted", identifiers=["10.1000/retracted"])
    make_citation(make_paper("A notice", identifiers=["10.1000/notice"]), hub)
    citation = make_citation(retracted, hub)
    internet.crossref(
        {
            "DOI": "10.1000/notice",
            "title": ["A notice"],
            "update-to": [{"DOI": "10.1000/retracted", "type": "retraction"}],
        },
    )
    run("10.1000/hub", "--source", "crossref")
    retracted.refresh_from_db()
    citation.refresh_from_db()
    assert retracted.notice == "retracted"
    assert citation.retracted
    assert all_agree()


@pytest.mark.django_db
def test_a_service_of_metadata_that_may_know_nothing_of_the_list_says_what_to_do(internet: Internet) -> None:
    with pytest.raises(
        CommandError, match=r"^Crossref gives no citations, and takes none .* from another source first\.$"
    ):
        run(HUB, "--source", "crossref")
    assert not internet.requests


# Self-citations ------------------------------------------------------------------------------------------------------


def lay_down_self_citation(internet: Internet, mark: str) -> None:
    """One citation at OpenCitations, marked as by the same author or not, or not at all."""
    internet.opencitations(
        "doi:10.1000/hub",
        {"citing": "doi:10.1000/citing", "cited": "doi:10.1000/hub", "author_sc": mark, "oci": "1-2"},
        papers=[
            {"id": "doi:10.1000/citing", "title": "Citing", "author": "Doe, Ada [orcid:0000-0002-1825-0097]"},
            {"id": "doi:10.1000/hub", "title": "The hub", "author": "Doe, Ada [orcid:0000-0002-1825-0097]"},
        ],
    )


@pytest.mark.django_db
@pytest.mark.parametrize(("mark", "expected"), [("yes", True), ("no", False), ("", True)])
def test_a_source_that_says_so_decides_and_shared_authors_where_it_is_silent(
    internet: Internet, mark: str, expected: bool
) -> None:
    lay_down_self_citation(internet, mark)
    run("10.1000/hub", "--source", "opencitations")
    assert Citation.objects.get().is_self_citation is expected
    assert run("10.1000/hub", "--source", "opencitations")[-1] == line(unchanged=1)


@pytest.mark.django_db
def test_what_a_source_said_is_not_undone_by_authors_that_become_known_later(internet: Internet) -> None:
    lay_down_self_citation(internet, "no")
    run("10.1000/hub", "--source", "opencitations")
    authors = [{"author": {"id": "https://openalex.org/A5", "display_name": "Ada Doe"}}]
    internet.openalex(
        work(2, "Citing", doi="10.1000/citing", authorships=authors), asked="doi:10.1000/hub", authorships=authors
    )
    run("10.1000/hub", "--source", "openalex")
    assert Citation.objects.get().is_self_citation is False


@pytest.mark.django_db
def test_a_curators_flag_outlives_what_a_source_says(internet: Internet) -> None:
    lay_down_self_citation(internet, "yes")
    hub, citing = make_paper(identifiers=["10.1000/hub"]), make_paper(identifiers=["10.1000/citing"])
    make_citation(citing, hub, flag_sources={"is_self_citation": CURATOR})
    run("10.1000/hub", "--source", "opencitations")
    assert Citation.objects.get().is_self_citation is False
    assert Citation.objects.get().flag_sources == {"is_self_citation": CURATOR}


@pytest.mark.django_db
def test_a_known_citation_learns_from_a_source_that_it_is_one(internet: Internet) -> None:
    hub, citing = make_paper(identifiers=["10.1000/hub"]), make_paper(identifiers=["10.1000/citing"])
    make_citation(citing, hub)
    lay_down_self_citation(internet, "yes")
    assert run("10.1000/hub", "--source", "opencitations")[-1] == line(updated=1)
    assert Citation.objects.get().is_self_citation
    assert run("10.1000/hub", "--source", "opencitations")[-1] == line(unchanged=1)
    assert all_agree()


# Services that fail --------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_service_that_is_out_of_order_does_not_keep_the_others_from_being_asked(internet: Internet) -> None:
    lay_down_four_services(internet)
    internet.put(OPENALEX, "/works/doi:10.48550/arxiv.2304.01373", {}, status=500)
    printed = StringIO()
    with pytest.raises(CommandError, match=r"\AOpenAlex is out of order for the moment \(status 500\)[^\n]*\Z"):
        call_command("import_citations", HUB, "--source", FOUR, stdout=printed)
    assert printed.getvalue().splitlines()[-1] == line(created=1, updated=2)
    assert ImportRun.objects.get(source="openalex").status == "failed"
    assert all_agree()


@pytest.mark.django_db
def test_a_service_that_fails_twice_in_a_row_is_left_in_peace(internet: Internet) -> None:
    for number in range(5):
        internet.put(OPENALEX, f"/works/W{number}0", {}, status=400)
    with pytest.raises(CommandError) as caught:
        run(*(f"W{number}0" for number in (1, 2, 3, 4)), "--source", "openalex")
    assert internet.asked(OPENALEX) == ["/works/W10", "/works/W20"]
    assert str(caught.value).splitlines()[-1] == "OpenAlex was not asked for 2 more lists."


@pytest.mark.django_db
def test_unknown_papers_are_no_reason_to_stop_asking(internet: Internet) -> None:
    with pytest.raises(CommandError) as caught:
        run("W10", "W20", "W30", "--source", "openalex")
    assert internet.asked(OPENALEX) == ["/works/W10", "/works/W20", "/works/W30"]
    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.django_db
def test_a_budget_that_is_used_up_says_what_helps_and_is_not_tried_any_further(internet: Internet) -> None:
    internet.answers[OPENALEX, "/works/W10"] = lambda _: httpx.Response(429, headers={"Retry-After": "40000"})
    with pytest.raises(CommandError) as caught:
        run("W10", "W20", "--source", "openalex")
    said = str(caught.value).splitlines()
    assert said == [
        "OpenAlex asks to wait for 40000 seconds: try again later. Without a key (OPENALEX_API_KEY) the daily budget "
        "is small.",
        "OpenAlex was not asked for 1 more list.",
    ]
    assert internet.asked(OPENALEX) == ["/works/W10"]


# Setting up ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", service_names())
def test_each_service_is_asked_at_its_address_with_its_key_and_a_contact(
    internet: Internet, settings: Any, name: str
) -> None:
    keys = {
        "semanticscholar": "SEMANTIC_SCHOLAR_API_KEY",
        "openalex": "OPENALEX_API_KEY",
        "opencitations": "OPENCITATIONS_API_KEY",
        "crossref": "CROSSREF_API_KEY",
    }
    settings.CONTACT_EMAIL = "desk@example.org"
    if name in keys:
        setattr(settings, keys[name], "secret-of-this-service")
    service: Any = make_service(name)
    with pytest.raises(SourceError):
        service.paper(parse(HUB if name == "arxiv" else "10.1000/x"))
    request = internet.requests[0]
    assert (request.url.scheme, request.url.host) == ("https", HOSTS[name])
    assert "mailto:desk@example.org" in request.headers["user-agent"]
    assert any("secret-of-this-service" in value for value in request.headers.values()) is (name in keys)


def test_a_service_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(SourceError, match=r"^There is no source 'gazette': choose among semanticscholar, openalex,"):
        make_service("gazette")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sources", "said"),
    [
        ("openalex,gazette", "There is no source 'gazette'"),
        (" , ", "--source takes names of services, separated by commas: semanticscholar, openalex,"),
    ],
)
def test_nothing_is_asked_where_a_service_is_misspelt(internet: Internet, sources: str, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        run(HUB, "--source", sources)
    assert not internet.requests


@pytest.mark.django_db
def test_a_service_that_is_named_twice_is_asked_once(internet: Internet) -> None:
    internet.openalex(work(2, "Citing"))
    assert run(HUB, "--source", "OpenAlex, openalex")[-1] == line(created=1)
    assert len(internet.requests) == 2


@pytest.mark.django_db
def test_a_trial_leaves_the_transaction_around_it_alone(internet: Internet) -> None:
    internet.openalex(work(2, "Citing"))
    trial = Trial()
    with transaction.atomic():
        kept = make_paper("Kept")
        import_list(make_service("openalex"), parse(HUB), "citations", dry_run=True, trial=trial)
        with trial.as_if_stored():
            assert Citation.objects.count() == 1
        assert not Citation.objects.exists()
    assert list(Paper.objects.all()) == [kept]


@pytest.mark.django_db
def test_a_service_that_cannot_be_asked_raises_what_a_caller_can_tell_apart(internet: Internet) -> None:
    paper = make_paper("The hub")
    add_identifier(paper, "MAG:5")
    with pytest.raises(NotNamed, match=r"the collection knows it by no such name\.$"):
        import_list(make_service("europepmc"), parse("MAG:5"), "citations")
