#!/bin/sh
# The tests on SQLite, then on PostgreSQL. Arguments go to pytest; WORKERS=2 spreads them over processes.
# Both always run, and the output ends with pytest's own summary.
set -u
cd "$(dirname "$0")/.."
workers=${WORKERS:+-n $WORKERS}

with_postgresql=yes
scripts/with_postgres.sh --available || with_postgresql=no

echo "== SQLite =="
status=0
# shellcheck disable=SC2086 # $workers is two words or none
(unset DATABASE_URL && .venv/bin/python -m pytest $workers "$@") || status=$?
if [ "$with_postgresql" = yes ]; then
    echo "== PostgreSQL =="
    # shellcheck disable=SC2086
    scripts/with_postgres.sh .venv/bin/python -m pytest $workers "$@" || status=$?
elif [ "${CI:-}" = true ]; then
    status=1 # where every change is judged, half of the promise is not enough
fi
exit "$status"
