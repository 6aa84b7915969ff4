# Everything a newcomer needs is one word long; `make help` lists the words.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
RELEASING := .venv-release/.installed
SCRATCH := var/mutants
# One more than a machine of two cores has: tests wait for a browser, for programs to start, for a minute to pass.
WORKERS ?= 3

# Whatever the environment says: the workers and the programs that tests start read what the first run has compiled.
test fuzz chaos: export PYTHONDONTWRITEBYTECODE :=

.PHONY: help install demo test check static format chaos fuzz bench mutants docs-tables man lock try-wheel sbom licences audit squawk site clean

help:  ## show these lines
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

install: $(INSTALLED)  ## make .venv with everything pinned and the `pooling` command

$(INSTALLED): requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q src  # as pip does for all the others: the first demonstration need not
	@touch $@

demo: install  ## start the demonstration territory and print its address
	$(BIN)/pooling demo $(ARGS)

test: install  ## run the tests on a real PostgreSQL (browser tests need a Chromium)
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup $(ARGS)

# Types are looked at by one core, tests wait for this and that: together they take as long as the tests.
check: install  ## format, lint, types, layers, dependencies and the tests: all that CI checks
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(MAKE) --jobs=2 static test

static: install  ## types, layers and dependencies
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry src

format: install  ## put the code in shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

chaos: install  ## kill every process, cut connections, flush the queue for minutes (SECONDS=300 SEED=…): is the promise kept?
	CHAOS_SECONDS=$(or $(SECONDS),300) CHAOS_SEED=$(SEED) $(BIN)/pytest -n0 tests/whole/test_chaos.py tests/whole/test_kills.py

fuzz: install  ## feed every door what hypothesis thinks of, new each time (EXAMPLES=2000)
	FUZZ_EXAMPLES=$(or $(EXAMPLES),2000) $(BIN)/pytest -n $(WORKERS) --dist loadgroup tests/fuzz

bench: install  ## measure against the bare limits of this machine, and print one table (ARGS="needs imports": those alone)
	$(BIN)/python benchmarks $(ARGS)

mutants: install  ## change the rules one small thing at a time and name what no test notices (20 minutes)
	rm -rf $(SCRATCH) && mkdir -p $(SCRATCH)/src/pooling $(SCRATCH)/tests
	cp pyproject.toml $(SCRATCH) && cp src/pooling/__init__.py $(SCRATCH)/src/pooling
	cp -r src/pooling/sharing $(SCRATCH)/src/pooling && cp -r tests/naive $(SCRATCH)/tests
	cp -r tests/sharing $(SCRATCH)/tests
	cd $(SCRATCH) && RANDOM_CASES=60 $(CURDIR)/$(BIN)/mutmut run --max-children 2
	cd $(SCRATCH) && $(CURDIR)/$(BIN)/mutmut results

docs-tables: install  ## write the worked tables of docs/, its tables of limits and of rights again
	$(BIN)/python docs/worked_tables.py
	$(BIN)/python docs/limit_tables.py
	$(BIN)/python docs/rights_tables.py

man: install  ## write the manual's pages of every command to dist/man (man -l dist/man/pooling.1)
	$(BIN)/python docs/man_pages.py dist/man

lock:  ## renew the pinned versions (needs uv)
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
		--python-version 3.11 pyproject.toml -o requirements.lock
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
		--python-version 3.11 --extra dev --extra demo --extra telemetry -c requirements.lock pyproject.toml -o requirements-dev.lock
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
		--python-version 3.11 --extra release -c requirements-dev.lock pyproject.toml -o requirements-release.lock

try-wheel: install  ## build the wheel, install it into a clean environment elsewhere and try it as a newcomer would
	PYTHON=$(PYTHON) tests/try_wheel $(BIN)/python

$(RELEASING): requirements-release.lock
	$(PYTHON) -m venv .venv-release
	.venv-release/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-release.lock
	@touch $@

sbom: $(RELEASING)  ## write what the program is made of to dist/pooling.cdx.json (CycloneDX)
	mkdir -p dist
	.venv-release/bin/cyclonedx-py requirements --pyproject pyproject.toml --mc-type application --output-reproducible \
		-o dist/pooling.cdx.json requirements.lock

licences: install $(RELEASING)  ## write the licences of all that is installed to dist/licences.md
	mkdir -p dist
	.venv-release/bin/pip-licenses --python $(BIN)/python --with-urls --order=license --format=markdown \
		--output-file dist/licences.md

audit: $(RELEASING)  ## ask whether a pinned version has a known weakness (needs the network; says so where there is none)
	@mkdir -p var
	@.venv-release/bin/pip-audit --requirement requirements.lock --require-hashes --disable-pip --progress-spinner off \
		> var/audit.log 2>&1; found=$$?; cat var/audit.log; \
		if grep -qE "could not be audited|ConnectionError|Max retries|timed out" var/audit.log; then \
		echo "NOT AUDITED, all or part of it: the service that knows weaknesses did not answer." >&2; \
		! grep -qE "Found [0-9]+ known" var/audit.log; else exit $$found; fi

squawk: install $(RELEASING)  ## look at each migration for what would lock or lose (rules: .squawk.toml)
	rm -rf var/squawk && $(BIN)/python migrations/write_statements.py var/squawk
	.venv-release/bin/squawk var/squawk/*.sql

site: install $(RELEASING)  ## build the documentation's site, with the API's reference, in var/site/html
	$(BIN)/python docs/build_site.py var/site
	cd var/site && $(CURDIR)/.venv-release/bin/zensical build --clean --strict

clean:  ## remove what the other targets made (the demonstration's data stay in var/)
	rm -rf .venv .venv-release .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis mutants
