#!/bin/bash
# The status pages in a real browser: Debian's chromium, driven by playwright. What is missing is brought, where that is
# possible; where it is not, the tests are skipped, and that is said.
set -euo pipefail
cd "$(dirname "$0")/../.."

skip() {
  echo "Skipped the browser tests: $1"
  exit 0
}

if ! command -v chromium >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing chromium …"
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=120 \
    chromium fonts-dejavu-core; } >/dev/null 2>&1 || true
fi
command -v chromium >/dev/null || skip "there is no chromium here (apt-get install chromium)."
if ! .venv/bin/python -c 'import axe_playwright_python' 2>/dev/null; then
  .venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,browser]' ||
    skip "playwright cannot be installed here."
fi
WATCHER_BROWSER=chromium .venv/bin/pytest -n 0 tests/web/test_browser.py
