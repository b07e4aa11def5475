# The two commands: `make demo` and `make test`. Each sets up .venv by itself, pinned by constraints.txt.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help demo test test-browser check format pictures bench soak audit clean

help:
	@echo "make demo    watch the whole product work, on a bundled sandbox API"
	@echo "make test    run the tests"
	@echo "make test-browser  run the status pages in a real browser (brings chromium where it may)"
	@echo "make check   ruff, mypy --strict, and the floors of the house"
	@echo "make format  let ruff put the code in order"
	@echo "make pictures  make the pictures of README and docs from real messages (needs chromium)"
	@echo "make audit   look the pinned versions up among known vulnerabilities (needs the network)"
	@echo "make bench   measure every claim of docs/performance.md beside its peer (half an hour)"
	@echo "make soak    kill, starve and mislead the daemon for a quarter of an hour, and count what was told"

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Watcher needs Python 3.11 or newer; set PYTHON=/path/to/it.") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: .venv/ready
	@$(BIN)/watcher demo

test: .venv/ready
	$(BIN)/pytest -n 2

test-browser: .venv/ready
	@tests/web/browser.sh

check: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

pictures: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,browser]'
	$(BIN)/python docs/pictures/make.py
	$(BIN)/python docs/pictures/pages.py

bench: .venv/ready
	$(BIN)/python -m benchmarks.run

soak: .venv/ready
	$(BIN)/python -m soak

audit:
	rm -rf build/audit && $(PYTHON) -m venv build/audit
	build/audit/bin/pip install --quiet --disable-pip-version-check pip-audit
	build/audit/bin/pip-audit --strict --no-deps --disable-pip -r constraints.txt

clean:
	rm -rf .venv dist build
