# `make run` and `make test` set up everything they need; see tools/setup.sh.

BIN := .venv/bin
READY := .venv/.ready
CHECKED := studio tests benchmarks tools
DATA ?= ../shared/data

.PHONY: setup run test lint bench translations

setup: $(READY)

$(READY): pyproject.toml constraints.txt tools/setup.sh
	bash tools/setup.sh
	@touch $@

# Without a display the main job runs headless and prints where its results are.
run: $(READY)
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] || [ "$$(uname -s)" = Darwin ]; then \
		$(BIN)/avatar-studio --sample; \
	else \
		$(BIN)/avatar-studio demo; \
	fi

lint: $(READY)
	$(BIN)/ruff check $(CHECKED)
	$(BIN)/ruff format --check $(CHECKED)
	$(BIN)/pyright --threads 2
	$(BIN)/lint-imports

# One process for each core takes whole files of tests; `pytest` alone runs them in one.
SHARED_OUT := -n auto --maxprocesses 4 --dist loadfile

# The window's tests need a display with OpenGL; Xvfb gives them one where there is none.
test: lint
	@if [ -z "$$DISPLAY" ] && command -v xvfb-run >/dev/null; then \
		xvfb-run -a -s "-screen 0 1600x1000x24" $(BIN)/pytest $(SHARED_OUT); \
	else \
		$(BIN)/pytest $(SHARED_OUT); \
	fi

# Finds every text of the window, lists what is untranslated and compiles resources/translations.
translations: $(READY)
	$(BIN)/python tools/translations.py

# Drawing and the window are timed on a display; Xvfb gives them one where there is none.
ON_DISPLAY = $(if $(DISPLAY),,$(if $(shell command -v xvfb-run),xvfb-run -a -s "-screen 0 1600x1000x24"))

bench: $(READY)
	$(BIN)/python benchmarks/build.py --data $(DATA)
	$(BIN)/python benchmarks/lift_quality.py --data $(DATA)
	$(BIN)/python benchmarks/speak.py --data $(DATA)
	$(BIN)/python benchmarks/speech_sync.py --data $(DATA)
	$(ON_DISPLAY) $(BIN)/python benchmarks/render.py
	$(BIN)/python benchmarks/frame.py
	$(BIN)/python benchmarks/fit.py
	$(BIN)/python benchmarks/export.py
	$(BIN)/python benchmarks/tracking.py --data $(DATA)
	$(BIN)/python benchmarks/reenactment.py --data $(DATA)
	$(ON_DISPLAY) $(BIN)/python benchmarks/live.py
