"""The addresses of the public pages. None of them ever changes its meaning."""

from __future__ import annotations

from django.urls import path

from citations.views.about import about_classes, about_data
from citations.views.citing import citing_page
from citations.views.health import healthz, readyz
from citations.views.home import home
from citations.views.hub import hub_page
from citations.views.hubs import hubs
from citations.views.paper import paper
from citations.views.papers import papers
from citations.views.redirects import arxiv, doi, identifier

urlpatterns = [
    path("", home, name="home"),
    path("hubs/", hubs, name="hubs"),
    path("hubs/<slug:slug>/", hub_page, name="hub"),
    path("hubs/<slug:slug>/citing/", citing_page, name="citing"),
    path("papers/", papers, name="papers"),
    path("papers/<slug:slug>/", paper, name="paper"),
    path("doi/<path:value>", doi, name="doi"),
    path("arxiv/<path:value>", arxiv, name="arxiv"),
    path("id/<str:scheme>/<path:value>", identifier, name="identifier"),
    path("about/classes/", about_classes, name="about_classes"),
    path("about/data/", about_data, name="about_data"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
]
