# Everything from a fresh checkout; `make help` lists it. Written for GNU make 3.81 and later.

VENV := .venv
PY := $(VENV)/bin/python
# Whole files, because the tests of one file share a browser or a server; in the order of tests/tiers.py.
PYTEST ?= -n 4 --dist loadfile --no-loadscope-reorder -m 'not long'
# Unit tests share nothing. Two workers more than cores, because many of them wait; types are checked beside them.
QUICK ?= -q -n 4 --dist worksteal --hypothesis-profile=quick
# Whatever the environment says: to compile all tests anew takes longer than to run most of them.
KEEP_BYTECODE := PYTHONDONTWRITEBYTECODE=
INSTALLED := $(VENV)/.installed
NODE := $(shell node -e 'process.exitCode = +(parseInt(process.versions.node) < 20)' 2>/dev/null && echo yes)
WEB_SOURCES := $(shell find web -type f -not -path '*/node_modules/*' -not -path 'web/dist/*' -not -path 'web/shop/*' \
	-not -path 'web/generator/*' -not -name '*.py' -not -name '*.pyc' -not -name '*.tgz')

.DEFAULT_GOAL := help
.PHONY: help demo demo-attach quick coverage test long check types bench soak attack screenshots setup browser test-programs livekit web widgets constraints dist sbom clean

help: ## list what there is
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | while IFS='|' read -r name what; do \
		printf '  make %-12s %s\n' "$$name" "$$what"; done

demo: setup ## set everything up and watch a run on the sample shop (DEMO="--no-open --port 4000" for flags)
	@$(VENV)/bin/jumpseat demo $(DEMO)

demo-attach: setup ## watch two suites of Playwright tests on the sample shop, and repair them (DEMO="--review" for flags)
	@$(PY) -m examples.attach.demo $(DEMO)

quick: $(INSTALLED) ## lint what has changed since main, check types, and pass every test that needs no browser or server process
	@changed=$$({ git diff --name-only --diff-filter=d "$$(git merge-base HEAD main || echo HEAD)" -- '*.py'; \
		git ls-files --others --exclude-standard -- '*.py'; } 2>/dev/null | sort -u); \
	test -z "$$changed" || { $(PY) -m ruff check $$changed && $(PY) -m ruff format --check $$changed; }
	@said=$$(mktemp) && trap 'rm -f "$$said"' EXIT; \
		$(PY) -m mypy . >"$$said" 2>&1 & types=$$!; \
		$(KEEP_BYTECODE) $(PY) -m pytest -m unit $(QUICK); tests=$$?; \
		wait $$types; checked=$$?; cat "$$said"; exit $$((tests | checked))

coverage: $(INSTALLED) ## how much of the product the unit tests run; fails below the floor in pyproject.toml
	@$(KEEP_BYTECODE) $(PY) -m pytest -m unit $(QUICK) --cov --cov-report=term:skip-covered

test: setup livekit test-programs widgets ## set everything up and pass every test (PYTEST="-k name" for a part)
ifeq ($(NODE),yes)
	@cd web && npm test
endif
	@$(KEEP_BYTECODE) $(PY) -m pytest $(PYTEST)

long: setup livekit test-programs widgets ## pass the tests that take up to minutes each: suites of others by jumpseat attach, and whatever is done a thousand times
	@$(KEEP_BYTECODE) $(PY) -m pytest -n 2 --dist loadfile -m long

check: $(INSTALLED) ## lint, types and the size of the player
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy .
ifeq ($(NODE),yes)
	@$(MAKE) --no-print-directory web/dist/.built
	@cd web && npm run lint && npm run size
	@$(MAKE) --no-print-directory types CHECK=--check
else
	@echo "Node 20 or newer is not here: web/ is not checked" >&2
endif

types: $(INSTALLED) web/generator/node_modules/.installed ## write the player's TypeScript types from the server's models
	@mkdir -p build && $(PY) -m signaling.http.openapi > build/openapi.json
	@node web/generator/generate.mjs web/src/protocol/generated.ts $(CHECK) < build/openapi.json

bench: setup livekit ## print the benchmark tables (BENCH=full takes longer)
	@$(PY) -m bench

