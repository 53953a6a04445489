"""The settings: strict with what the environment says, safe where it says nothing. Each start is its own process."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.template import engines
from jinja2 import UndefinedError

from explorer.settings import VARIABLES

ROOT = Path(__file__).resolve().parent.parent
READ = "from django.conf import settings; settings.DEBUG"


def start(program: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a Python program under the project's settings; its environment is a data folder and `variables` alone."""
    surroundings = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    surroundings |= {"DJANGO_SETTINGS_MODULE": "explorer.settings", "DATA_DIR": str(folder)}
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=surroundings | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def value_of(setting: str, folder: Path, **variables: str) -> Any:
    """A setting as a fresh process sees it."""
    program = f"import json; from django.conf import settings; print(json.dumps(settings.{setting}, default=str))"
    finished = start(program, folder, **variables)
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DEBUG", "maybe"),
        ("DEBUG", ""),
        ("SECURE", "2"),
        ("SECRET_KEY", "  "),
        ("SECRET_KEY", "x"),
        ("SECRET_KEY", "x" * 49),
        ("ALLOWED_HOSTS", "https://explorer.example.org"),
        ("ALLOWED_HOSTS", "explorer.example.org:8000"),
        ("ALLOWED_HOSTS", "explorer example"),
        ("ALLOWED_HOSTS", ","),
        ("ALLOWED_HOSTS", " , "),
        ("CSRF_TRUSTED_ORIGINS", "explorer.example.org"),
        ("CSRF_TRUSTED_ORIGINS", "https://explorer.example.org/path"),
        ("DATABASE_URL", "mysql://localhost/explorer"),
        ("DATABASE_URL", "explorer.sqlite3"),
        ("DATABASE_URL", "sqlite://explorer.sqlite3"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:////nowhere/at/all/explorer.sqlite3"),
        ("DATABASE_URL", "sqlite:///var/explorer.sqlite3?timeout=1"),
        ("DATABASE_URL", "postgres://explorer:secret@localhost:port/explorer"),
        ("DATABASE_URL", "postgres://localhost"),
        ("DATABASE_URL", "postgres://[::1/explorer"),
        ("CACHE_URL", "memcache://localhost"),
        ("CACHE_URL", "redis://"),
        ("CACHE_URL", "redis://localhost:port/0"),
        ("API_RATE", ""),
        ("API_RATE", "600"),
        ("API_RATE", "0/min"),
        ("API_RATE", "-1/min"),
        ("API_RATE", "600/fortnight"),
        ("API_RATE", "600 per minute"),
        ("API_RATE", "6000000/min"),
        ("API_RATE", "no"),
        ("DATABASE_REPLICA_URLS", "postgres://h/n"),  # the primary is SQLite here
        ("DATABASE_REPLICA_URLS", "sqlite:///copy.sqlite3"),
        ("DATABASE_REPLICA_URLS", "postgres://h/n,mysql://h/n"),
        ("DATABASE_REPLICA_URLS", "postgres://h:port/n"),
        ("DATABASE_REPLICA_URLS", "postgres://h"),
        ("DATABASE_REPLICA_URLS", ","),
        ("DATABASE_REPLICA_URL", "postgres://h/n"),
        ("REPLICA_MAX_LAG", "0"),
        ("REPLICA_MAX_LAG", "soon"),
        ("REPLICA_LAG", "3"),
        ("TEMPLATE_CACHE", "/proc/nowhere"),
        ("TEMPLATE_CACHE", "/dev/null"),
        ("TEMPLATE_CACHE", ""),
        ("DATA_DIR", "/proc/nowhere"),
        ("DATA_DIR", "/dev/null"),
        ("TIME_ZONE", "Europe/Atlantis"),
        ("TIME_ZONE", "../etc/passwd"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
        ("LOG_FORMAT", ""),
        ("LOG_FILE", "site.log"),
        ("SLOW_QUERY_MS", "0"),
        ("SLOW_QUERY_MS", "1.5"),
        ("SLOW_QUERY_MS", "never"),
        ("SLOW_QUERIES", "100"),
        ("SIGN_IN_FAILURES", "0"),
        ("SIGN_IN_FAILURES", "-1"),
        ("SIGN_IN_FAILURES", "1001"),
        ("SIGN_IN_LIMIT", "5"),
        ("CONTACT_EMAIL", "curator"),
        ("CONTACT_EMAIL", "a@example.org\nBcc: b@example.org"),
        ("SEMANTIC_SCHOLAR_API_URL", "api.example.org"),
        ("SEMANTIC_SCHOLAR_API_URL", "ftp://api.example.org"),
        ("SEMANTIC_SCHOLAR_API_URL", "http://"),
        ("SEMANTIC_SCHOLAR_API_KEY", ""),
        ("SEMANTIC_SCHOLAR_KEY", "abc"),
        ("EXPLORER_DEBUG", "on"),
        ("ALLOWED_HOST", "explorer.example.org"),
    ],
)
def test_a_malformed_or_unknown_variable_stops_the_start_in_one_line_that_names_it(
    tmp_path: Path, variable: str, value: str
) -> None:
    finished = start(READ, tmp_path, **{variable: value})
    assert finished.returncode == 1
    assert finished.stdout == ""
    (line,) = finished.stderr.splitlines()
    assert line.startswith(f"Citation Explorer cannot start: {variable}: ")


