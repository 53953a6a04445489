"""The OpenAPI document: that it is whole, that it is true, and that no request makes the interface break its word."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import hypothesis
import pytest
import schemathesis
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck
from jsonschema import Draft202012Validator
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from schemathesis.core.parameters import ParameterLocation

from citations import search
from citations.api.docs import openapi_document
from citations.filters.base import PAGE_SIZES
from citations.models import Citation, Paper
from citations.vocabulary import HubClass
from tests.factories import make_citation, make_curator, make_hub, make_label, make_paper

# What `make test` tries of each address, and what `make soak` does.
CASES, SOAKED_CASES = 50, 1_000


@pytest.fixture(autouse=True)
def _no_rate(settings: Settings) -> Iterator[None]:
    """No bound on requests."""
    settings.API_RATE = None
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def hub(db: None) -> Paper:
    """A hub of 60 citing papers with everything that an answer can hold."""
    made = make_hub(
        {"method": 20, "dataset": 4},
        34,
        title="Pythia: a suite",
        slug="pythia",
        venue="ICML",
        year=2023,
        authors=["Ada Bee"],
        identifiers=["arXiv:2304.01373"],
        abstract="A suite of language models.",
        polarities={"supports": 5, "disputes": 2},
        curator=make_curator(),
        citing_facts={"venue": "ICML", "year": 2024, "summary": "It uses language models."},
        cited_by=100,
    )
    full = make_citation(
        make_paper(
            "Language models, used", identifiers=["10.1000/x"], authors=["Cy Dee"], notice="retracted", kind="article"
        ),
        made,
        sentences=["We use language models."],
        is_influential=True,
    )
    make_label(full, "method", "supports", source="semanticscholar", raw_value="methodology", coarse=True)
    suggested = make_citation(make_paper(), made)
    make_label(suggested, "dataset", decided_by="classifier")
    return made


def document() -> dict[str, Any]:
    """The document as it is served."""
    response = Client().get("/api/schema/")
    assert response.status_code == 200
    found: dict[str, Any] = json.loads(response.content)
    return found


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    """Path and description of each operation."""
    for path, methods in openapi_document()["paths"].items():
        assert list(methods) == ["get"]
        yield path, methods["get"]


def parameters() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each parameter of each query, with its path."""
    for path, operation in operations():
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "query":
                yield path, parameter


# Whole ----------------------------------------------------------------------------------------------------------------


def test_the_document_is_valid_and_made_without_a_warning() -> None:
    out = io.StringIO()
    call_command("spectacular", "--fail-on-warn", "--validate", "--format", "openapi-json", stdout=out)
    assert json.loads(out.getvalue())["openapi"] == "3.1.0"


def test_the_document_that_is_served_is_the_one_that_was_checked() -> None:
    assert document() == json.loads(json.dumps(openapi_document()))
    response = Client().get("/api/schema/", headers={"accept": "application/vnd.oai.openapi+json"})
    assert response["Content-Type"] == "application/vnd.oai.openapi+json"


def test_everything_has_a_description_and_an_example() -> None:
    for path, operation in operations():
        assert operation["summary"] and operation["description"] and operation["operationId"], path
        for parameter in operation.get("parameters", ()):
            assert parameter["description"] and parameter["examples"], (path, parameter["name"])
        assert {"200", "304", "400", "406", "429"} <= set(operation["responses"]), path
        assert ("404" in operation["responses"]) is ("{" in path)
        for status, response in operation["responses"].items():
            assert response["description"], (path, status)
            for content in response.get("content", {}).values():
                assert content["schema"] and content["examples"], (path, status)
    for name, shape in openapi_document()["components"]["schemas"].items():
        for member, schema in shape.get("properties", {}).items():
            assert "$ref" in schema or schema.get("description"), (name, member)


def test_every_address_of_the_interface_is_documented() -> None:
    from citations.api.urls import urlpatterns

    documented = {path for path, _ in operations()}
    for pattern in urlpatterns:
        if pattern.name not in ("docs", "nothing"):
            assert "/api/" + re.sub(r"<\w+:(\w+)>", r"{\1}", str(pattern.pattern)) in documented


def resolved(schema: Any, components: dict[str, Any]) -> dict[str, Any]:
    """A schema that a JSON Schema validator reads on its own: strict, so that what is not documented shows."""

    def strict(value: Any) -> Any:
        if isinstance(value, list):
            return [strict(one) for one in value]
        if not isinstance(value, dict):
            return value
        made = {name: strict(one) for name, one in value.items()}
        if made.get("type") == "object" and "properties" in made:
            made.setdefault("additionalProperties", False)
        return made

    found: dict[str, Any] = {**strict(schema), "components": strict(components)}
    return found


