# Everything a person or CI does with this repository. `make` alone lists it.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install
WEB := $(shell find web -type f -not -path '*/node_modules/*' -not -path '*/test-results/*' 2>/dev/null)

.PHONY: help install run test check bench guide docs lock format clean
.DELETE_ON_ERROR:

help: ## list what can be made
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

install: .venv/.core src/serai/page/index.html ## the core and the built page, in .venv

run: install ## start Serai and open its page (ARGS="serve --no-browser --port 8080" goes to serai)
	@exec $(BIN)/serai $(ARGS)

test: install .venv/.dev .venv/.torch .venv/.llamaindex web/node_modules/.package-lock.json tests/clients/node_modules/.package-lock.json ## every check and every test (ARGS="-k chat" goes to pytest)
	@$(BIN)/python tools/check.py lint
	@$(BIN)/python tools/suite.py $(ARGS)

check: install .venv/.dev web/node_modules/.package-lock.json ## lint, types, import contract, catalogues, secrets, fast tests
	$(BIN)/python tools/check.py

bench: install .venv/.dev ## every measurement that bench/README.md names
	$(BIN)/python -m bench

guide: .venv/.guide ## train serai-guide anew (about 20 minutes on two cores)
	$(BIN)/python -m guide

docs: .venv/.dev ## build the documentation into site/, with strict links
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

lock: .venv/.core ## resolve the requirements anew, with hashes
	$(PIP) uv
	$(BIN)/python tools/lock.py

format: .venv/.dev ## format the Python code and mend what the linter can
	$(BIN)/ruff check --fix --quiet . && $(BIN)/ruff format --quiet .

clean: ## remove everything that was built or installed here
	rm -rf .venv src/serai/page web/node_modules tests/clients/node_modules site .guide

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Serai needs Python 3.11 or newer."; exit 1; }
	$(PYTHON) -m venv .venv

.venv/.core: requirements/core.txt requirements/build.txt pyproject.toml | .venv/bin/python
	$(PIP) --require-hashes -r requirements/build.txt -r requirements/core.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: requirements/dev.txt .venv/.core
	$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@

# Torch comes first and by its exact version: other versions may bring gigabytes of CUDA. The tests that need it are
# skipped without it, so it is fetched for the Python that has a build for processors at hand.
.venv/.torch: requirements/torch.txt .venv/.core
	@if $(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then \
		$(PIP) torch==2.13.0 && $(PIP) --require-hashes -r requirements/torch.txt; fi
	@touch $@

# LlamaIndex wants an older OpenAI client than the other tests, so it has a place of its own.
.venv/.llamaindex: requirements/llamaindex.txt | .venv/bin/python
	$(BIN)/python -m venv .venv/llamaindex
	.venv/llamaindex/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/llamaindex.txt
	@touch $@

.venv/.guide: requirements/guide.txt .venv/.core
	$(PIP) torch==2.13.0
	$(PIP) --require-hashes -r requirements/guide.txt
	@touch $@

src/serai/page/index.html: $(WEB) tools/page.py | .venv/.core
	$(BIN)/python tools/page.py build
	@touch $@

web/node_modules/.package-lock.json: web/package-lock.json tools/page.py | .venv/.core
	$(BIN)/python tools/page.py install
	@touch $@

tests/clients/node_modules/.package-lock.json: tests/clients/package-lock.json tools/page.py | .venv/.core
	$(BIN)/python tools/page.py clients
	@touch $@
