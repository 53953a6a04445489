"""One example of each answer, for the documentation. Papers, people and sentences in them are made up."""

from __future__ import annotations

from typing import Any

_ROOT = "https://explorer.example.org"
_SLUG = "pythia-a-suite-for-analyzing-large-language-models"
_CITING_SLUG = "an-example-of-a-paper-that-cites"
_HUB_API = f"{_ROOT}/api/hubs/{_SLUG}/"
_CITATION_API = f"{_ROOT}/api/citations/1/"
_TIME = "2026-11-23T12:00:00+00:00"


def _share(count: int, of: int, low: float | None = None, high: float | None = None) -> dict[str, Any]:
    return {"count": count, "of": of, "share": count / of if of else None, "low": low, "high": high}


def _list(path: str, row: dict[str, Any], filters: dict[str, list[str]], **head: Any) -> dict[str, Any]:
    """A list of one row."""
    query = "&".join(f"{name}={value}" for name, values in filters.items() for value in values)
    return {
        **head,
        "count": 60,
        "filter": filters,
        "next": f"{_ROOT}{path}?{query}&cursor=WyJh...:Rk3c...",
        "previous": None,
        "results": [row],
    }


_CITING_ROW = {
    "title": "An example of a paper that cites",
    "authors": ["Ada Example", "Cy Example"],
    "year": 2025,
    "published_on": "2025-05-31",
    "venue": "ICML",
    "kind": "conference",
    "doi": "10.1000/example",
    "arxiv": None,
    "url": "https://example.org/paper",
    "summary": "It shows by an example what a row looks like.",
    "role": "method",
    "polarity": None,
    "decided_by": "curator",
    "source": "curator",
    "coarse": False,
    "confirmed": True,
    "suggested": None,
    "confidence": None,
    "influential": True,
    "self_citation": False,
    "notice": None,
    "cited_by_count": 12,
    "sentences": ["We train all probes on the published checkpoints."],
    "paper": f"{_ROOT}/papers/{_CITING_SLUG}/",
    "hub": _SLUG,
    "citation": _CITATION_API,
}
_TITLE = "Pythia: A Suite for Analyzing Large Language Models"
_LABEL = {
    "id": 7,
    "role": "method",
    "polarity": None,
    "decided_by": "curator",
    "source": "curator",
    "source_label": "Curators",
    "raw_value": None,
    "coarse": False,
    "confidence": None,
    "sentence": "We train all probes on the published checkpoints.",
    "note": None,
    "decision": "1b4e28ba-2fa1-41d2-883f-0016d3cca427",
    "retracts": None,
    "confirms": None,
    "created_at": _TIME,
}
_PAPER_ROW = {
    "slug": _SLUG,
    "title": _TITLE,
    "authors": ["Ada Example"],
    "year": 2023,
    "published_on": "2023-04-03",
    "venue": "ICML",
    "kind": "article",
    "notice": None,
    "summary": "Sixteen language models, trained alike.",
    "url": "https://arxiv.org/abs/2304.01373",
    "identifiers": [{"scheme": "arxiv", "value": "2304.01373", "url": "https://arxiv.org/abs/2304.01373"}],
    "cited_by_count": 1200,
    "paper": f"{_ROOT}/papers/{_SLUG}/",
    "api": f"{_ROOT}/api/papers/{_SLUG}/",
}
_NONE_OF = _share(0, 23, 0.0, 0.143)
_HUB_ROW = {
    "slug": _SLUG,
    "title": _TITLE,
    "authors": ["Ada Example"],
    "year": 2023,
    "venue": "ICML",
    "class": "tool-reference",
    "class_label": "Tool reference",
    "computed_class": "tool-reference",
    "pinned": False,
    "sentence": "78% of 23 classified citing papers (58–90%) use this work as a method, library or software dependency,"
    " not as a substantive claim. 7 more are not classified, 0 unclear.",
    "share": _share(18, 23, 0.581, 0.903),
    "rules_version": 2,
    "counts": {
        "known": 30,
        "classified": 23,
        "unclear": 0,
        "not_classified": 7,
        "assessed": 0,
        "not_assessed": 30,
        "confirmed_disputes": 0,
    },
    "roles": {
        "method": _share(18, 23, 0.581, 0.903),
        "dataset": _share(5, 23, 0.097, 0.419),
        "comparison": _NONE_OF,
        "extension": _NONE_OF,
        "evidence": _NONE_OF,
        "background": _NONE_OF,
    },
    "polarities": {name: _share(0, 0) for name in ("supports", "disputes", "mixed", "neutral")},
    "sample": False,
    "updated_at": _TIME,
    "hub": f"{_ROOT}/hubs/{_SLUG}/",
    "api": _HUB_API,
    "citing": f"{_HUB_API}citing/",
}

