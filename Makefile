# Two commands: `make run` and `make test`. Each sets up what it needs; done twice, it does nothing twice.
SHELL := /bin/bash
.DEFAULT_GOAL := run
.PHONY: run test checks test-core test-window prove pictures ready core-ready

PYTEST_FLAGS ?= -q -n 2 --dist loadfile

run:
	@bash packaging/run.sh

test: ready
	@$(MAKE) --no-print-directory checks
	@$(MAKE) --no-print-directory test-core
	@$(MAKE) --no-print-directory test-window

checks: ready
	@bash packaging/checks.sh

# The tests below the shell, in an environment that has neither Qt nor pytest-qt.
test-core: core-ready
	@echo "== pytest, core, without Qt"
	@.venv-core/bin/python -m pytest -c tests/core.ini --rootdir=. $(PYTEST_FLAGS)

# Everything else: what core.ini does not run.
test-window: ready
	@echo "== pytest, window"
	@.venv/bin/python -m pytest --without-core $(PYTEST_FLAGS)

# A test's full count, resumable: make prove NAME=kills [COUNT=1000]
prove: ready
	@test -n "$(NAME)" || { echo "Say which: make prove NAME=…  ($$(ls tests/prove/test_*.py 2>/dev/null | sed 's|.*/test_||; s|\.py||' | xargs))"; exit 2; }
	@.venv/bin/python -m pytest tests/prove/test_$(NAME).py --prove $(if $(COUNT),--count $(COUNT)) -s -p no:xdist --timeout 0 -o faulthandler_timeout=0

# The pictures of the README, from a tour of the sample city, and of its map alone.
PICTURE := .venv/bin/python -m app picture build/city
STREET := wangge://view?at=121.4445,31.2075&scale=0.28
pictures:
	@env -u DISPLAY -u WAYLAND_DISPLAY bash packaging/run.sh
	@mkdir -p docs/pictures
	@cp build/tour/desk-zh-light-district.png docs/pictures/desk.png
	@cp build/tour/wall-zh-dark-1920.png docs/pictures/wall.png
	@cp build/tour/field-zh-tasks.png docs/pictures/field.png
	@$(PICTURE) docs/pictures/map-city.png --theme dark
	@$(PICTURE) docs/pictures/map-district.png --view district:黄浦
	@$(PICTURE) docs/pictures/map-street.png --view "$(STREET)"

ready:
	@bash packaging/prepare.sh

core-ready: ready
	@bash packaging/environment.sh .venv-core requirements/core-dev.txt
