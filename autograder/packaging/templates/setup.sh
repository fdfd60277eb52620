#!/usr/bin/env bash
# Run once, as root, when the image is built on a Debian or an Ubuntu: an environment with what this assignment needs,
# outside of /root, since student code runs under uids of its own.
set -euo pipefail
root=${AUTOGRADER_ROOT:-/autograder}
source=$root/source

usable() {  # name a Python of 3.11 or later that can make environments and lies where every uid can read it
    for python in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$python" - 2>/dev/null <<'PYTHON'
import ensurepip, os, sys, venv
home = os.path.realpath(sys.base_prefix)
homes = [home] + [home[:place] or "/" for place, letter in enumerate(home) if letter == "/"]
sys.exit(sys.version_info < (3, 11) or not all(os.stat(folder).st_mode & 1 for folder in homes))
PYTHON
        then
            echo "$python"
            return
        fi
    done
    return 1
}

if ! usable >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q
    python=python3
    if dpkg --compare-versions "$(apt-cache policy python3 | sed -n 's/ *Candidate: *//p')" lt 3.11; then
        python=python3.11  # as on Ubuntu 22.04, where it stands beside 3.10
    fi
    apt-get install -y -q --no-install-recommends "$python" "$python-venv"
    apt-get clean
fi
"$(usable)" -m venv "$root/venv"
pip=("$root/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir)
constraints=()
if [ -e "$source/constraints.txt" ]; then  # `otter grade` leaves it out
    constraints=(-c "$source/constraints.txt")
fi
"${pip[@]}" -r "$source/requirements.txt" "${constraints[@]}"
wheels=("$source"/files/wheels/*.whl)
if [ -e "${wheels[0]}" ]; then  # `otter grade` adds it after this script; run_autograder then unpacks it
    "${pip[@]}" --no-deps --no-index "${wheels[0]}"
fi

if [ -e "$source/unneeded.txt" ]; then
    "$root/venv/bin/python" -m pip uninstall --quiet --yes -r "$source/unneeded.txt"
fi

# What no grading reads: the packages' own tests, headers, test programs. A third of torch.
for package in numpy scipy networkx sympy torch; do
    find "$root/venv/lib" -type d -path "*/site-packages/$package/*" -name tests -prune -exec rm -rf {} +
done
rm -rf "$root"/venv/lib/python3*/site-packages/torch/{include,test,share}
find "$root/venv/lib" -path '*/torch/bin/*' ! -name torch_shm_manager -delete
done_with=(pip)
if [ -e "$source/constraints.txt" ] && ! grep -q '^setuptools==' "$source/constraints.txt"; then
    done_with+=(setuptools)  # which an environment of Python 3.11 comes with, and only torch asks for
fi
"$root/venv/bin/python" -m pip uninstall --quiet --yes "${done_with[@]}"
