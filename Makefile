# make run: a local network. make test: all tests. make check: style, types, imports. make bench: measure beside ngircd.
# make soak SEEDS=100000: simulate so many networks with faults. make seed SEED=7: replay one, with a trace.
PYTHON ?= python3
VENV := .venv
NET ?= run/net
# Two of them drive real processes, and mostly wait.
WORKERS ?= 3
SEEDS ?= 10000
SEED ?= 0

# The tests start hundreds of processes: their modules are compiled once.
unexport PYTHONDONTWRITEBYTECODE

RUNNABLE := $(VENV)/.runnable
TESTABLE := $(VENV)/.testable
PIP := $(VENV)/bin/pip install -qq --disable-pip-version-check --constraint constraints.txt

.PHONY: run test check bench soak seed clients clean

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(RUNNABLE): pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) --editable .
	touch $@

$(TESTABLE): $(RUNNABLE)
	$(PIP) --editable '.[dev]'
	touch $@

run: $(RUNNABLE)
	test -d $(NET) || $(VENV)/bin/circlet init $(NET) --nodes 3 --directories 3
	$(VENV)/bin/circlet up $(NET)

check: $(TESTABLE)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

test: check clients
	$(VENV)/bin/python -m pytest -n $(WORKERS)

# The programs that the end-to-end tests drive, and one to cut a network in two; without them the tests fail, as a skip is not a pass.
clients:
	@contrib/install-clients irssi weechat tmux iptables

bench: $(TESTABLE)
	$(VENV)/bin/python -m contrib.bench

soak: $(TESTABLE)
	@$(VENV)/bin/python -m tests.sim --soak $(SEEDS) --first $(SEED)

seed: $(TESTABLE)
	@$(VENV)/bin/python -m tests.sim $(SEED)

clean:
	rm -rf $(VENV) run build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
