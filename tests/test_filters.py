"""The filters of lists: strict, stable in their addresses, and plain in their words."""

from __future__ import annotations

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from citations.filters.base import MOST_VALUES, Pages, StrictFilterSet, did_you_mean, query_string, shown
from citations.filters.citations import CitationFilter, describe, short_name
from citations.vocabulary import Role
from tests.factories import make_citation, make_hub, make_label, make_paper, make_venue

PATH = "/hubs/pythia/citing/"


def a_filter(query: str) -> CitationFilter:
    """The filter that an address asks for."""
    return CitationFilter(QueryDict(query))


def words(query: str, number: int = 18, known: int = 30) -> str:
    """The heading of a list."""
    return describe(a_filter(query), "Pythia").heading(number, known)


# What is not understood ----------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "parameter", "said", "meant"),
    [
        ("role=tool", "role", "Unknown role “tool”", "method"),
        ("role=Method", "role", "Unknown role “Method”", "method"),
        ("role=method&role=datasets", "role", "Unknown role “datasets”", "dataset"),
        ("role=xyzzy", "role", "Unknown role “xyzzy”", ""),
        ("polarity=support", "polarity", "Unknown polarity “support”", "supports"),
        ("suggested=tools", "suggested", "Unknown suggested role “tools”", "method"),
        ("decided_by=classifier", "decided_by", "Unknown decider “classifier”", ""),
        ("decided_by=imported", "decided_by", "Unknown decider “imported”", "import"),
        ("source=Semantic+Scholar", "source", "Unknown source “Semantic Scholar”", "semanticscholar"),
        ("source=sample&source=nobody", "source", "Unknown source “nobody”", ""),
        ("coarse=yes", "coarse", "Unknown value “yes”", "1"),
        ("confirmed=2", "confirmed", "Unknown value “2”", ""),
        ("year_min=abc", "year_min", "“abc” is no year for “year_min”", ""),
        ("year_max=20244", "year_max", "“20244” is no year", ""),
        ("year_min=0999", "year_min", "“0999” is no year", ""),
        ("year_min=２０２４", "year_min", "is no year", ""),
        ("year_min=2020&year_min=2021", "year_min", "“year_min” is given 2 times", ""),
        ("year_min=2024&year_max=2020", "year_min", "No year lies between 2024 and 2020", "2020 to 2024"),
        ("venue=nowhere", "venue", "No venue is called “nowhere” here", ""),
        ("venue=%00", "venue", "No venue is called", ""),
        ("sort=newst", "sort", "“newst” is no sort", "newest"),
        ("sort=title&sort=cited", "sort", "“sort” is given 2 times", ""),
        ("sort=relevance", "sort", "only together with a search", "newest"),
        ("page=0", "page", "“0” is no page", "1"),
        ("page=-1", "page", "“-1” is no page", "1"),
        ("page=1e3", "page", "“1e3” is no page", "1"),
        ("page=1&page=2", "page", "“page” is given 2 times", ""),
        ("page_size=7", "page_size", "“7” is no page_size. Give one of 25, 50 or 100", ""),
        ("page_size=1000", "page_size", "“1000” is no page_size", "100"),
        ("q=%22", "q", "A quotation mark without a partner was ignored", ""),
        ("q=...", "q", "“...” holds nothing to search for", ""),
        ("q=%1b%e2%80%8b", "q", "A text of characters that print nothing holds nothing to search for", ""),
        ("q=loss&q=curves", "q", "“q” is given 2 times", ""),
    ],
)
def test_a_value_that_is_not_understood_blocks_the_list_and_is_named(
    query: str, parameter: str, said: str, meant: str
) -> None:
    hub = make_hub({"method": 2})
    filterset = CitationFilter(QueryDict(query), hub.pk)
    assert len(filterset.problems) == 1
    problem = filterset.problems[0]
    assert problem.parameter == parameter
    assert said in problem.message
    assert problem.suggestion == meant
    assert bool(filterset.corrected_address(PATH, problem)) == bool(meant)
    assert not filterset.is_usable
    assert not filterset.qs.exists()


