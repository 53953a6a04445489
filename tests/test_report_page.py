"""The form by which readers suggest a correction, and what becomes of what they send."""

from __future__ import annotations

import datetime
import re
import threading
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.cache import cache
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries
from pytest_django.live_server_helper import LiveServer

from citations.curation import reports
from citations.curation.reports import AlreadyAnswered, ReportError, Suggestion
from citations.models import Citation, ClassChange, Label, Report
from citations.views import limits
from citations.views import report as view
from citations.vocabulary import Polarity, Role
from tests.factories import make_citation, make_curator, make_hub, make_label, make_paper

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.django_db

COMMENT = "Section 4 trains on the data and uses no code."
HOSTILE = "<script>alert(1)</script>{{ 7 * 7 }}\"'>\u202egnol\u0000 enough"


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.clear()


@pytest.fixture
def citation() -> Citation:
    hub = make_paper("Pythia: a suite", slug="pythia")
    made = make_citation(make_paper("A citing paper"), hub, sentences=["We use Pythia here."])
    make_label(made, "method")
    return made


def url(citation: Citation) -> str:
    return f"/citations/{citation.pk}/report/"


def token(page: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found
    return found.group(1)


class Clock:
    """The time as the form sees it."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now_is = timezone.now()
        for module in (view, limits):
            patch.setattr(module.timezone, "now", lambda: self.now_is)

    def pass_by(self, seconds: int) -> None:
        self.now_is += datetime.timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def fill(client: Client, citation: Citation, clock: Clock, *, wait: int = 60, **fields: Any) -> HttpResponse:
    """Read the page, wait, and send the form."""
    page = client.get(url(citation)).content.decode()
    clock.pass_by(wait)
    filled = {"role": "dataset", "comment": COMMENT, "token": token(page), **fields}
    return client.post(url(citation), filled)  # type: ignore[return-value]


# The page -------------------------------------------------------------------------------------------------------------


def test_the_form_shows_what_it_is_about_and_is_never_kept(client: Client, citation: Citation) -> None:
    response = client.get(url(citation))
    page = response.content.decode()
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert "A citing paper" in page and "Pythia: a suite" in page and "Now: Tool or method" in page
    assert 'name="robots" content="noindex' in page
    assert response.cookies["csrftoken"]["max-age"] == "" and response.cookies["csrftoken"]["expires"] == ""
    assert "style=" not in page and page.count("<script") == 1


def test_no_other_page_sets_a_cookie(client: Client, citation: Citation) -> None:
    for path in (f"/citations/{citation.pk}/", "/hubs/pythia/citing/", "/hubs/pythia/history/", "/about/data/"):
        response = client.get(path)
        assert response.status_code == 200
        assert not response.cookies, path


def test_every_citing_row_leads_to_it_and_crawlers_are_kept_off(client: Client, citation: Citation) -> None:
    page = client.get("/hubs/pythia/citing/").content.decode()
    assert f'href="{url(citation)}" rel="nofollow"' in page
    assert f'href="/citations/{citation.pk}/"' in page
    assert "Disallow: /citations/*/report/" in client.get("/robots.txt").content.decode()


def test_what_is_not_there_and_what_was_merged(client: Client, citation: Citation) -> None:
    assert client.get("/citations/999999/report/").status_code == 404
    assert client.get(f"/citations/{10**30}/report/").status_code == 404
    hidden = make_citation(cited=citation.cited)
    Citation.objects.filter(pk=hidden.pk).update(merged_into=citation)
    assert client.get(url(hidden))["Location"] == url(citation)


def test_other_methods_are_refused_by_name(client: Client, citation: Citation) -> None:
    response = client.put(url(citation))
    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD, POST"


def test_a_form_from_another_site_is_refused(citation: Citation, clock: Clock) -> None:
    strict = Client(enforce_csrf_checks=True)
    page = strict.get(url(citation)).content.decode()
    clock.pass_by(60)
    assert strict.post(url(citation), {"comment": COMMENT, "token": token(page)}).status_code == 403
    assert not Report.objects.exists()


@pytest.mark.parametrize("size", [1, 40])
def test_the_page_takes_the_same_few_queries_whatever_the_ledger(
    client: Client, citation: Citation, size: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(size):
        make_label(citation, "dataset", curator=make_curator())
    with django_assert_num_queries(6):
        client.get(url(citation))


# Sending --------------------------------------------------------------------------------------------------------------


def test_what_a_reader_sends_is_stored_and_changes_nothing(client: Client, citation: Citation, clock: Clock) -> None:
    response = fill(client, citation, clock, polarity="supports", email="reader@example.org")
    assert response.status_code == 303
    stored = Report.objects.get()
    assert (stored.citation, stored.role, stored.polarity) == (citation, "dataset", "supports")
    assert (stored.comment, stored.reporter_address, stored.status) == (COMMENT, "reader@example.org", "open")
    citation.refresh_from_db()
    assert citation.role == "method"
    assert Label.objects.count() == 1
    thanks = client.get(response["Location"])
    page = thanks.content.decode()
    assert f'<strong class="num">{stored.pk}</strong>' in page and "Dataset" in page and "Supports" in page
    assert "no-store" in thanks["Cache-Control"]
    assert "reader@example.org" not in page and COMMENT not in page


def test_nobody_else_reads_what_was_sent(client: Client, citation: Citation, clock: Clock) -> None:
    sent = fill(client, citation, clock, email="reader@example.org")["Location"]
    stored = Report.objects.get()
    assert client.get(f"{url(citation)}?sent={stored.pk}").status_code == 404
    assert client.get(sent[:-1] + ("A" if sent[-1] != "A" else "B")).status_code == 404
    for path in (
        f"/citations/{citation.pk}/",
        url(citation),
        "/hubs/pythia/history/",
        "/hubs/pythia/history.atom",
        f"/api/citations/{citation.pk}/",
        "/hubs/pythia/citing.json",
    ):
        response = client.get(path)
        page = b"".join(response) if response.streaming else response.content
        assert COMMENT.encode() not in page and b"reader@example.org" not in page, path


def test_the_same_sent_twice_is_one_report(client: Client, citation: Citation, clock: Clock) -> None:
    first, second = fill(client, citation, clock), fill(client, citation, clock)
    assert (first.status_code, second.status_code) == (303, 303)
    assert Report.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"comment": "Look"}, "4 of at least 20 characters are there"),
        ({"comment": "\u200b" * 40}, "0 of at least 20 characters are there"),
        ({"comment": "a" * 2001}, "Say it in at most 2,000 characters; these are 2,001."),
        ({"email": "reader@"}, "This is no e-mail address"),
        ({"role": "tool"}, "Choose one of the roles, or leave it."),
        ({"polarity": "bad"}, "Choose one of the polarities, or leave it."),
        ({"website": "http://spam.example/"}, "The field that must stay empty was filled in."),
        ({"token": "forged"}, "The page stood open for too long."),
    ],
)
def test_what_is_wrong_is_named_and_what_was_typed_stays(
    client: Client, citation: Citation, clock: Clock, fields: dict[str, Any], said: str
) -> None:
    response = fill(client, citation, clock, **{"email": "a@example.org", **fields})
    page = response.content.decode()
    assert response.status_code == 422
    assert "Not sent yet: 1 thing to mend" in page and said in page
    assert "no-store" in response["Cache-Control"]
    assert fields.get("comment", COMMENT) in page and fields.get("email", "a@example.org") in page
    assert not Report.objects.exists()
    clock.pass_by(60)
    mended = {"role": "dataset", "comment": COMMENT, "token": token(page)}
    assert client.post(url(citation), mended).status_code == 303


def test_nobody_reads_and_writes_within_seconds(client: Client, citation: Citation, clock: Clock) -> None:
    response = fill(client, citation, clock, wait=1)
    assert response.status_code == 422
    assert "quicker than a person can read" in response.content.decode()
    clock.pass_by(view.LEAST_TIME)
    again = {"comment": COMMENT, "token": token(response.content.decode())}
    assert client.post(url(citation), again).status_code == 303


def test_a_form_that_stood_open_for_a_day_is_handed_out_anew(client: Client, citation: Citation, clock: Clock) -> None:
    response = fill(client, citation, clock, wait=view.LONGEST_TIME + 1)
    assert response.status_code == 422 and COMMENT in response.content.decode()
    clock.pass_by(60)
    again = {"comment": COMMENT, "token": token(response.content.decode())}
    assert client.post(url(citation), again).status_code == 303


def test_the_mark_of_one_citation_opens_no_other(client: Client, citation: Citation, clock: Clock) -> None:
    other = make_citation(cited=citation.cited)
    mark = token(client.get(url(other)).content.decode())
    clock.pass_by(60)
    assert client.post(url(citation), {"comment": COMMENT, "token": mark}).status_code == 422


def test_one_network_may_send_so_many_and_loses_nothing(
    client: Client, citation: Citation, clock: Clock, settings: Any
) -> None:
    settings.REPORT_RATE = "2/hour"
    clock.now_is = datetime.datetime(2026, 11, 3, 16, 0, tzinfo=datetime.UTC)
    for number in (1, 2):
        assert fill(client, citation, clock, comment=f"{COMMENT} {number}").status_code == 303
    response = fill(client, citation, clock, comment=f"{COMMENT} 3")
    page = response.content.decode()
    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0
    assert "From your network came 2 reports within an hour." in page
    assert "try again after 3 November 2026, 17:00 UTC" in page
    assert f"{COMMENT} 3" in page
    assert Report.objects.count() == 2
    clock.pass_by(3600)
    again = {"comment": f"{COMMENT} 3", "token": token(page)}
    assert client.post(url(citation), again).status_code == 303


def test_a_form_with_mistakes_does_not_count(client: Client, citation: Citation, clock: Clock, settings: Any) -> None:
    settings.REPORT_RATE = "1/day"
    assert fill(client, citation, clock, comment="short").status_code == 422
    assert fill(client, citation, clock).status_code == 303


@pytest.mark.parametrize(
    ("address", "forwarded", "secure", "network"),
    [
        ("192.0.2.17", "", False, "192.0.2.0/24"),
        ("2001:db8:1:2ff::1", "", False, "2001:db8:1:200::/56"),
        ("::ffff:192.0.2.17", "", False, "192.0.2.0/24"),
        ("127.0.0.1", "198.51.100.9, 203.0.113.5", True, "203.0.113.0/24"),
        ("192.0.2.17", "203.0.113.5", False, "192.0.2.0/24"),
        ("", "", False, "unknown"),
        ("nonsense", "", False, "unknown"),
    ],
)
def test_neighbours_count_as_one(address: str, forwarded: str, secure: bool, network: str, settings: Any) -> None:
    settings.SECURE = secure
    headers: Any = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    assert limits.network(RequestFactory().get("/", REMOTE_ADDR=address, **headers)) == network


def test_a_cache_that_is_gone_refuses_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(cache, "add", broken)
    assert limits.spend(RequestFactory().get("/"), "reports", "1/day") is None


def test_a_busy_database_loses_nothing(
    client: Client, citation: Citation, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: Any) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(view, "submit", busy)
    monkeypatch.setattr(view, "is_busy", lambda _: True)
    response = fill(client, citation, clock)
    assert response.status_code == 503
    assert "The database is busy." in response.content.decode() and COMMENT in response.content.decode()


def test_hostile_text_stays_text(client: Client, citation: Citation, clock: Clock) -> None:
    refused = fill(client, citation, clock, comment=HOSTILE, email="<b>@").content.decode()
    assert "<script>alert" not in refused and "&lt;script&gt;alert(1)" in refused and "49" not in refused
    assert fill(client, citation, clock, comment=HOSTILE.replace("\0", "")).status_code == 303
    stored = Report.objects.get()
    assert "\u202e" not in stored.comment and "<script>" in stored.comment


# Stored apart ---------------------------------------------------------------------------------------------------------


@given(st.text(max_size=300))
def test_a_comment_is_cleaned_once_and_for_all(words: str) -> None:
    cleaned = reports.clean(words)
    assert reports.clean(cleaned) == cleaned
    assert "\0" not in cleaned


def test_a_report_says_something_and_not_too_much() -> None:
    citation = make_citation()
    for said in (
        Suggestion(None, None, " \u200b "),
        Suggestion(None, None, "x" * 2001),
        Suggestion(Role.METHOD, None, "", "a" * 255),
    ):
        with pytest.raises(ReportError):
            reports.submit(citation, said)
    assert not Report.objects.exists()


def test_a_report_on_a_hidden_citation_is_one_on_what_stands_for_it() -> None:
    kept = make_citation()
    hidden = make_citation(cited=kept.cited)
    Citation.objects.filter(pk=hidden.pk).update(merged_into=kept)
    hidden.refresh_from_db()
    assert reports.submit(hidden, Suggestion(Role.METHOD, None, "")).citation == kept


def test_an_accepted_report_becomes_a_label_that_names_it() -> None:
    hub = make_hub({"method": 19})
    citation = make_citation(cited=hub)
    sent = reports.submit(citation, Suggestion(Role.METHOD, Polarity.SUPPORTS, COMMENT, "reader@example.org"))
    curator = make_curator()
    answered = reports.accept(sent.pk, curator, "Section 4 says so.")
    label = answered.label
    assert label is not None
    assert (label.role, label.polarity, label.curator) == ("method", "supports", curator)
    assert label.note == f"Report {sent.pk}. Section 4 says so."
    assert "example.org" not in label.note and COMMENT not in label.note
    assert (answered.status, answered.answered_by) == ("accepted", curator)
    change = ClassChange.objects.get(hub=hub, label=label)
    assert (change.cause, change.curator) == (reports.ACCEPTED_CAUSE, curator)


def test_only_the_first_answer_counts() -> None:
    sent = reports.submit(make_citation(), Suggestion(Role.METHOD, None, COMMENT))
    reports.decline(sent.pk, make_curator("ann"), "The text says otherwise.")
    with pytest.raises(AlreadyAnswered, match=r"was declined by ann on .* The answer: “The text says otherwise.”"):
        reports.accept(sent.pk, make_curator("ben"), "Yes.")
    assert not Label.objects.exists()


def test_an_answer_that_fails_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = reports.submit(make_citation(), Suggestion(Role.METHOD, None, COMMENT))

    def broken(*_: Any) -> None:
        raise OperationalError

    monkeypatch.setattr(reports, "_answer", broken)
    with pytest.raises(OperationalError):
        reports.accept(sent.pk, make_curator())
    assert not Label.objects.exists()


def test_addresses_of_answered_reports_can_be_removed() -> None:
    citation = make_citation()
    first, second = (
        reports.submit(citation, Suggestion(role, None, COMMENT, "reader@example.org"))
        for role in (Role.METHOD, Role.DATASET)
    )
    reports.decline(first.pk, make_curator())
    assert reports.forget_addresses([first.pk, second.pk]) == 1
    assert list(Report.objects.order_by("pk").values_list("reporter_address", flat=True)) == ["", "reader@example.org"]


@pytest.mark.django_db(transaction=True)
def test_of_two_curators_at_once_one_answers_and_the_other_is_told() -> None:
    sent = reports.submit(make_citation(), Suggestion(Role.METHOD, None, COMMENT))
    curators = [make_curator("ann"), make_curator("ben")]
    told: list[str] = []
    start = threading.Barrier(2)

    def answer(place: int) -> None:
        start.wait()
        try:
            reports.accept(sent.pk, curators[place])
        except AlreadyAnswered as error:
            told.append(str(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=answer, args=(place,)) for place in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == 1 and "was accepted by" in told[0]
    assert Label.objects.count() == 1


# In a browser ---------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_reader_mends_and_sends_the_form_by_keyboard(
    page: Page, live_server: LiveServer, citation: Citation, scheme: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view, "LEAST_TIME", 0)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto(live_server.url + url(citation))
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.locator("#r-comment").fill("Look")
    page.locator("#r-comment").press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".notice.grave")
    assert page.evaluate("document.activeElement.className") == "notice grave"
    assert page.locator("#r-comment").input_value() == "Look"
    assert violations(page) == []
    page.locator("#r-comment").fill(COMMENT)
    page.locator("input[name=role][value=evidence]").check()
    page.get_by_role("button", name="Send to the curators").click()
    page.wait_for_url("**/report/?sent=*")
    assert "Thank you" in page.locator("h1").inner_text()
    assert violations(page) == []
    # 422 is what a form with a mistake is answered with; browsers note it.
    assert [line for line in said if "422" not in line] == []


def violations(page: Page) -> list[tuple[str, str]]:
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    return [(rule["id"], node["html"]) for rule in found.response["violations"] for node in rule["nodes"]]
