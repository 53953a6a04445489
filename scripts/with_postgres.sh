#!/bin/sh
# Run a command with DATABASE_URL naming a PostgreSQL server made for it alone, and take the server away afterwards:
#   scripts/with_postgres.sh COMMAND [ARGUMENT ...]
#   scripts/with_postgres.sh --available     only say by the exit code whether a server can be made
set -eu

find_binaries() {
    for folder in "$(pg_config --bindir 2>/dev/null)" $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV) \
        $(ls -d /opt/homebrew/opt/postgresql*/bin /usr/pgsql-*/bin 2>/dev/null | sort -rV) /usr/local/bin /usr/bin; do
        if [ -x "$folder/initdb" ] && [ -x "$folder/pg_ctl" ] && [ -x "$folder/postgres" ]; then
            printf '%s\n' "$folder"
            return 0
        fi
    done
    return 1
}

if ! binaries=$(find_binaries); then
    echo "PostgreSQL's server is not installed; on Debian: apt-get install postgresql" >&2
    exit 3
fi
[ "${1:-}" != --available ] || exit 0

# PostgreSQL refuses to run as root.
as_owner() { "$@"; }
owner=
if [ "$(id -u)" -eq 0 ]; then
    owner=nobody
    if id postgres >/dev/null 2>&1; then owner=postgres; fi
    as_owner() { (cd / && setpriv --reuid="$owner" --regid="$(id -g "$owner")" --clear-groups "$@"); }
fi

# The socket lives in the same folder: no port to find free, nothing reachable from outside. Its path may be 107 bytes long.
folder=$(mktemp -d)
if [ -n "$owner" ]; then chown "$owner" "$folder"; fi

clean_up() {
    trap - EXIT INT TERM HUP
    as_owner "$binaries/pg_ctl" --pgdata="$folder/data" --mode=immediate --silent stop >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap clean_up EXIT
trap 'clean_up; exit 130' INT
trap 'clean_up; exit 143' TERM HUP

# A linguistic order, as most servers have, where this build knows one: an order that only holds for bytes shows in tests.
collation="--locale=C"
# With plain C the full-text parser takes letters outside ASCII for blanks.
if locale -a 2>/dev/null | grep -qix 'C\.utf-\{0,1\}8'; then collation="--locale=C.UTF-8"; fi
if as_owner "$binaries/initdb" --help | grep -q -- --icu-locale; then
    collation="$collation --locale-provider=icu --icu-locale=en-GB"
fi
# shellcheck disable=SC2086 # several options in one variable
if ! as_owner "$binaries/initdb" --pgdata="$folder/data" --username=explorer --auth=trust --encoding=UTF8 --no-sync \
    $collation >"$folder.log" 2>&1 ||
    # Nothing has to survive a crash here, so that nothing is forced to disk.
    ! as_owner "$binaries/pg_ctl" --pgdata="$folder/data" --log="$folder/server.log" --wait --silent start --options="\
-c listen_addresses='' -c unix_socket_directories='$folder' -c max_connections=60 -c fsync=off \
-c synchronous_commit=off -c full_page_writes=off" >>"$folder.log" 2>&1; then
    cat "$folder.log" >&2
    [ ! -f "$folder/server.log" ] || cat "$folder/server.log" >&2
    rm -f "$folder.log"
    echo "PostgreSQL could not be started (the reason stands above)" >&2
    exit 4
fi
rm -f "$folder.log"

DATABASE_URL="postgres://explorer@/$(printf '%s' "$folder" | sed 's,/,%2F,g')/postgres"
export DATABASE_URL
status=0
"$@" || status=$?
exit "$status"