@pytest.mark.django_db
def test_the_corrected_address_is_understood_and_keeps_the_rest() -> None:
    filterset = a_filter("role=tool&role=dataset&year_min=2020&page_size=25")
    address = filterset.corrected_address(PATH, filterset.problems[0])
    assert address == f"{PATH}?role=method&role=dataset&year_min=2020&page_size=25"
    assert not a_filter(address.partition("?")[2]).problems


@pytest.mark.django_db
def test_a_venue_in_another_spelling_is_suggested() -> None:
    make_venue("NeurIPS")
    assert a_filter("venue=NeurIPS").problems[0].suggestion == "neurips"


@pytest.mark.django_db
def test_an_unknown_name_is_said_but_does_not_block() -> None:
    hub = make_hub({"method": 2})
    filterset = CitationFilter(QueryDict("rol=method"), hub.pk)
    problem = filterset.problems[0]
    assert "Unknown parameter “rol”" in problem.message
    assert problem.suggestion == "role"
    assert filterset.corrected_address(PATH, problem) == f"{PATH}?role=method"
    assert filterset.is_usable
    assert filterset.qs.count() == 2


def test_names_that_count_visitors_are_passed_over() -> None:
    assert a_filter("utm_source=x&utm_medium=mail&fbclid=1&gclid=2").problems == ()


def test_empty_values_are_as_good_as_none() -> None:
    filterset = a_filter("q=&role=&year_min=+&sort=&page=")
    assert filterset.problems == ()
    assert filterset.query == {}


def test_a_notice_never_repeats_hidden_characters_or_whole_novels() -> None:
    problem = a_filter("role=%E2%80%AEelor%0A" + "x" * 500).problems[0]
    assert "\u202e" not in problem.message
    assert "\n" not in problem.message
    assert len(problem.message) < 250


def test_a_flood_of_unknown_names_stays_a_short_notice() -> None:
    assert len(a_filter("&".join(f"name{n}=1" for n in range(500))).problems) <= 5


QUERIES = st.lists(
    st.tuples(
        st.sampled_from([*CitationFilter.base_filters, "sort", "page", "page_size", "rol", "utm_x"]),
        st.one_of(
            st.sampled_from(["method", "none", "supports", "1", "0", "2024", "newest", "25", "", "neurips"]),
            st.text(max_size=12),
        ),
    ),
    max_size=6,
)


class AnyQuery(TestCase):
    """Whatever an address says."""

    @given(QUERIES)
    def test_any_address_is_listed_or_answered_with_a_problem(self, pairs: list[tuple[str, str]]) -> None:
        data = QueryDict(mutable=True)
        for name, value in pairs:
            data.appendlist(name, value)
        filterset = CitationFilter(data)
        list(filterset.qs[:1])
        assert filterset.is_usable == (not any(problem.blocking for problem in filterset.problems))
        for problem in filterset.problems:
            assert problem.message
        describe(filterset, "Pythia").heading(1, 2)
        # The address of a list that was understood means the same list.
        if not filterset.problems:
            again = CitationFilter(QueryDict(filterset.address("").removeprefix("?")))
            assert again.problems == ()
            assert again.query == filterset.query
            for chip in filterset.chips(""):
                assert CitationFilter(QueryDict(chip.url.removeprefix("?"))).is_usable


# What is let pass ----------------------------------------------------------------------------------------------------


def titles(hub_id: int, query: str) -> set[str]:
    """The titles of the citing papers that a filter lets pass."""
    filterset = CitationFilter(QueryDict(query), hub_id)
    assert filterset.problems == ()
    return set(filterset.qs.values_list("citing__title", flat=True))


