#!/usr/bin/env bash
# Run once, when the image is built: a virtual environment outside of /root, with what this assignment needs.
set -euo pipefail
root=/autograder
source=$root/source
[ -d "$source" ] || source=$(cd "$(dirname "$0")" && pwd)

usable() {  # a Python of 3.11 or later that can make virtual environments
    for python in python3 python3.13 python3.12 python3.11; do
        if "$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$python"
            return
        fi
    done
    return 1
}

if ! usable >/dev/null; then
    apt-get update -q
    apt-get install -y -q --no-install-recommends python3 python3-venv
    usable >/dev/null || apt-get install -y -q --no-install-recommends python3.11 python3.11-venv
fi
"$(usable)" -m venv "$root/venv"
"$root/venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$source/requirements.txt"
wheel=("$source"/files/wheels/*.whl)
if [ -e "${wheel[0]}" ]; then  # under `otter grade` the files come after this script
    "$root/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-index "${wheel[0]}"
fi