def test_a_misspelt_variable_is_answered_with_the_right_one(tmp_path: Path) -> None:
    assert "did you mean ALLOWED_HOSTS?" in start(READ, tmp_path, ALLOWED_HOST="x.example.org").stderr
    assert "did you mean DATA_DIR?" in start(READ, tmp_path, EXPLORER_DATA_DIR="/srv").stderr
    misspelt = start(READ, tmp_path, EUROPEPMC_API_URL="http://127.0.0.1")
    assert "did you mean EUROPE_PMC_API_URL?" in misspelt.stderr


@pytest.mark.parametrize(
    "url", ["mysql://u:hunter2@h/n", "postgres://u:hunter2@h:x/n", "hunter2", "postgres://u:hunter2@h"]
)
def test_a_password_in_a_malformed_address_is_not_printed(tmp_path: Path, url: str) -> None:
    assert "hunter2" not in start(READ, tmp_path, DATABASE_URL=url).stderr
    assert "hunter2" not in start(READ, tmp_path, CACHE_URL=url).stderr
    assert "hunter2" not in start(READ, tmp_path, DATABASE_REPLICA_URLS=url).stderr


def test_replicas_are_databases_of_their_own_that_a_request_does_not_wait_for(tmp_path: Path) -> None:
    variables = {
        "DATABASE_URL": "postgres://explorer@primary/site",
        "DATABASE_REPLICA_URLS": "postgres://explorer@one/site, postgres://explorer@two/site?connect_timeout=9",
    }
    databases = value_of("DATABASES", tmp_path, **variables)
    assert sorted(databases) == ["default", "replica1", "replica2"]
    assert databases["replica1"]["HOST"] == "one"
    assert databases["replica1"]["OPTIONS"]["connect_timeout"] == 2
    assert databases["replica1"]["OPTIONS"]["server_side_binding"] is False
    assert int(databases["replica2"]["OPTIONS"]["connect_timeout"]) == 9
    assert databases["replica1"]["CONN_MAX_AGE"] == 60
    assert value_of("DATABASE_ROUTERS", tmp_path, **variables) == ["citations.replicas.ReplicaRouter"]
    assert value_of("DATABASE_ROUTERS", tmp_path) == []


