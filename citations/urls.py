"""The addresses of the public pages. None of them ever changes its meaning."""

from __future__ import annotations

from django.urls import include, path

from citations.feeds import citing_feed, history_feed, site_feed
from citations.views.about import about_classes, about_data
from citations.views.about_interface import about_style, about_words
from citations.views.agreement import agreement_list
from citations.views.audit import audit_file, audit_page
from citations.views.badge import badge
from citations.views.citation import citation_page
from citations.views.citing import citing_page
from citations.views.compare import compare
from citations.views.exports import citing_export, paper_export
from citations.views.health import healthz, readyz
from citations.views.history import history_page
from citations.views.home import home
from citations.views.hub import hub_page
from citations.views.hubs import hubs
from citations.views.kin import opensearch, robots, sitemap, sitemap_page
from citations.views.models import model_card, model_file
from citations.views.paper import paper
from citations.views.papers import papers
from citations.views.redirects import arxiv, doi, identifier
from citations.views.report import report
from citations.views.search import search_page
from citations.views.suggestions import suggestions

urlpatterns = [
    path("", home, name="home"),
    path("hubs/", hubs, name="hubs"),
    path("hubs/<slug:slug>/", hub_page, name="hub"),
    path("hubs/<slug:slug>/citing/", citing_page, name="citing"),
    path("hubs/<slug:slug>/badge.svg", badge, name="badge"),
    path("hubs/<slug:slug>/citing.atom", citing_feed, name="citing_feed"),
    path("hubs/<slug:slug>/history/", history_page, name="history"),
    path("hubs/<slug:slug>/history.atom", history_feed, name="history_feed"),
    path("history.atom", site_feed, name="site_feed"),
    path("hubs/<slug:slug>/citing.<str:form>", citing_export, name="citing_export"),
    path("audits/<int:number>/", audit_page, name="audit"),
    path("audits/<int:number>.csv", audit_file, name="audit_file"),
    path("citations/<int:number>/", citation_page, name="citation"),
    path("citations/<int:number>/report/", report, name="report"),
    path("papers/", papers, name="papers"),
    path("papers/<slug:slug>/", paper, name="paper"),
    path("papers/<slug:slug>.<str:form>", paper_export, name="paper_export"),
    path("compare/", compare, name="compare"),
    path("search/", search_page, name="search"),
    path("search/suggestions/", suggestions, name="suggestions"),
    path("doi/<path:value>", doi, name="doi"),
    path("arxiv/<path:value>", arxiv, name="arxiv"),
    path("id/<str:scheme>/<path:value>", identifier, name="identifier"),
    path("about/classes/", about_classes, name="about_classes"),
    path("about/data/", about_data, name="about_data"),
    path("about/words/", about_words, name="about_words"),
    path("about/style/", about_style, name="about_style"),
    path("about/data/agreement/", agreement_list, name="agreement"),
    path("about/data/models/<str:name>.json", model_card, name="model_card"),
    path("about/data/models/<str:name>.model", model_file, name="model_file"),
    path("robots.txt", robots, name="robots"),
    path("sitemap.xml", sitemap, name="sitemap"),
    path("sitemap-<slug:kind>-<int:page>.xml", sitemap_page, name="sitemap_page"),
    path("opensearch.xml", opensearch, name="opensearch"),
    path("api/", include("citations.api.urls")),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
]
