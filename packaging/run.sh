#!/usr/bin/env bash
# The command centre on the sample city, with a live simulated shift. Without a display the same
# shift runs offscreen and leaves its pictures and summary.json in build/tour.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
city=build/city

bash packaging/prepare.sh
if [ ! -d "$city" ]; then
    rm -rf "$city.part"
    .venv/bin/python -m app city new "$city.part" --scale sample
    mv "$city.part" "$city"
fi
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    exec .venv/bin/python -m app run --city "$city" --simulate
fi
echo "No display: the shift runs offscreen and leaves its pictures in build/tour"
exec .venv/bin/python -m app tour --out build/tour --city "$city"
