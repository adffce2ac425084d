# make run     the site            make test    every check        make format   tidy the code
# make bench   the measurements    make lock    pin what is installed
# The same without make: README.md, "Without make".

VENV := .venv
PY   := $(VENV)/bin/python
PIP  := $(PY) -m pip install --disable-pip-version-check
PORT ?= 8501
# Extra words for pytest: make test PYTEST="-k mixture"
PYTEST ?=
# Types are checked beside the first tests; browsers come after them, stopwatches alone at the end;
# with a choice of tests a part may be empty. Whoever has nothing left to do takes over half of what
# the other still has.
NONE_IS_FINE = $(if $(PYTEST),|| [ $$? -eq 5 ])
TWO := -n 2 --dist worksteal
# The suite starts Python many times: each would compile every module anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test format bench lock clean

help:
	@sed -n '1,3p' Makefile

run: $(VENV)/.site
	$(PY) -m streamlit run app.py --server.port $(PORT)

test: $(VENV)/.dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m pyright --pythonpath $(PY) > $(VENV)/types & types=$$!; \
	  ( $(PY) -m pytest $(TWO) --ignore tests/browser --ignore tests/test_latency.py $(PYTEST) $(NONE_IS_FINE) ); \
	  passed=$$?; wait $$types; typed=$$?; cat $(VENV)/types; exit $$((passed + typed))
	CHROMIUM="$$($(PY) tools/chromium.py)" && export CHROMIUM && $(PY) -m pytest $(TWO) tests/browser $(PYTEST) $(NONE_IS_FINE)
	$(PY) -m pytest tests/test_latency.py $(PYTEST) $(NONE_IS_FINE)

format: $(VENV)/.dev
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

bench: $(VENV)/.dev
	$(PIP) -c constraints.txt -r benchmarks/requirements.txt
	CHROMIUM="$$($(PY) tools/chromium.py)" && export CHROMIUM && $(PY) -m benchmarks.em && $(PY) -m benchmarks.samplers && $(PY) -m benchmarks.transport && $(PY) -m benchmarks.gan && $(PY) -m benchmarks.diffusion && $(PY) -m benchmarks.budgets && $(PY) -m benchmarks.player_frames && $(PY) -m benchmarks.interaction

# Resolves the direct pins anew, in an environment of its own, and writes down what pip chose.
lock:
	rm -rf .venv-lock && sh tools/venv.sh .venv-lock
	sed '/^-c /d' requirements.txt > .venv-lock/requirements.txt
	cp requirements-dev.txt .venv-lock/
	.venv-lock/bin/python -m pip install --disable-pip-version-check -r .venv-lock/requirements-dev.txt
	{ echo "# Every package of a tested environment; written by 'make lock'."; \
	  .venv-lock/bin/python -m pip freeze --all --exclude pip | sed 's/+c[pu0-9]*$$//'; } > .venv-lock/frozen
	mv .venv-lock/frozen constraints.txt && rm -rf .venv-lock

clean:
	rm -rf $(VENV)

# The stamps make a second run start at once; they are older than the pins when the pins change.
$(VENV)/.site: requirements.txt constraints.txt | $(PY)
	$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt requirements.txt constraints.txt | $(PY)
	$(PIP) --no-compile -r requirements-dev.txt
	$(PY) -m compileall -qq -j 0 $(VENV)/lib || true  # as pip would, but on every core
	@touch $@ $(VENV)/.site

$(PY):
	@sh tools/venv.sh $(VENV)
