# Everything runs in .venv, which is made from the exact versions in requirements.txt when it is first needed.
# Without make, for example on Windows, the README names the same commands as they stand here.

PYTHON ?= python3
CHAPTERS ?=
PARAMS ?=
LAB_OPTIONS ?=
SITE_OPTIONS ?=
TEST_OPTIONS ?=
BENCH_OPTIONS ?=
WORKERS ?= 2
CHROMIUM ?= chromium

ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
READY := .venv/.ready
WARM := .venv/.warm
AUTOGRADERS := .venv/autograders/.ready

.DEFAULT_GOAL := help
.PHONY: help env lab run site slides book test test-lab test-grading bench lint refresh clean

help: ## Show these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo 'For example: make run CHAPTERS="03_batch 04_stochastic" PARAMS="-p epochs 50"'

env: $(WARM) ## Make or update .venv

lab: $(WARM) ## Open the course in JupyterLab (LAB_OPTIONS="--no-browser" and the like)
	$(BIN)/python -m jupyterlab $(LAB_OPTIONS) notebooks/00_introduction.ipynb

run: $(WARM) ## Execute the chapters into build/ (all of them, or CHAPTERS, with PARAMS)
	$(BIN)/python -m gd_helpers run $(CHAPTERS) $(PARAMS)

site: $(WARM) ## Build the course as web pages from the stored notebooks, into build/site (SITE_OPTIONS="-q")
	$(BIN)/python -m sphinx -W --keep-going -E $(SITE_OPTIONS) -d build/doctrees docs build/site
	@du -sh build/site

slides: $(WARM) ## Make a deck of slides for each chapter, which needs no network, into build/slides
	$(BIN)/python docs/_ext/slides.py build/slides

book: $(WARM) ## Build the course as an EPUB and, where there is Chromium, as a PDF, into build/book
	$(BIN)/python -m sphinx -W -q -E -b epub -d build/doctrees-epub docs build/epub
	$(BIN)/python -m sphinx -W -q -E -b singlehtml -d build/doctrees-book docs build/single
	mkdir -p build/book && cp build/epub/*.epub build/book/
	! command -v $(CHROMIUM) || $(CHROMIUM) --headless --no-sandbox --disable-gpu --no-pdf-header-footer \
		--virtual-time-budget=120000 --print-to-pdf=build/book/Gradientdescent.pdf file://$(CURDIR)/build/single/index.html

test: $(WARM) $(AUTOGRADERS) ## Test the package, its examples, and every chapter's stored outputs (TEST_OPTIONS="-x")
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(TEST_OPTIONS)

test-lab: $(WARM) ## Test the chapters and their explorers in a browser (TEST_OPTIONS="-k 03_batch")
	$(BIN)/python -m pytest tests/lab --override-ini=addopts=--import-mode=importlib -n $(WORKERS) $(TEST_OPTIONS)

test-grading: $(WARM) ## Test the grading of a class of thirty, each notebook in a kernel of its own
	GD_CLASS=kernels $(BIN)/python -m pytest tests/runner/grading/test_class.py $(TEST_OPTIONS)

bench: $(WARM) ## Time training against plain loops and other programs, into build/bench (BENCH_OPTIONS="-k batch")
	$(BIN)/python -m pytest tests/benchmarks --override-ini=addopts=--import-mode=importlib --benchmark-quiet --quiet -rs $(BENCH_OPTIONS)

lint: $(READY) ## Check style and format of package, tests and chapters
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .

refresh: $(WARM) ## Execute the chapters in place and store their outputs (all of them, or CHAPTERS)
	$(BIN)/python -m gd_helpers refresh $(CHAPTERS)

clean: ## Remove what the other targets made, except .venv
	rm -rf $(WARM) build docs/chapters .pytest_cache .ruff_cache .hypothesis .benchmarks *.egg-info
	find gd_helpers tests notebooks docs -name __pycache__ -o -name .ipynb_checkpoints | xargs rm -rf

# .ready is there only while .venv is whole: it is taken away before anything is installed, and a .venv without it is made
# anew. The feed of announcements is switched off because the course asks nothing of the network. JupyterLab shows the
# glossary and other Markdown as a page, not as its source.
$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null || \
		{ echo 'The course needs Python 3.11, 3.12 or 3.13 and $(PYTHON) is not: make $(MAKECMDGOALS) PYTHON=python3.11' >&2; exit 1; }
	@echo 'Installing the course into .venv; the first time takes minutes.'
	@test -e $@ && $(BIN)/python -c '' || $(PYTHON) -m venv --clear .venv
	@rm -f $@
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m jupyterlab.labextensions disable --level=sys_prefix --log-level=ERROR \
		@jupyterlab/apputils-extension:announcements
	@mkdir -p .venv/share/jupyter/lab/settings
	@echo '{"@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"markdown": "Markdown Preview"}}, "@jupyter-widgets/jupyterlab-manager:plugin": {"saveState": true}}' \
		> .venv/share/jupyter/lab/settings/overrides.json
	@touch $@

# nbgrader and Otter lie apart, where only their tests look, because they bring extensions that would change JupyterLab.
$(AUTOGRADERS): requirements-autograders.txt $(READY)
	rm -rf $(@D)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target $(@D) -r requirements-autograders.txt
	@touch $@

# Compiled once here, the training kernels load from disk ever after, wherever the course is used.
$(WARM): $(READY) $(wildcard gd_helpers/training/engines/*.py)
	$(BIN)/python -m gd_helpers.training.engines
	@touch $@
