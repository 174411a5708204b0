#!/usr/bin/env bash
# Every check that needs no test run, quickest first.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bin=.venv/bin

echo "== lock files name no registry"
if grep -nE '://|^[[:space:]]*(-i|-f|--(extra-)?index-url|--find-links|--trusted-host)' requirements/*; then
    echo "A requirements file names a registry address (above); leave that to the machine." >&2
    exit 1
fi
echo "== ruff"
"$bin/ruff" check .
"$bin/ruff" format --check .
echo "== import-linter"
"$bin/lint-imports"
echo "== mypy"
"$bin/mypy"
