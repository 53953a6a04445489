#!/bin/sh
# The tests on SQLite, then on PostgreSQL, where those that use no database, or the browser, are not run
# again. Arguments go to pytest.
# They are spread over a process for each core, up to four, each with a database of its own; WORKERS=0 keeps them in one.
# Both always run, and the output ends with pytest's own summary.
set -u
cd "$(dirname "$0")/.."
cores=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
[ "$cores" -le 4 ] || cores=4
# A worker that has nothing left takes over what another still has before it: tests in the browser come last, and are long.
workers="-n ${WORKERS:-$cores} --dist worksteal"

with_postgresql=yes
scripts/with_postgres.sh --available || with_postgresql=no

echo "== SQLite =="
status=0
# shellcheck disable=SC2086 # $workers is two words
(unset DATABASE_URL && .venv/bin/python -m pytest $workers "$@") || status=$?
if [ "$with_postgresql" = yes ]; then
    echo "== PostgreSQL =="
    # shellcheck disable=SC2086
    DATABASE_TESTS_ONLY=1 scripts/with_postgres.sh .venv/bin/python -m pytest $workers "$@" || status=$?
elif [ "${CI:-}" = true ]; then
    status=1 # where every change is judged, half of the promise is not enough
fi
exit "$status"
