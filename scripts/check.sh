#!/bin/sh
# Everything that can be said of the code without running it, and Django's own checks. All run, whichever fails.
set -u
cd "$(dirname "$0")/.."
status=0
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

check() {
    echo "-- $*"
    "$@" || status=1
}
# What somebody has in var/, and how their site is set, must not decide what these say.
manage() { env -u DEBUG -u DATABASE_URL DATA_DIR="$folder" "$@"; }

check .venv/bin/ruff check .
check .venv/bin/ruff format --check .
check manage .venv/bin/mypy
check manage .venv/bin/python manage.py check --fail-level WARNING
check manage env SECURE=on ALLOWED_HOSTS=explorer.example.org .venv/bin/python manage.py check --deploy --fail-level WARNING
check manage .venv/bin/python manage.py makemigrations --check --dry-run
check .venv/bin/python scripts/audit.py
[ "$status" -eq 0 ] && echo "All checks passed." || echo "A check failed (above)." >&2
exit "$status"
