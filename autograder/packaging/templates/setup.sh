#!/usr/bin/env bash
# Run once, when the image is built: a virtual environment outside of /root, with what this assignment needs.
set -euo pipefail
root=${AUTOGRADER_ROOT:-/autograder}
source=$root/source

usable() {  # a Python of 3.11 or later that can make virtual environments
    for python in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$python"
            return
        fi
    done
    return 1
}

if ! usable >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q
    apt-get install -y -q --no-install-recommends python3 python3-venv
    usable >/dev/null || apt-get install -y -q --no-install-recommends python3.11 python3.11-venv
fi
"$(usable)" -m venv "$root/venv"
pip=("$root/venv/bin/python" -m pip install --quiet --disable-pip-version-check)
"${pip[@]}" -r "$source/requirements.txt"
wheels=("$source"/files/wheels/*.whl)
if [ -e "${wheels[0]}" ]; then
    "${pip[@]}" --no-deps --no-index "${wheels[0]}"
else  # `otter grade` adds the files after this script, and wants Otter's own results
    "${pip[@]}" 'otter-grader[grading]==7.0.*'
    touch "$root/otter-grade"
fi
