#!/bin/sh
# From a clone to a served site: install, prepare the database and static files, serve. Repeatable; keeps all data.
set -eu
cd "$(dirname "$0")/.."
megabytes_needed=100 # of disk space: room for the database's log and the static files

scripts/install.sh requirements.txt
data=${DATA_DIR:-var}
[ -d "$data" ] || data=.
megabytes_free=$(df -Pk "$data" | awk 'NR == 2 { print int($4 / 1024) }')
if [ "$megabytes_free" -lt "$megabytes_needed" ]; then
    echo "Citation Explorer cannot start: it needs $megabytes_needed MB of disk space for its data, and $megabytes_free MB are free" >&2
    exit 1
fi
.venv/bin/python gunicorn.conf.py # the address is well-formed and free, before anything is touched
.venv/bin/python manage.py prepare
exec .venv/bin/gunicorn --config gunicorn.conf.py explorer.wsgi
