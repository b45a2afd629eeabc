# make run: a local network. make test: all tests. make quick: style, and the tests that take under a minute together.
# make check: style, types, imports. make bench: measure beside ngircd.
# make soak SEEDS=100000: simulate so many networks with faults. make seed SEED=7: replay one, with a trace.
# make scale NODES=10,30,100: how messages, bytes and state grow with the nodes of a network.
PYTHON ?= python3
VENV := .venv
NET ?= run/net
# Two of them drive real processes, and mostly wait.
WORKERS ?= 3
SEEDS ?= 10000
SEED ?= 0
NODES ?= 10,30,100

# The tests start hundreds of processes: their modules are compiled once.
unexport PYTHONDONTWRITEBYTECODE

RUNNABLE := $(VENV)/.runnable
TESTABLE := $(VENV)/.testable
PIP := $(VENV)/bin/pip install --disable-pip-version-check --constraint constraints.txt

.PHONY: run test quick check bench docs tags soak seed scale clients clean

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(RUNNABLE): pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing Circlet and its libraries into $(VENV): this takes about half a minute."
	$(PIP) --editable .
	touch $@

$(TESTABLE): $(RUNNABLE)
	$(PIP) --quiet --editable '.[dev]'
	touch $@

run: $(RUNNABLE)
	@test -d $(NET) || $(VENV)/bin/circlet init $(NET) --nodes 3 --directories 3
	@$(VENV)/bin/circlet up $(NET) $(if $(VERBOSE),--verbose)

check: $(TESTABLE)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

test: check clients
	$(VENV)/bin/python -m pytest -n $(WORKERS)

quick: check
	$(VENV)/bin/python -m pytest -n $(WORKERS) -m 'not e2e' --ignore tests/sim --ignore tests/gateway/io --ignore tests/ring/io

# The programs that the end-to-end tests drive, and one to cut a network in two; without them the tests fail, as a skip is not a pass.
clients:
	@contrib/install-clients irssi weechat tmux iptables chromium chromium-driver:chromedriver systemd:systemd-analyze

tags: $(TESTABLE) # the tags that structs between nodes have, or had
	@PYTHONPATH=. $(VENV)/bin/python -m tests.levels.tags

docs: $(TESTABLE) # the tables of documents that the program knows best: modes, commands, settings
	@$(VENV)/bin/python -m contrib.house.tables

bench: $(TESTABLE)
	$(VENV)/bin/python -m contrib.bench

soak: $(TESTABLE)
	@$(VENV)/bin/python -m tests.sim --soak $(SEEDS) --first $(SEED)

seed: $(TESTABLE)
	@$(VENV)/bin/python -m tests.sim $(SEED)

scale: $(TESTABLE)
	@$(VENV)/bin/python -m tests.sim.scale --nodes $(NODES)

clean:
	rm -rf $(VENV) run build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
