# One command reads the book, one command tests it: `make book` and `make test`.
# Everything lives in .venv and _build; nothing else on the machine is changed (but JupyterLab, in `make lab`, keeps a folder
# of its own, with the signatures of notebooks).

PYTHON  ?= python3
EXECUTE ?= 1
COMPARE ?= 0
CUDA    ?= 0
VENV    := .venv
BIN     := $(VENV)/bin
PIP     := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# Tests without ARGS are shared out, file by file, among up to four processes.
SHARED  := -n logical --maxprocesses=4 --dist loadfile --no-loadscope-reorder

READY   := $(VENV)/ready
ifneq ($(COMPARE),0)
READY   += $(VENV)/ready-compare
endif
ifneq ($(CUDA),0)
READY   += $(VENV)/ready-cuda
endif

.DEFAULT_GOAL := help
.PHONY: help book test outputs readme export corpus lint lab bench clean

help:
	@echo "make book              run every chapter and render the site"
	@echo "make book EXECUTE=0    render the site from the stored outputs"
	@echo "make test              all tests: cells, package, site, pages in a browser"
	@echo "  ... COMPARE=1        either one, with PyTorch and JAX beside ours"
	@echo "  ... CUDA=1           either one, with CuPy and MLX: what is said to a GPU is checked, without one too"
	@echo "  ... ARGS='-k views'  test: pytest's options"
	@echo "  ... OTHER_KERNEL=1   test: the chapters that train once more, with another processor's last digits"
	@echo "  ... JOBS=1           book: one chapter after the other (else one a core)"
	@echo "make lab               copies of the notebooks for you, in JupyterLab (ARGS=--no-browser: its options)"
	@echo "make bench             the speed tables"
	@echo
	@echo "for authors:"
	@echo "make export            notebooks -> package, and its type stubs"
	@echo "make outputs           run every chapter and store the outputs in nbs/"
	@echo "make readme            nbs/index.ipynb -> README.md"
	@echo "make corpus            the book's prose -> the text of load_book()"
	@echo "make lint              are the notebooks fit for both renderers?"
	@echo "make clean             remove _build and .venv"

book: $(READY)
	@$(BIN)/python tools/make_book.py --execute $(EXECUTE) $(if $(JOBS),--jobs $(JOBS))

test: $(READY)
	@$(BIN)/python -m pytest $(or $(ARGS),$(SHARED))

outputs: $(READY)
	@$(BIN)/python tools/execute.py
	@$(BIN)/python tools/store.py
	@$(BIN)/nbdev_clean
	@$(BIN)/python tools/readme.py

export: $(READY)
	@$(BIN)/nbdev_export
	@$(BIN)/python tools/stubs.py

readme: $(READY)
	@$(BIN)/python tools/readme.py

corpus: $(READY)
	@$(BIN)/python tools/corpus.py

lint: $(READY)
	@$(BIN)/python tools/lint.py

lab: $(READY) $(VENV)/ready-learn
	@$(BIN)/python tools/lab.py
	@$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) $(ARGS) lab

bench: $(READY) $(VENV)/ready-compare
	@$(BIN)/python -m benchmarks

clean:
	rm -rf _build $(VENV) edunets.egg-info

# The stamps: pip runs again only when pyproject.toml has changed.

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("edunets needs Python 3.11 or newer; this is " + sys.version.split()[0])'
	@echo "setting up $(VENV) (once, a few minutes)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/ready: pyproject.toml | $(VENV)/bin/python
	@$(PIP) --editable '.[dev,docs]'
	@touch $@

$(VENV)/ready-compare: pyproject.toml | $(VENV)/ready
	@echo "installing PyTorch and JAX (once)"
	@$(PIP) --editable '.[compare]'
	@touch $@

$(VENV)/ready-cuda: pyproject.toml | $(VENV)/ready
	@echo "installing CuPy, NVIDIA's compiler NVRTC and MLX (once)"
	@$(PIP) --editable '.[cuda-check]'
	@touch $@

$(VENV)/ready-learn: pyproject.toml | $(VENV)/ready
	@$(PIP) --editable '.[learn]'
	@touch $@
