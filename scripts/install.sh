#!/bin/sh
# Make .venv and install a requirements file into it, unless that was done and the files are the same:
#   scripts/install.sh requirements.txt
# PYTHON chooses the interpreter. What is missing on the machine is said in one line.
set -eu
cd "$(dirname "$0")/.."
wanted=$1
megabytes_needed=700 # of disk space: what the development packages take, and as much again while they are unpacked

stop() {
    printf 'Citation Explorer cannot be installed: %s\n' "$1" >&2
    exit 1
}

# The development packages include those of the site: a change of either file counts, and whoever has them needs no more.
installed() { [ -f ".venv/installed-$1" ] && cat requirements.txt "$1" | cmp -s - ".venv/installed-$1"; }

[ -f "$wanted" ] || stop "there is no file $wanted"
if [ -x .venv/bin/python ] && { installed "$wanted" || installed requirements-dev.txt; }; then
    exit 0
fi

python=
for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || stop "it needs Python 3.11 or newer${PYTHON:+ (PYTHON=$PYTHON is not)}; on Debian: apt-get install python3 python3-venv"

megabytes_free=$(df -Pk . | awk 'NR == 2 { print int($4 / 1024) }')
[ "$megabytes_free" -ge "$megabytes_needed" ] ||
    stop "it needs $megabytes_needed MB of disk space in $(pwd), and $megabytes_free MB are free"

# A half-made environment, one that was copied from elsewhere, and one of an older Python are made anew.
if ! .venv/bin/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        stop "Python's venv module is missing; on Debian: apt-get install python3-venv"
    echo "Making .venv with $("$python" --version) ..."
    "$python" -m venv --clear .venv || stop "the environment .venv could not be made (the reason stands above)"
fi

echo "Installing $wanted ..."
.venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$wanted" ||
    stop "packages could not be installed (the reason stands above); without a network they cannot be fetched"
cat requirements.txt "$wanted" >".venv/installed-$wanted"