@pytest.mark.django_db
def test_each_filter_lets_pass_what_it_says() -> None:
    hub = make_paper("Pythia: a suite")
    tool = make_citation(make_paper("A tool user", year=2023, venue="NeurIPS"), hub, is_influential=True)
    make_label(tool, "method", "neutral", coarse=True, source="semanticscholar")
    dispute = make_citation(make_paper("A critic", year=2025, venue="ICML", notice="retracted"), hub)
    make_label(dispute, "evidence", "disputes", decided_by="curator")
    guessed = make_citation(make_paper("A guess"), hub, is_self_citation=True)
    make_label(guessed, "dataset", decided_by="classifier")
    make_citation(make_paper("A blank", year=2024), hub)
    expected = {
        "": {"A tool user", "A critic", "A guess", "A blank"},
        "role=method": {"A tool user"},
        "role=method&role=evidence": {"A tool user", "A critic"},
        "role=none": {"A guess", "A blank"},
        "role=none&role=method": {"A tool user", "A guess", "A blank"},
        "role=method&polarity=disputes": set(),
        "polarity=disputes": {"A critic"},
        "polarity=none": {"A guess", "A blank"},
        "suggested=dataset": {"A guess"},
        "suggested=none": {"A blank"},
        "decided_by=curator": {"A critic"},
        "decided_by=import": {"A tool user"},
        "decided_by=none": {"A guess", "A blank"},
        "source=semanticscholar": {"A tool user"},
        "source=semanticscholar&source=curator": {"A tool user", "A critic"},
        "source=none": {"A guess", "A blank"},
        "source=openalex": set(),
        "coarse=1": {"A tool user"},
        "coarse=0": {"A critic", "A guess", "A blank"},
        "coarse=0&coarse=1": {"A tool user", "A critic", "A guess", "A blank"},
        "confirmed=1": {"A critic"},
        "influential=1": {"A tool user"},
        "self=1": {"A guess"},
        "retracted=1": {"A critic"},
        "retracted=0": {"A tool user", "A guess", "A blank"},
        "year_min=2024": {"A critic", "A blank"},
        "year_max=2024": {"A tool user", "A blank"},
        "year_min=2023&year_max=2023": {"A tool user"},
        "venue=neurips": {"A tool user"},
        "venue=neurips&venue=icml": {"A tool user", "A critic"},
    }
    assert {query: titles(hub.pk, query) for query in expected} == expected


@pytest.mark.django_db
def test_a_source_that_only_this_collection_knows_is_filtered_by_where_it_labelled() -> None:
    hub, other = make_paper("Pythia: a suite"), make_paper("Another")
    make_label(make_citation(make_paper("A user"), hub), polarity="supports", source="our-lab-2026")
    make_citation(make_paper("A blank"), hub)
    assert titles(hub.pk, "source=our-lab-2026") == {"A user"}
    assert titles(hub.pk, "source=our-lab-2026&source=none") == {"A user", "A blank"}
    assert [chip.value for chip in CitationFilter(QueryDict("source=our-lab-2026"), hub.pk).chips("")] == [
        "our-lab-2026"
    ]
    # Elsewhere it would be a slip of the pen.
    elsewhere = CitationFilter(QueryDict("source=our-lab-2026"), other.pk)
    assert not elsewhere.is_usable
    assert "Allowed are: curator, sample, semanticscholar" in elsewhere.problems[0].message


@pytest.mark.django_db
def test_a_search_finds_words_in_titles_summaries_abstracts_and_sentences_whatever_their_case() -> None:
    hub = make_paper("Hub")
    make_citation(make_paper("Über große Modelle"), hub)
    make_citation(make_paper("Second", summary="It measures LOSS curves."), hub)
    make_citation(make_paper("Third", abstract="We train a sparse autoencoder."), hub)
    make_citation(make_paper("Fourth"), hub, sentences=["We start from Pythia checkpoints."])
    make_citation(make_paper("深度学习"), hub)
    assert titles(hub.pk, "q=uber+GROSSE") == {"Über große Modelle"}
    assert titles(hub.pk, "q=loss") == {"Second"}
    assert titles(hub.pk, "q=sparse+train") == {"Third"}
    assert titles(hub.pk, "q=checkpoints") == {"Fourth"}
    assert titles(hub.pk, "q=深度") == {"深度学习"}
    assert titles(hub.pk, "q=loss+checkpoints") == set()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "search", ["%", "_", "\\", "'; DROP TABLE x; --", '"', "*", "citing OR", "(", "😀", "citing NOT paper", "cit*"]
)
def test_nothing_that_is_typed_into_the_search_has_a_meaning_of_its_own(search: str) -> None:
    hub = make_hub({"method": 3})
    data = QueryDict(mutable=True)
    data["q"] = search
    assert CitationFilter(data, hub.pk).qs.count() == (3 if search == "cit*" else 0)