# By the name of the operation.
EXAMPLES: dict[str, dict[str, Any]] = {
    "index": {
        "hubs": f"{_ROOT}/api/hubs/",
        "papers": f"{_ROOT}/api/papers/",
        "schema": f"{_ROOT}/api/schema/",
        "docs": f"{_ROOT}/api/docs/",
        "site": f"{_ROOT}/",
    },
    "hubs": _list("/api/hubs/", _HUB_ROW, {"class": ["tool-reference"]}),
    "hub": {
        **_HUB_ROW,
        "paper": _PAPER_ROW,
        "abstract": None,
        "pin": None,
        "decided_by": {"curator": 20, "import": 3, "none": 7},
        "sources": [{"source": "curator", "label": "Curators", "count": 20}],
        "role_sources": {"curator": 20, "semanticscholar": 3},
        "polarity_sources": {},
        "suggested": {
            "method": 2,
            "dataset": 0,
            "comparison": 0,
            "extension": 0,
            "evidence": 0,
            "background": 0,
            "unclear": 0,
        },
        "years": [{"year": 2025, "count": 30, "roles": {"method": 18, "dataset": 5, "none": 7}}],
        "venues": [{"slug": "icml", "name": "ICML", "count": 11}],
        "flags": {"influential": 4, "self": 0, "retracted": 0, "coarse": 3, "confirmed": 20},
        "representatives": [{"why": "The most cited of the papers that use it as a tool.", "citation": _CITATION_API}],
        "history": f"{_HUB_API}history/",
    },
    "citing": _list(
        f"/api/hubs/{_SLUG}/citing/",
        _CITING_ROW,
        {"role": ["method"]},
        hub=_SLUG,
        title=_TITLE,
        description="60 of 120 citing papers use Pythia as a tool",
        known=120,
        notice=None,
        notices=[],
        page=f"{_ROOT}/hubs/{_SLUG}/citing/?role=method",
    )
    | {
        "facets": [
            {
                "name": "role",
                "label": "Role",
                "values": [
                    {
                        "value": "method",
                        "label": "Tool or method",
                        "count": 60,
                        "selected": True,
                        "url": f"{_HUB_API}citing/?role=method",
                    }
                ],
            }
        ]
    },
    "history": {
        "hub": _SLUG,
        "title": _TITLE,
        "next": None,
        "previous": None,
        "results": [
            {
                "what": "class",
                "at": _TIME,
                "class": {"from": "not-enough-evidence", "to": "tool-reference", "cause": "A curator read a paper."},
                "label": None,
                "pin": None,
                "merge": None,
                "citing": None,
                "citation": None,
            },
            {
                "what": "label",
                "at": _TIME,
                "class": None,
                "label": _LABEL,
                "pin": None,
                "merge": None,
                "citing": {"slug": _CITING_SLUG, "title": "An example of a paper that cites"},
                "citation": _CITATION_API,
            },
        ],
    },
    "papers": _list("/api/papers/", _PAPER_ROW, {"year_min": ["2020"]}),
    "paper": {
        **_PAPER_ROW,
        "abstract": None,
        "field_sources": {"title": "crossref"},
        "cited_by": [
            {"source": "openalex", "source_label": "OpenAlex", "count": 1200, "as_of": "2026-11-01"},
        ],
        "known_citing": 30,
        "cites": {"background": 3, "none": 40},
        "hub": f"{_ROOT}/hubs/{_SLUG}/",
        "hub_api": _HUB_API,
    },
    "citation": {
        **_CITING_ROW,
        "polarity_by": None,
        "polarity_source": None,
        "cited": {"slug": _SLUG, "title": _TITLE, "api": _HUB_API},
        "mentions": [
            {
                "sentence": "We train all probes on the published checkpoints.",
                "section": "Method",
                "source": "semanticscholar",
                "source_label": "Semantic Scholar",
            }
        ],
        "added_at": _TIME,
        "changed_at": _TIME,
        "labels": f"{_CITATION_API}labels/",
    },
    "labels": {
        "citation": _CITATION_API,
        "count": 1,
        "role": "method",
        "polarity": None,
        "results": [{**_LABEL, "undone": False, "decides": True}],
    },
    "schema": {"openapi": "3.1.0", "info": {"title": "Citation Explorer", "version": "1"}, "paths": {}},
}


def _problem(kind: str, title: str, status: int, detail: str, *errors: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": f"{_ROOT}/api/docs/#{kind}",
        "title": title,
        "status": status,
        "detail": detail,
        "errors": list(errors),
    }


# By status: a title and a problem each.
PROBLEMS: dict[int, list[tuple[str, dict[str, Any]]]] = {
    400: [
        (
            "A parameter that was not understood",
            _problem(
                "bad-parameter",
                "A parameter was not understood",
                400,
                "“7” is no page_size. Give one of 25, 50 or 100.",
                {
                    "parameter": "page_size",
                    "value": "7",
                    "message": "“7” is no page_size. Give one of 25, 50 or 100.",
                    "allowed": ["25", "50", "100"],
                    "suggestion": None,
                },
            ),
        ),
        (
            "A cursor that is not valid",
            _problem(
                "bad-cursor",
                "The cursor is not valid",
                400,
                "The cursor was changed, or was not made here. Begin without one.",
            ),
        ),
    ],
    404: [
        (
            "Nothing there",
            _problem("not-found", "There is no such thing", 404, "No paper here has the slug “pythia”."),
        )
    ],
    406: [
        (
            "JSON was not admitted",
            _problem(
                "not-acceptable",
                "Only JSON is served",
                406,
                "The header Accept admits no type of this address. Leave it out, or send application/json.",
            ),
        )
    ],
    429: [
        (
            "Too many requests",
            _problem(
                "too-many-requests",
                "Too many requests",
                429,
                "The allowed rate is 600/min. Try again in 12 s.",
            ),
        )
    ],
}
