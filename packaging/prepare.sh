#!/usr/bin/env bash
# Makes a fresh clone ready: Debian's packages, `.venv`, compiled kernels. Each step costs next to
# nothing when it has been done.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bash packaging/system.sh
bash packaging/environment.sh .venv requirements/dev.txt

with_kernels=$(grep -rl --include='*.py' numba app layers widgets | sort || true)
kernels=$(cat requirements/dev.txt $with_kernels | sha256sum)
stamp=build/kernels.stamp
if [ -e app/__main__.py ] && [ "$(cat "$stamp" 2>/dev/null)" != "$kernels" ]; then
    mkdir -p build
    echo "Compiling the drawing kernels"
    .venv/bin/python -m app compile
    printf '%s\n' "$kernels" >"$stamp"
fi