def problems_of(value: Any, schema: dict[str, Any]) -> list[str]:
    """Where a value is not what a schema says."""
    whole = resolved(schema, openapi_document()["components"])
    validator = Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return [f"{list(error.path)}: {error.message}"[:300] for error in validator.iter_errors(value)]


def test_every_example_is_what_its_schema_says() -> None:
    for path, operation in operations():
        for parameter in operation.get("parameters", ()):
            for example in parameter["examples"].values():
                assert problems_of(example["value"], parameter["schema"]) == [], (path, parameter["name"])
        for status, response in operation["responses"].items():
            for content in response.get("content", {}).values():
                for example in content["examples"].values():
                    assert problems_of(example["value"], content["schema"]) == [], (path, status)


# True -----------------------------------------------------------------------------------------------------------------


def filled(path: str, hub: Paper) -> str:
    """A path with something that is there."""
    citation = Citation.objects.filter(cited=hub, mention_count__gt=0).get()
    return path.format(slug=hub.slug, number=citation.pk)


@pytest.mark.parametrize("query", ["", "?facets=1"])
def test_answers_have_exactly_the_members_that_are_documented(hub: Paper, query: str) -> None:
    for path, operation in operations():
        if query and not any(parameter["name"] == "facets" for parameter in operation.get("parameters", ())):
            continue
        response = Client().get(filled(path, hub) + query)
        assert response.status_code == 200, path
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        assert problems_of(response.json(), schema) == [], path


def test_refusals_have_exactly_the_members_that_are_documented(hub: Paper) -> None:
    for path, operation in operations():
        asked: dict[str, dict[str, Any]] = {"400": {"query": {"x": "1"}}, "406": {"accept": "image/png"}, "404": {}}
        for status, how in asked.items():
            if status not in operation["responses"]:
                continue
            address = path.format(slug="nowhere", number=0) if status == "404" else filled(path, hub)
            query = how.get("query")
            headers = {"accept": str(how["accept"])} if "accept" in how else {}
            response = Client().get(address + (f"?{urlencode(query)}" if query else ""), headers=headers)
            assert str(response.status_code) == status, path
            schema = operation["responses"][status]["content"]["application/problem+json"]["schema"]
            assert problems_of(response.json(), schema) == [], (path, status)


# A value of each parameter whose values are not listed.
VALUES = {
    "year_min": ["2020"],
    "year_max": ["2024"],
    "venue": ["icml"],
    "source": ["sample", "curator"],
    "q": ["language models", "language", '"language models" -diffusion'],
    "page": ["1", "2"],
    "identifier": ["arXiv:2304.01373"],
}


def test_every_documented_parameter_works_with_every_documented_value(hub: Paper) -> None:
    tried = 0
    for path, parameter in parameters():
        name, schema = parameter["name"], parameter["schema"]
        words = schema.get("items", schema).get("enum") or VALUES.get(name)
        if name == "cursor":
            first = Client().get(filled(path, hub), {"page_size": 25}).json()
            if not first["next"]:
                continue
            following = urlsplit(first["next"])
            assert Client().get(f"{following.path}?{following.query}").json()["results"] != first["results"]
            tried += 1
            continue
        assert words, (path, name)
        for word in words:
            query = {name: word, **({"q": "language"} if word == "relevance" else {})}
            response = Client().get(filled(path, hub), query)
            assert response.status_code == 200, (path, name, word, response.content[:300])
            answer = response.json()
            if name == "page_size":
                assert len(answer["results"]) <= int(word)
            elif name in answer.get("filter", {}):
                assert answer["filter"][name] == [str(word)], (path, name)
            tried += 1
        if schema.get("type") == "array":
            both = Client().get(filled(path, hub), {name: words[:2]})
            assert both.status_code == 200, (path, name)
            alone = [Client().get(filled(path, hub), {name: word}).json()["count"] for word in words[:2]]
            assert both.json()["count"] == sum(alone[: len(set(words[:2]))]), (path, name)
    assert tried > 60


def test_the_parameters_are_those_of_the_pages(hub: Paper) -> None:
    documented: dict[str, set[str]] = {}
    for path, parameter in parameters():
        documented.setdefault(path, set()).add(parameter["name"])
    assert documented["/api/hubs/{slug}/citing/"] == {
        *("role", "polarity", "suggested", "decided_by", "source", "coarse", "confirmed", "year_min", "year_max"),
        *("venue", "q", "influential", "self", "retracted", "sort", "page", "page_size", "facets", "cursor"),
    }
    assert documented["/api/hubs/"] == {
        *("class", "year_min", "year_max", "venue", "q", "sort", "page", "page_size", "facets", "cursor"),
    }
    sizes = next(parameter["schema"]["enum"] for _, parameter in parameters() if parameter["name"] == "page_size")
    assert sizes == list(PAGE_SIZES)
    classes = next(
        parameter["schema"]["items"]["enum"] for _, parameter in parameters() if parameter["name"] == "class"
    )
    assert classes == list(HubClass)


