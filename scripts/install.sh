#!/bin/sh
# Makes .venv and installs the project into it: scripts/install.sh EXTRAS   (such as `all` or `all,dev`)
#
# With uv where it is installed, otherwise with venv and pip. Takes the first Python from 3.11 to 3.13 that it finds;
# PYTHON=... chooses one.
set -eu
cd "$(dirname "$0")/.."
extras=$1
supported='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))'

fail() {
    echo "arcade-dqn: $*" >&2
    exit 1
}

# The path of the first supported Python. A pyenv shim may stand on the PATH and still run nothing, so each is tried;
# the path printed is that of the interpreter behind the shim.
find_python() {
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python}; do
        if "$candidate" -c "$supported" >/dev/null 2>&1; then
            "$candidate" -c 'import sys; print(sys.executable)'
            return
        fi
    done
}

if [ -d .venv ]; then
    .venv/bin/python -c "$supported" >/dev/null 2>&1 ||
        fail "the Python in .venv does not run or is not 3.11, 3.12 or 3.13; remove it with 'make clean' and try again"
else
    python=$(find_python)
    if [ -z "$python" ] && [ -n "${PYTHON:-}" ]; then
        fail "PYTHON=$PYTHON is not a Python 3.11, 3.12 or 3.13 that runs"
    elif command -v uv >/dev/null 2>&1; then
        # Without a suitable Python on the PATH, uv looks further and can fetch one.
        uv venv --quiet --python "${python:->=3.11,<3.14}" .venv
    elif [ -z "$python" ]; then
        fail "needs Python 3.11, 3.12 or 3.13 and found none on the PATH; install one, or name it: PYTHON=/path/to/python make play"
    elif ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        fail "$python has no venv module; install it (Debian and Ubuntu: apt install python3-venv) or install uv"
    else
        "$python" -m venv .venv
    fi
fi

echo "Installing arcade-dqn[$extras] into .venv; TensorFlow is large, so the first time takes some minutes."
if command -v uv >/dev/null 2>&1; then
    uv pip install --python .venv/bin/python --editable ".[$extras]" --constraint constraints.txt
else
    # An environment that uv made, or whose making was interrupted, has no pip.
    .venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip
    .venv/bin/python -m pip install --disable-pip-version-check --editable ".[$extras]" --constraint constraints.txt
fi
