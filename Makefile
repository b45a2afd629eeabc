# make run: a local network. make test: all tests. make quick: style, and the tests that take under a minute together.
# make check: style, types, imports. make bench: measure beside ngircd.
# make compiled: cores compiled with mypyc, in build/compiled. make run COMPILED=1: run the network from there.
# make soak SEEDS=100000: simulate so many networks with faults. make seed SEED=7: replay one, with a trace.
# KIND=--channels, KIND=--bans and so on choose another kind of story for both (python -m tests.sim --help).
# make scale NODES=10,30,100: how messages, bytes and state grow with the nodes of a network.
PYTHON ?= python3
VENV := .venv
NET ?= run/net
# Two of them drive real processes, and mostly wait.
WORKERS ?= 3
SEEDS ?= 10000
SEED ?= 0
KIND ?=
NODES ?= 10,30,100
CIRCLET = $(if $(COMPILED),PYTHONSAFEPATH=1 PYTHONPATH=$(CURDIR)/build/compiled $(VENV)/bin/python -m gateway.cli.main,$(VENV)/bin/circlet)

# The tests start hundreds of processes: their modules are compiled once.
unexport PYTHONDONTWRITEBYTECODE

RUNNABLE := $(VENV)/.runnable
TESTABLE := $(VENV)/.testable
PIP := $(VENV)/bin/pip install --disable-pip-version-check --constraint constraints.txt

.PHONY: run test test-compiled compiled compiler quick check bench docs tags soak seed scale clients clean

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(RUNNABLE): pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing Circlet and its libraries into $(VENV): this takes about half a minute."
	$(PIP) --editable .
	touch $@

$(TESTABLE): $(RUNNABLE)
	$(PIP) --quiet --editable '.[dev]'
	touch $@

run: $(RUNNABLE) $(if $(COMPILED),compiled)
	@test -d $(NET) || $(CIRCLET) init $(NET) --nodes 3 --directories 3
	@$(CIRCLET) up $(NET) $(if $(VERBOSE),--verbose)

# Compiled cores stand in a copy of the repository alone: here, an edited source runs as edited.
compiled: $(TESTABLE) compiler
	@$(VENV)/bin/python contrib/packaging/cores.py

compiler: $(TESTABLE)
	@contrib/install-clients gcc libc6-dev:/usr/include/stdio.h \
	    python3-dev:$$($(VENV)/bin/python -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h

check: $(TESTABLE)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

test: check clients compiler
	$(VENV)/bin/python -m pytest -n $(WORKERS)
	$(MAKE) test-compiled

# With compiled cores: the cores by themselves, a network of real processes, simulated networks, and a story told both ways.
test-compiled: PYTHON_COMPILED = cd build/compiled && $(CURDIR)/$(VENV)/bin/python
test-compiled: compiled
	$(PYTHON_COMPILED) -m pytest -n $(WORKERS) -m 'not interpreted' tests/ring tests/gateway/state tests/gateway/irc \
	    tests/gateway/commands tests/gateway/cli/test_version.py tests/sim/test_promises.py tests/e2e/test_network.py
	$(PYTHON_COMPILED) -m tests.sim --soak 60
	$(VENV)/bin/python -m tests.sim 7 >build/interpreted.txt
	$(PYTHON_COMPILED) -m tests.sim 7 >../compiled.txt
	cmp build/interpreted.txt build/compiled.txt

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
	@$(VENV)/bin/python -m tests.sim --soak $(SEEDS) --first $(SEED) $(KIND)

seed: $(TESTABLE)
	@$(VENV)/bin/python -m tests.sim $(SEED) $(KIND)

scale: $(TESTABLE)
	@$(VENV)/bin/python -m tests.sim.scale --nodes $(NODES)

clean:
	rm -rf $(VENV) run build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
