# make run: from a fresh clone to one answer and a report. make test: the tests. Python 3.11 or 3.12.
PYTHON ?= python3
BIN := .venv/bin
export DO_NOT_TRACK := 1
export OMP_WAIT_POLICY ?= PASSIVE

.PHONY: help install models run test benchmark gates lint format lineage clean

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' Makefile | sed 's/:.*## /\t/'

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet "torch==2.13.0"
	$(BIN)/pip install --quiet --editable ".[dev]"
	touch $@

install: .venv/installed  ## make .venv and install

models: install  ## fetch the embedded models by lock file (once)
	$(BIN)/kedro fetch-models

run: models  ## demo data, the main job, one answer, and where the report is
	test -f data/01_raw/customers.csv || $(BIN)/kedro demo-data
	$(BIN)/kedro run
	$(BIN)/kedro ask "Why do fiber customers leave?"
	@echo "The report is data/08_reporting/churn/report.html"

test: models  ## all tests, as many at once as there are cores (four at most)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder --durations 30

benchmark: models  ## ours beside the usual way, row by row; FULL=--full for the big sizes
	for row in search embed cohort cost rerun workers score generate train; do $(BIN)/python benchmarks/$$row.py $(FULL) || exit 1; done
	$(BIN)/python benchmarks/page.py

gates: install  ## format, lint, types, imports, size, configuration, lineage
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tests/gates/size.py
	$(BIN)/kedro registry list > /dev/null
	$(BIN)/kedro lineage --check

lint: install  ## mend what can be mended by machine
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:  ## remove everything that a run has made, but not the models and raw data
	rm -rf data/0[2-5]_* data/07_* data/08_* data/.state
	find data/06_models -mindepth 1 -maxdepth 1 ! -name pretrained -exec rm -rf {} +