@pytest.mark.django_db
def test_what_a_search_passed_over_is_said_and_the_rest_is_found() -> None:
    hub = make_hub({"method": 3})
    filterset = CitationFilter(QueryDict("q=citing+%22pap"), hub.pk)
    assert filterset.notices == ("A quotation mark without a partner was ignored.",)
    assert filterset.problems == ()
    assert CitationFilter(QueryDict("q=citing+%22"), hub.pk).qs.count() == 3


@pytest.mark.django_db
def test_relevance_sorts_the_best_match_first() -> None:
    hub = make_paper("Hub")
    make_citation(make_paper("Other things", abstract="It mentions a zeolite once.", year=2024), hub)
    make_citation(make_paper("Zeolite", summary="All about one zeolite.", year=2019), hub)
    filterset = CitationFilter(QueryDict("q=zeolite&sort=relevance"), hub.pk)
    assert [citation.citing.title for citation in filterset.qs] == ["Zeolite", "Other things"]
    assert "most relevant first" in describe(filterset, "Hub").heading(2, 2)


@pytest.mark.django_db
def test_characters_that_print_nothing_are_left_out_of_a_search() -> None:
    hub = make_hub({"method": 3})
    data = QueryDict(mutable=True)
    data["q"] = "citing\x00\u202e \u200b"
    filterset = CitationFilter(data, hub.pk)
    assert str(filterset.asked) == "citing"
    assert filterset.qs.count() == 3


@pytest.mark.django_db
def test_a_percent_sign_is_a_percent_sign() -> None:
    hub = make_paper("Hub")
    make_citation(make_paper("First", summary="It saves 50% of the cost."), hub)
    make_citation(make_paper("Second", summary="It saves half of the cost."), hub)
    assert titles(hub.pk, "q=50%25") == {"First"}


# In English ----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "30 citing papers"),
        ("sort=cited", "30 citing papers, most cited first"),
        ("role=method", "18 of 30 citing papers use Pythia as a tool"),
        (
            "role=method&year_min=2024&year_max=2026&sort=cited",
            "18 of 30 citing papers use Pythia as a tool, 2024 to 2026, most cited first",
        ),
        ("role=method&polarity=supports", "18 of 30 citing papers use Pythia as a tool and support it"),
        ("role=dataset&role=none", "18 of 30 citing papers use the data of Pythia or have no classified role"),
        (
            "role=method&role=dataset&role=comparison&role=extension&role=evidence&role=background",
            "18 of 30 citing papers have a classified role",
        ),
        ("polarity=disputes", "18 of 30 citing papers dispute Pythia"),
        ("polarity=disputes&confirmed=1", "18 of 30 citing papers dispute Pythia, confirmed by a curator"),
        ("polarity=none", "18 of 30 citing papers have no known position"),
        (
            "polarity=supports&polarity=disputes&polarity=mixed&polarity=neutral",
            "18 of 30 citing papers have a known position",
        ),
        ("suggested=method", "18 of 30 citing papers are not classified but suggested as tool"),
        ("year_min=2024&year_max=2024", "18 of 30 citing papers from 2024"),
        ("year_min=2024&year_max=2026", "18 of 30 citing papers from 2024 to 2026"),
        ("year_min=2024", "18 of 30 citing papers from 2024 on"),
        (
            'q="loss+curves"+-survey+author:lee',
            "18 of 30 citing papers matching “loss curves”, by “lee”, without “survey”",
        ),
        ("year_max=2024", "18 of 30 citing papers up to 2024"),
        ("venue=icml&venue=neurips", "18 of 30 citing papers in ICML or NeurIPS"),
        ("q=loss+curves", "18 of 30 citing papers matching “loss” and “curves”"),
        ("decided_by=curator", "18 of 30 citing papers with a role decided by a curator"),
        ("source=semanticscholar&source=curator", "18 of 30 citing papers labelled by Semantic Scholar or curators"),
        ("source=none&role=method", "18 of 30 citing papers use Pythia as a tool, without any label"),
        ("source=none&source=scite", "18 of 30 citing papers labelled by scite or without any label"),
        ("coarse=0&retracted=0", "18 of 30 citing papers without retracted ones, without a coarse label"),
    ],
)
def test_a_filter_is_said_in_english(query: str, expected: str) -> None:
    make_venue("ICML")
    make_venue("NeurIPS")
    assert words(query) == expected