def test_compiled_templates_are_kept_where_nobody_else_can_write(tmp_path: Path) -> None:
    folder = tmp_path / "templates"
    assert value_of("TEMPLATE_CACHE", tmp_path) == str(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.chmod(0o770)
    assert "others may write into" in start(READ, tmp_path).stderr
    assert value_of("TEMPLATE_CACHE", tmp_path, TEMPLATE_CACHE="off") is None


def test_a_template_is_compiled_once_for_all_processes(tmp_path: Path) -> None:
    program = (
        "import django; django.setup()\n"
        "from django.template.loader import get_template\n"
        "import jinja2.environment, os\n"
        "compiled = []\n"
        "known = jinja2.environment.Environment.compile\n"
        "jinja2.environment.Environment.compile = lambda *a, **k: (compiled.append(1), known(*a, **k))[1]\n"
        "get_template('error.html')\n"
        "print(len(compiled))\n"
    )
    assert start(program, tmp_path).stdout.split() == ["1"]
    assert start(program, tmp_path).stdout.split() == ["0"]


def test_a_shared_cache_is_not_waited_for(tmp_path: Path) -> None:
    caches = value_of("CACHES", tmp_path, CACHE_URL="redis://localhost:6379/1")
    assert caches["pages"]["LOCATION"] == "redis://localhost:6379/1"
    assert caches["pages"]["KEY_PREFIX"] != caches["default"]["KEY_PREFIX"]
    assert caches["pages"]["OPTIONS"]["socket_timeout"] < 1


def test_pages_are_kept_apart_from_all_else_and_bounded(tmp_path: Path) -> None:
    caches = value_of("CACHES", tmp_path)
    assert caches["pages"]["LOCATION"] != caches["default"]["LOCATION"]
    assert caches["pages"]["OPTIONS"]["MAX_ENTRIES"] <= 1_000
    assert value_of("PAGE_VERSIONS", tmp_path) is True
    assert value_of("PAGE_VERSIONS", tmp_path, DEBUG="on") is False


def test_the_command_line_shows_no_traceback_either(tmp_path: Path) -> None:
    program = "import sys; sys.argv = ['manage.py', 'migrate']; import manage; manage.main()"
    finished = start(program, tmp_path, DEBUG="maybe")
    assert finished.returncode == 1
    assert len(finished.stderr.splitlines()) == 1


def test_defaults_are_safe(tmp_path: Path) -> None:
    assert value_of("DEBUG", tmp_path) is False
    assert value_of("ALLOWED_HOSTS", tmp_path) == ["localhost", "127.0.0.1", "[::1]"]
    assert value_of("X_FRAME_OPTIONS", tmp_path) == "DENY"
    assert value_of("SECURE_PROXY_SSL_HEADER", tmp_path) is None  # a header that anybody could send
    policy = value_of("CONTENT_SECURITY_POLICY['DIRECTIVES']", tmp_path)
    assert policy["default-src"] == ["'none'"]
    assert "unsafe" not in json.dumps(policy)


def test_behind_tls_cookies_are_secure_and_browsers_are_told_to_stay(tmp_path: Path) -> None:
    assert value_of("SESSION_COOKIE_SECURE", tmp_path, SECURE="yes") is True
    assert value_of("CSRF_COOKIE_SECURE", tmp_path, SECURE="yes") is True
    assert value_of("SECURE_HSTS_SECONDS", tmp_path, SECURE="yes") == 31_536_000


@pytest.mark.parametrize(("written", "meant"), [("true", True), ("On", True), ("1", True), ("NO", False), ("0", False)])
def test_a_switch_takes_the_usual_words_in_any_case(tmp_path: Path, written: str, meant: bool) -> None:
    assert value_of("DEBUG", tmp_path, DEBUG=written) is meant


@pytest.mark.parametrize(
    ("written", "meant"), [("600/min", "600/min"), ("5/Second", "5/second"), ("1/d", "1/d"), ("off", None)]
)
def test_a_rate_of_requests_is_taken_as_documented(tmp_path: Path, written: str, meant: str | None) -> None:
    assert value_of("API_RATE", tmp_path, API_RATE=written) == meant


def test_a_proxy_is_believed_only_where_one_stands_in_front(tmp_path: Path) -> None:
    assert value_of("REST_FRAMEWORK", tmp_path)["NUM_PROXIES"] == 0
    behind = value_of("REST_FRAMEWORK", tmp_path, SECURE="on", ALLOWED_HOSTS="explorer.example.org")
    assert behind["NUM_PROXIES"] == 1


def test_a_value_that_begins_with_a_dollar_is_taken_as_it_stands(tmp_path: Path) -> None:
    assert value_of("SECRET_KEY", tmp_path, SECRET_KEY="$PATH" * 10) == "$PATH" * 10


def test_the_secret_key_is_made_once_into_a_private_file(tmp_path: Path) -> None:
    first = value_of("SECRET_KEY", tmp_path)
    file = tmp_path / "secret_key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(first) >= 50
    assert value_of("SECRET_KEY", tmp_path) == first
    assert sorted(found.name for found in tmp_path.iterdir()) == ["secret_key", "templates"]


def test_processes_that_start_together_agree_on_one_secret_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        keys = set(pool.map(lambda _: value_of("SECRET_KEY", tmp_path), range(4)))
    assert len(keys) == 1


def test_a_secret_key_that_others_can_read_stops_the_start(tmp_path: Path) -> None:
    value_of("SECRET_KEY", tmp_path)
    (tmp_path / "secret_key").chmod(0o644)
    finished = start(READ, tmp_path)
    assert finished.returncode == 1
    assert "SECRET_KEY" in finished.stderr


def test_an_emptied_secret_key_file_stops_the_start(tmp_path: Path) -> None:
    file = tmp_path / "secret_key"
    file.touch(mode=0o600)
    assert "SECRET_KEY" in start(READ, tmp_path).stderr
    assert file.read_text() == ""


def test_a_data_folder_is_made_private(tmp_path: Path) -> None:
    value_of("DATA_DIR", tmp_path / "new")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_a_relative_database_lies_below_the_project_wherever_the_command_is_given(tmp_path: Path) -> None:
    name = value_of("DATABASES['default']['NAME']", tmp_path, DATABASE_URL="sqlite:///explorer.sqlite3")
    assert name == str(ROOT / "explorer.sqlite3")


def test_postgresql_binds_parameters_in_the_client_and_keeps_connections(tmp_path: Path) -> None:
    url = "postgres://curator:p%40ss@db.example.org:5433/explorer?sslmode=require"
    database = value_of("DATABASES['default']", tmp_path, DATABASE_URL=url)
    assert (database["USER"], database["PASSWORD"]) == ("curator", "p@ss")
    assert (database["HOST"], database["PORT"], database["NAME"]) == ("db.example.org", 5433, "explorer")
    assert database["OPTIONS"] == {"connect_timeout": 5, "server_side_binding": False, "sslmode": "require"}
    assert (database["CONN_MAX_AGE"], database["CONN_HEALTH_CHECKS"]) == (60, True)


def test_sqlite_waits_for_writers_and_writes_ahead(tmp_path: Path) -> None:
    program = (
        "from django.db import connection\n"
        "cursor = connection.cursor()\n"
        "for pragma in ('journal_mode', 'synchronous', 'foreign_keys', 'busy_timeout'):\n"
        "    print(cursor.execute(f'PRAGMA {pragma}').fetchone()[0])\n"
    )
    finished = start(program, tmp_path)
    assert finished.stdout.split("\n")[:4] == ["wal", "1", "1", "20000"], finished.stderr
    assert value_of("DATABASES['default']['OPTIONS']['transaction_mode']", tmp_path) == "IMMEDIATE"


def test_public_templates_escape_what_they_print_and_refuse_names_that_nobody_passed() -> None:
    jinja2 = engines["jinja2"]
    assert jinja2.from_string("{{ title }}").render({"title": "<b>&"}) == "&lt;b&gt;&amp;"
    assert jinja2.from_string("{{ url('admin:index') }}").render({}) == "/admin/"
    with pytest.raises(UndefinedError, match="titel"):
        jinja2.from_string("{{ titel }}").render({"title": "x"})


def test_tests_write_into_a_folder_of_their_own() -> None:
    assert ROOT not in [Path(settings.DATA_DIR), *Path(settings.DATA_DIR).parents]


def test_every_variable_is_documented_and_nothing_else() -> None:
    text = (ROOT / "docs" / "deploying.md").read_text("utf-8")
    documented = re.findall(r"^\| `([A-Z_]+)` \|", text, re.MULTILINE)
    assert sorted(documented) == sorted(VARIABLES)


@pytest.mark.parametrize(("written", "meant"), [("250", 250), ("1", 1), ("off", None), ("OFF", None)])
def test_slow_statements_are_noted_from_a_threshold_or_not_at_all(tmp_path: Path, written: str, meant: int) -> None:
    assert value_of("SLOW_QUERY_MS", tmp_path, SLOW_QUERY_MS=written) == meant


def test_signing_in_is_throttled_unless_switched_off(tmp_path: Path) -> None:
    assert value_of("AXES_FAILURE_LIMIT", tmp_path, SIGN_IN_FAILURES="3") == 3
    assert value_of("AXES_ENABLED", tmp_path) is True
    assert value_of("AXES_ENABLED", tmp_path, SIGN_IN_FAILURES="off") is False


@pytest.mark.parametrize("form", ["json", "keyvalue"])
def test_the_log_takes_the_form_that_is_asked_for(tmp_path: Path, form: str) -> None:
    program = "import django, logging; django.setup(); logging.getLogger('citations').warning('a line')"
    line = start(program, tmp_path, LOG_FORMAT=form).stderr
    if form == "json":
        assert json.loads(line)["message"] == "a line"
    else:
        assert 'level=WARNING logger=citations message="a line"' in line