soak: setup livekit ## runs, viewers and faults for 30 minutes (SOAK=8 for eight); nothing may be lost or left behind
	@$(PY) -m bench.soak

attack: setup ## ten minutes of bombs, idle connections, wrong keys, offers and floods (MINUTES=2 for two); a watched run must go on
	@$(PY) -m bench.under_attack

screenshots: setup ## take a picture of every page and state
	@$(PY) -m tests.e2e.screenshots

setup: $(INSTALLED) web browser

# A command that exists may still not run (a version manager's placeholder), and a Python may lack venv's parts.
$(PY):
	@for candidate in $(PYTHON) python3.13 python3.12 python3.11 python3; do \
		if $$candidate -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
			echo "setting up $(VENV) with $$candidate" >&2; \
			$$candidate -m venv $(VENV) && exit 0; rm -rf $(VENV); exit 1; \
		fi; \
	done; \
	echo "Python 3.11 or newer with venv is needed (Debian: apt-get install python3-venv); PYTHON=... names one" >&2; \
	exit 1

$(INSTALLED): $(PY) pyproject.toml constraints.txt
	@echo "installing the Python packages" >&2
	@$(PY) -m pip install --quiet --disable-pip-version-check -r constraints.txt
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

ifeq ($(NODE),yes)
web: web/dist/.built
else
web:
	@echo "Node 20 or newer is not here: the player is not built, and the server says so on its pages" >&2
endif

%/node_modules/.installed: %/package.json %/package-lock.json
	@echo "installing the Node packages of $*" >&2
	@cd $* && npm ci --no-audit --no-fund --loglevel=error >&2
	@touch $@

# Tests only: without Node they say that they were left out.
ifeq ($(NODE),yes)
widgets: build/widgets/.built
else
widgets:
	@echo "Node 20 or newer is not here: the widgets of other libraries are not tested" >&2
endif

build/widgets/.built: tests/pages/widgets/node_modules/.installed tests/pages/widgets/build.mjs $(wildcard tests/pages/widgets/src/*)
	@echo "bundling the widgets" >&2
	@node tests/pages/widgets/build.mjs $(abspath $(@D))
	@touch $@

web/dist/.built: web/node_modules/.installed $(WEB_SOURCES)
	@echo "building the player" >&2
	@cd web && said=$$(npm run build 2>&1) || { echo "$$said" >&2; exit 1; }
	@touch $@

browser: $(INSTALLED)
	@$(PY) -m runner.browser.install --path "$$JUMPSEAT_BROWSER_PATH" >&2

livekit: $(INSTALLED)
	@$(PY) -m tests.livekit_server >&2

# Tests only: without a Firefox they say that they were left out, without the headless shell they take longer.
test-programs: $(INSTALLED)
	@$(PY) -m tests.packaged_programs firefox headless-shell nginx postgres >&2 || true

# For every Python and platform that jumpseat runs on, each file by its hash; no address of where it was found.
PIN = $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-emit-index-url pyproject.toml

dist: $(INSTALLED) ## build the wheel and the sdist into dist/, with the player in them
	@rm -rf dist
	@$(PY) -m hatchling build

constraints: $(INSTALLED) ## write constraints.txt and deploy/requirements.txt anew: the newest versions that pyproject.toml allows
	@$(PIN) --upgrade --all-extras -o constraints.txt
	@$(PIN) --extra livekit --extra model -c constraints.txt -o deploy/requirements.txt

sbom: $(INSTALLED) ## write what a release consists of into dist/, as CycloneDX 1.6: the Python packages and the player's
	@mkdir -p dist
	@$(VENV)/bin/cyclonedx-py requirements deploy/requirements.txt --pyproject pyproject.toml --spec-version 1.6 \
		--output-reproducible --output-file dist/jumpseat.cdx.json
	@cd web && npm sbom --omit dev --sbom-format cyclonedx > ../dist/player.cdx.json

clean: ## remove everything that make has made here
	@rm -rf $(VENV) build dist web/dist web/node_modules web/generator/node_modules tests/attach/suites/node/node_modules tests/pages/widgets/node_modules *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