def test_one_paper_is_said_in_the_singular() -> None:
    assert words("role=method", 1) == "1 of 30 citing papers uses Pythia as a tool"
    assert (
        words("role=evidence&polarity=mixed", 1)
        == "1 of 30 citing papers relies on the findings of Pythia and qualifies it"
    )
    assert words("role=none", 1, 1) == "1 of 1 citing paper has no classified role"
    assert words("suggested=none", 1) == "1 of 30 citing papers is neither classified nor suggested as anything"
    assert describe(a_filter(""), "Pythia").title(1) == "1 paper that cites Pythia"


def test_the_title_names_the_hub() -> None:
    query = "role=method&year_min=2024&year_max=2026&sort=cited"
    expected = "412 papers that use Pythia as a tool, 2024 to 2026, most cited first"
    assert describe(a_filter(query), "Pythia").title(412) == expected
    assert describe(a_filter("year_min=2024"), "Pythia").title(7) == "7 papers that cite Pythia, from 2024 on"


def test_a_hub_whose_name_looks_like_a_pattern_stays_as_it_is() -> None:
    said = describe(a_filter("role=method&polarity=supports"), "{0} or use and {name}").heading(1, 2)
    assert said == "1 of 2 citing papers uses {0} or use and {name} as a tool and supports it"


def test_every_role_reads_as_a_sentence_in_both_numbers() -> None:
    for role in Role:
        for number in (1, 2):
            said = words(f"role={role.value}", number)
            assert "{" not in said
            assert "Pythia" in said


def test_the_short_name_ends_at_the_first_colon() -> None:
    assert short_name("Pythia: A Suite: for all") == "Pythia"
    assert short_name(": A title that begins so") == ": A title that begins so"
    assert short_name("No colon") == "No colon"


# Addresses -----------------------------------------------------------------------------------------------------------


def test_addresses_have_one_order_and_leave_out_what_goes_without_saying() -> None:
    filterset = a_filter("page=3&page_size=50&sort=newest&year_min=2020&role=dataset&role=method&role=dataset")
    assert filterset.address(PATH) == f"{PATH}?role=dataset&role=method&year_min=2020"
    assert filterset.address(PATH, drop=("role",)) == f"{PATH}?year_min=2020"
    assert filterset.address(PATH, set={"page": ["2"]}) == f"{PATH}?role=dataset&role=method&year_min=2020&page=2"
    assert filterset.toggled(PATH, "role", "method") == f"{PATH}?role=dataset&year_min=2020"
    assert filterset.toggled(PATH, "polarity", "none") == f"{PATH}?role=dataset&role=method&polarity=none&year_min=2020"


def test_query_strings_are_escaped() -> None:
    assert query_string({"q": ["a&b=<c>"], "role": []}) == "?q=a%26b%3D%3Cc%3E"
    assert query_string({}) == ""
    assert query_string({"a": ["1"], "b": ["2"]}, drop=("a",), set={"c": ["3"]}, order=["c", "b"]) == "?c=3&b=2"


@pytest.mark.django_db
def test_each_chip_drops_itself_and_values_of_one_parameter_are_joined() -> None:
    make_venue("ICML")
    filterset = a_filter("role=method&role=none&year_min=2020&venue=icml&q=loss&self=0&sort=title")
    chips = filterset.chips(PATH)
    assert [(chip.label, chip.value, chip.joined) for chip in chips] == [
        ("Role", "Tool or method", False),
        ("Role", "Not classified", True),
        ("Year", "from 2020", False),
        ("Venue", "ICML", False),
        ("Search", "“loss”", False),
        ("Self-citation", "no", False),
    ]
    assert chips[0].url == f"{PATH}?role=none&year_min=2020&venue=icml&q=loss&self=0&sort=title"


def test_a_single_year_is_one_chip() -> None:
    chips = a_filter("year_min=2024&year_max=2024&role=method").chips(PATH)
    assert [(chip.value, chip.url) for chip in chips] == [
        ("Tool or method", f"{PATH}?year_min=2024&year_max=2024"),
        ("2024", f"{PATH}?role=method"),
    ]


def pages(query: str, total: int) -> Pages:
    """The pager of a list."""
    return a_filter(query).pages(PATH, total)


