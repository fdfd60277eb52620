# Every target does all of its set-up on a machine with Python 3.11+ and nothing else.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check docs clean

demo: .venv/demo-is-installed  ## build a2_convolution and grade four sample hand-ins
	$(BIN)/autograder new salt
	$(BIN)/autograder build a2_convolution
	$(BIN)/python tests/demo.py

test: .venv/dev-is-installed check  ## every test
	$(BIN)/python -m pytest

check: .venv/dev-is-installed  ## style, types, and built folders that have drifted
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy autograder
	cd autograder && $(CURDIR)/$(BIN)/mypy --cache-dir ../.mypy_cache -p coursekit  # from above, its folder is excluded
	$(BIN)/autograder build --check

docs: .venv/dev-is-installed  ## the documentation site, in docs/_build/html
	$(BIN)/python -m sphinx -W -n --keep-going -q docs docs/_build/html

clean:
	rm -rf .venv dist build docs/_build docs/made *.egg-info

.venv/demo-is-installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[otter]'
	touch $@

.venv/dev-is-installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@
