#!/usr/bin/env bash
# Installs the Synapse whose answers are recorded, to record them again: `setup.sh`, then `diff.py record`.
# The Python environments are in target/conformance, or where ORACLE_HOME says.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
home="${ORACLE_HOME:-$here/../../target/conformance}"

install() { # folder, file with versions, program that shows that all is there
    local environment="$home/$1"
    if ! "$environment/bin/python" -I -c "$3" > /dev/null 2>&1; then
        python3 -m venv --clear "$environment"
        "$environment/bin/python" -m pip install --quiet --requirement "$here/$2"
        "$environment/bin/python" -I -c "$3"
    fi
    echo "$environment is complete"
}

mkdir -p "$home"
install tools lock-tools.txt "import aiosmtpd, aiohttp"
install synapse lock-synapse.txt "import synapse.app.homeserver"