def test_pages_know_their_neighbours() -> None:
    first = pages("", 120)
    assert (first.first, first.last, first.last_number) == (1, 50, 3)
    assert (first.previous, first.next) == ("", f"{PATH}?page=2")
    last = pages("page=3", 120)
    assert (last.first, last.last) == (101, 120)
    assert (last.previous, last.next) == (f"{PATH}?page=2", "")
    assert [link.url for link in last.links] == [PATH, f"{PATH}?page=2", f"{PATH}?page=3"]


def test_a_page_beyond_the_last_says_so_and_leads_back() -> None:
    beyond = pages("page=999999999", 120)
    assert beyond.is_beyond
    assert (beyond.rows, beyond.first, beyond.last) == (0, 0, 0)
    assert beyond.previous == f"{PATH}?page=3"
    assert not pages("page=2", 0).is_beyond


def test_long_pagers_have_gaps() -> None:
    numbers = [link.number for link in pages("page=10", 1000).links]
    assert numbers == [1, None, 8, 9, 10, 11, 12, None, 20]
    assert [link.number for link in pages("page=4", 250).links] == [1, 2, 3, 4, 5]


@given(st.integers(1, 60), st.integers(0, 2500))
def test_every_row_stands_on_exactly_one_page(page: int, total: int) -> None:
    here = pages(f"page={page}", total)
    assert here.rows == len(range(total)[here.offset : here.offset + here.size])
    assert sum(pages(f"page={number}", total).rows for number in range(1, here.last_number + 1)) == total


def test_what_was_meant_is_found_by_spelling_and_by_label() -> None:
    labels = {"method": "Tool or method", "comparison": "Baseline"}
    assert did_you_mean("metod", labels, labels) == "method"
    assert did_you_mean("Baseline", labels, labels) == "comparison"
    assert did_you_mean("xyzzy", labels, labels) == ""


@given(st.text())
def test_what_a_notice_repeats_is_one_short_line(text: str) -> None:
    repeated = shown(text)
    assert len(repeated) <= 61
    assert "\n" not in repeated
    assert "\u202e" not in repeated


def test_every_list_declares_its_sorts() -> None:
    assert issubclass(CitationFilter, StrictFilterSet)
    assert next(iter(CitationFilter.sorts)) == "newest"


def test_more_values_than_anybody_chooses_are_refused_and_stand_on_one_chip() -> None:
    filterset = a_filter("&".join(f"venue=v{number}" for number in range(MOST_VALUES + 1)) + "&role=method")
    assert [problem.message for problem in filterset.problems] == [
        f"The parameter “venue” has {MOST_VALUES + 1} values. Give at most {MOST_VALUES}."
    ]
    assert not filterset.is_usable
    chips = {chip.name: chip for chip in filterset.chips(PATH)}
    assert chips["venue"].value == f"{MOST_VALUES + 1} values"
    assert chips["venue"].url == f"{PATH}?role=method"


def test_as_many_values_as_are_allowed_are_understood(db: None) -> None:
    for number in range(MOST_VALUES):
        make_venue(f"V{number}")
    filterset = a_filter("&".join(f"venue=v{number}" for number in range(MOST_VALUES)))
    assert filterset.is_usable
    assert len(filterset.chips(PATH)) == MOST_VALUES


def test_without_a_search_a_list_is_not_sorted_by_relevance() -> None:
    filterset = a_filter("q=loss&sort=relevance&role=method")
    assert filterset.address(PATH, drop=("q",)) == f"{PATH}?role=method"
    assert filterset.address(PATH, set={"q": []}) == f"{PATH}?role=method"
    assert filterset.address(PATH, set={"q": ["data"]}) == f"{PATH}?role=method&q=data&sort=relevance"
    assert filterset.address(PATH, drop=("role",)) == f"{PATH}?q=loss&sort=relevance"
    assert {chip.name: chip.url for chip in filterset.chips(PATH)}["q"] == f"{PATH}?role=method"


@pytest.mark.parametrize("query", ["q=&sort=relevance&role=method", "role=method&q=+&sort=relevance"])
def test_a_form_whose_search_was_emptied_asks_for_the_list_in_its_usual_order(query: str) -> None:
    filterset = a_filter(query)
    assert filterset.problems == ()
    assert (filterset.sort, filterset.address(PATH)) == ("newest", f"{PATH}?role=method")