def test_the_guide_names_every_parameter_and_every_address() -> None:
    from tests.conftest import ROOT

    guide = (ROOT / "docs" / "api.md").read_text("utf-8")
    for path, _ in operations():
        assert f"`{path}`" in guide, path
    for name in {parameter["name"] for _, parameter in parameters()}:
        assert f"`{name}`" in guide, name
    assert "API_RATE" in guide


# Unbroken -------------------------------------------------------------------------------------------------------------


_handler = WSGIHandler()
_SIGNALS = (request_started, request_finished)


def in_process(environ: dict[str, Any], start_response: Any) -> Any:
    """The site as a WSGI application beside a test: a request would end by closing a connection that is in a
    transaction, which is where tests are.
    """
    for signal in _SIGNALS:
        signal.disconnect(close_old_connections)
    return _handler(environ, start_response)


@pytest.fixture
def _signals_return() -> Iterator[None]:
    """What `in_process` disconnects is connected again."""
    yield
    for signal in _SIGNALS:
        signal.connect(close_old_connections)


def made_possible(case: Any, hub: Paper) -> None:
    """Give a case what no schema can: names of what is there, and values that agree with each other.

    Cases that are meant to be refused, and some of those that name what is not there, stay as they are.
    """
    parts = case.meta.components if case.meta else {}
    path, query = case.path_parameters, case.query
    if ParameterLocation.PATH in parts and parts[ParameterLocation.PATH].mode.is_negative:
        path = {}
    if case.meta is None or case.meta.generation.mode.is_negative:
        query = {}
    if "slug" in path and len(path["slug"]) % 8:
        path["slug"] = hub.slug
    if "number" in path and len(str(path["number"])) % 8:
        path["number"] = (
            Citation.objects.filter(cited=hub).order_by("-mention_count", "pk").values_list("pk", flat=True)[0]
        )
    for name, known in (("venue", ["icml"]), ("source", ["sample"]), ("identifier", "10.1000/x")):
        if name in query:
            query[name] = known
    if not search.parse(str(query.get("q", "x"))):
        query["q"] = "language models"
    if query.get("sort") == "relevance":
        query.setdefault("q", "language")
    if {"year_min", "year_max"} <= set(query):
        query["year_min"], query["year_max"] = sorted((query["year_min"], query["year_max"]))
    if "cursor" in query:
        query.pop("page", None)
        del query["cursor"]
        asked = {**query, "page_size": 25}
        following = Client().get(case.formatted_path, asked).json().get("next")
        if following:
            query["page_size"] = 25
            query["cursor"] = parse_qs(urlsplit(following).query)["cursor"][0]


# The document as it is served in this process; no database is asked for it.
site = schemathesis.openapi.from_wsgi("/api/schema/", _handler)
site.app = in_process


@pytest.mark.usefixtures("_signals_return")
@site.parametrize()
@hypothesis.settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
def test_no_request_that_schemathesis_makes_breaks_the_document(case: Any, hub: Paper) -> None:
    made_possible(case, hub)
    case.call_and_validate()


@pytest.mark.soak
@pytest.mark.usefixtures("_signals_return")
@site.parametrize()
@hypothesis.settings(max_examples=SOAKED_CASES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
def test_no_request_of_a_thousand_breaks_the_document(case: Any, hub: Paper) -> None:
    made_possible(case, hub)
    case.call_and_validate()


# The page of documentation --------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_documentation_is_shown_and_can_be_tried_without_a_word_on_the_console(
    live_server: LiveServer, page: Any, settings: Settings
) -> None:
    make_hub({"method": 3}, title="Tool")
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.set_default_timeout(20_000)
    page.goto(f"{live_server.url}/api/docs/")
    page.wait_for_selector("#operations-Hubs-hubs")
    page.click("#operations-Hubs-hubs .opblock-summary-control")
    page.click("#operations-Hubs-hubs .try-out__btn")
    page.click("#operations-Hubs-hubs .execute")
    page.wait_for_selector("#operations-Hubs-hubs .live-responses-table .response-col_status")
    assert "200" in page.inner_text("#operations-Hubs-hubs .live-responses-table tbody .response-col_status")
    assert '"slug": "tool"' in page.inner_text("#operations-Hubs-hubs .live-responses-table")
    for control in page.query_selector_all(".opblock-summary-control[aria-expanded=false]"):
        control.click()
    page.wait_for_function(f"document.querySelectorAll('.opblock.is-open').length == {len(list(operations()))}")
    page.click(".models-control")
    page.wait_for_selector(".models.is-open")
    assert said == []
    assert all(url.startswith((live_server.url, "blob:")) for url in asked)
    assert page.context.cookies() == []
