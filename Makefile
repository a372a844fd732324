# serve and site need Python and pip; test also torch and a browser; measure re-runs experiments, bench benchmarks.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
export NO_MKDOCS_2_WARNING := 1
MAKEFLAGS += --jobs=2  # a browser can be installed while the packages are
.PHONY: serve site test measure bench browser

serve: .venv/site.done
	$(BIN)/mkdocs serve --livereload --dev-addr 127.0.0.1:8000

# The old site stays until the new one is whole. No --quiet: it hides warnings from --strict.
site: .venv/site.done
	rm -rf .site-new
	$(BIN)/mkdocs build --strict --site-dir .site-new
	rm -rf site && mv .site-new site

test: browser .venv/test.done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -n 2 $(ARGS)

measure: .venv/test.done
	$(BIN)/python -m paradigms measure $(if $(CHECK),--check) $(NAME)

bench: .venv/test.done
	$(BIN)/python -m paradigms bench $(NAME)

.venv/%.done: pyproject.toml constraints.txt
	$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	$(PIP) -e '.[$*]'
	touch $@

# Root installs Chromium; anyone else is told what to do, and no test is skipped.
browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -q && apt-get install -y -q --no-install-recommends chromium fonts-dejavu-core; \
	else \
	  echo "make test needs Chromium for the browser tests: sudo apt-get install chromium, or put Chrome on the PATH" >&2; exit 1; \
	fi
