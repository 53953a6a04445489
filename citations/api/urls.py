"""The addresses below /api/. None of them ever changes its meaning."""

from __future__ import annotations

from django.urls import path, re_path

from citations.api import views
from citations.api.docs import SchemaView, docs_page

app_name = "api"

urlpatterns = [
    path("", views.IndexView.as_view(), name="index"),
    path("hubs/", views.HubListView.as_view(), name="hubs"),
    path("hubs/<slug:slug>/", views.HubView.as_view(), name="hub"),
    path("hubs/<slug:slug>/citing/", views.CitingView.as_view(), name="citing"),
    path("hubs/<slug:slug>/history/", views.HistoryView.as_view(), name="history"),
    path("papers/", views.PaperListView.as_view(), name="papers"),
    path("papers/<slug:slug>/", views.PaperView.as_view(), name="paper"),
    path("citations/<int:number>/", views.CitationView.as_view(), name="citation"),
    path("citations/<int:number>/labels/", views.LabelsView.as_view(), name="labels"),
    path("schema/", SchemaView.as_view(), name="schema"),
    path("docs/", docs_page, name="docs"),
    # Without a slash at the end an address is first completed, as everywhere on the site.
    re_path(r"^(?P<rest>(?s:.*))/\Z", views.NothingView.as_view(), name="nothing"),
]
