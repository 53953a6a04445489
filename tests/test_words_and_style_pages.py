"""The page of words and keys, and the page of components."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from citations.glossary import WORDS
from citations.views.about_interface import KEYS
from citations.vocabulary import HubClass, Polarity, Role

ROOT = Path(__file__).resolve().parent.parent
MACROS = ROOT / "templates" / "jinja2" / "macros"


@pytest.mark.django_db
def test_every_word_and_every_key_is_explained_without_a_query(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        page = html.unescape(client.get(reverse("about_words")).content.decode())
    for word in WORDS.values():
        assert f'<div id="{word.key}"><dt>{word.name}</dt><dd>{word.meaning}</dd></div>' in page
    for key, what in KEYS:
        assert f"<kbd>{key}</kbd></th><td>{what}</td>" in page


def test_the_keys_that_are_listed_are_those_that_the_script_knows() -> None:
    script = (ROOT / "static" / "js" / "explorer.js").read_text("utf-8")
    table = script[script.index("var keys = {") : script.index("};", script.index("var keys = {"))]
    assert set(re.findall(r'(?:^|[{,]\s*)"?([a-z/?])"?:', table)) == {key for key, _ in KEYS}


def test_templates_explain_only_words_that_there_are() -> None:
    named = set()
    for template in (ROOT / "templates" / "jinja2").glob("*.html"):
        for call in re.findall(r"\{\{ explain\((.*?)\) \}\}", template.read_text("utf-8")):
            named |= set(re.findall(r'"([a-z-]+)"', call))
    assert named
    assert named <= set(WORDS)


@pytest.mark.django_db
def test_the_page_of_components_shows_every_member_of_every_vocabulary_without_a_query(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        page = client.get(reverse("about_style")).content.decode()
    for member in (*Role, *Polarity, *HubClass):
        assert f'<span class="word">{member.label}</span>' in page
    for name in ("suggested", "coarse", "Chosen", "Retracted", "No paper matches", "Not all of this address"):
        assert name in page


@pytest.mark.django_db
def test_every_part_of_a_chart_has_a_pattern_of_the_sprite(client: Client) -> None:
    page = client.get(reverse("about_style")).content.decode()
    patterns = set(re.findall(r'<pattern id="([a-z-]+)"', page))
    assert {f"g-{role.token}" for role in Role if role.is_classified} <= patterns
    assert {f"g-{polarity.token}" for polarity in Polarity} <= patterns
    assert set(re.findall(r'fill="url\(#([a-z-]+)\)"', page)) <= patterns


@pytest.mark.django_db
def test_marks_of_a_named_chart_are_links_with_names(client: Client) -> None:
    page = client.get(reverse("about_style")).content.decode()
    charts = re.findall(r'<svg class="chart[^"]*"[^>]* role="group" aria-label="[^"]+".*?</svg>', page, re.S)
    assert len(charts) == 6
    for chart in charts:
        links = re.findall(r"<a [^>]*>(?:<title>[^<]+</title>)?", chart)
        assert links
        assert all("<title>" in link or "aria-label" in link for link in links)


def test_every_custom_property_that_is_used_is_defined() -> None:
    style = (ROOT / "static" / "css" / "explorer.css").read_text("utf-8")
    defined = set(re.findall(r"(--[a-z0-9-]+)\s*:", style))
    used = set(re.findall(r"var\((--[a-z0-9-]+)", style))
    assert used <= defined
