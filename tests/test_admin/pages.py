"""The pages of the admin as a browser meets them."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from typing import Any

from django.db import models
from django.test import Client
from django.urls import reverse

# No list page takes more queries, whatever it lists.
QUERIES = 12


class PageForm(HTMLParser):
    """The fields of the page's main form, as a browser would send them untouched."""

    def __init__(self) -> None:
        super().__init__()
        self.data: dict[str, str] = {}
        self._inside = False
        self._select = self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        name = found.get("name", "")
        if tag == "form":
            self._inside = found.get("id", "").endswith("_form") and found["id"] != "logout-form"
        if not self._inside:
            return
        if tag == "input" and found.get("type") not in ("submit", "checkbox", "radio"):
            self.data[name] = found.get("value", "")
        elif tag == "input" and found.get("type") == "checkbox" and "checked" in found:
            self.data[name] = found.get("value", "on")
        elif tag == "select":
            self._select = name
            self.data.setdefault(name, "")
        elif tag == "option" and "selected" in found:
            self.data[self._select] = found.get("value", "")
        elif tag == "textarea":
            self._textarea = name
            self.data[name] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        if tag == "textarea":
            # A browser drops the line end that the widget writes first, and sends each other one as two characters.
            self.data[self._textarea] = "\r\n".join(self.data[self._textarea].splitlines()[1:])
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.data[self._textarea] += data


def address(model: type[models.Model], page: str, *arguments: Any) -> str:
    return reverse(f"admin:citations_{model._meta.model_name}_{page}", args=arguments)


def form_of(client: Client, url: str) -> dict[str, str]:
    """What a browser would send from the page at `url`."""
    response = client.get(url)
    assert response.status_code == 200
    parser = PageForm()
    parser.feed(response.content.decode())
    return {name: value for name, value in parser.data.items() if name and "__prefix__" not in name}


def send(client: Client, url: str, **changes: Any) -> Any:
    """Open the page, change some fields, save, and follow to the page that comes then."""
    return client.post(url, {**form_of(client, url), **changes}, follow=True)


def text_of(response: Any) -> str:
    """The page's words."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())
