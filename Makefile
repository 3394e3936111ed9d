# make play    sets up .venv the first time, then opens the arcade
# make test    the same with the tools for testing; checks the code and runs every test
# make check   formatting, lint, types and import walls alone
# make faults  the long form of tests/faults and tests/cluster: hundreds of kills, a hundred thousand hostile files (hours)
# make properties  replay and its sum tree against plain references, 10,000 random cases each (some minutes)
# make bench   the benchmark (benchmarks/README.md says what it measures)
# make docs    a site of the pages, to be read offline: site/index.html
# make clean   removes .venv and the caches; runs/ stays
#
# PYTHON=python3.12 make play chooses the Python. GNU make 3.81 (macOS) is enough.

BIN := .venv/bin
PLAY_READY := .venv/.ready-to-play
TEST_READY := .venv/.ready-to-test
DOCS_READY := .venv/.ready-for-docs
PINS := pyproject.toml constraints.txt

.PHONY: play test check faults properties bench docs clean

play: $(PLAY_READY)
	@$(BIN)/arcade-dqn

# Each of the two workers takes half of the files, one after the other, so that it finds what it has compiled; who is
# done first takes from the other's rest. One thread each for NumPy: more of them wait for each other, busily.
test: check
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal

check: $(TEST_READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --strict
	$(BIN)/mypy --strict scripts
	$(BIN)/lint-imports

faults: $(TEST_READY)
	FAULTS=long $(BIN)/python -m pytest tests/faults tests/cluster -s

properties: $(TEST_READY)
	PROPERTY_EXAMPLES=10000 $(BIN)/python -m pytest tests/replay -n 2

bench: $(TEST_READY)
	$(BIN)/python -m benchmarks

docs: $(DOCS_READY)
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

clean:
	rm -rf .venv build dist site .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(PLAY_READY): $(PINS)
	@sh scripts/install.sh all
	@touch $@

$(DOCS_READY): $(PINS)
	@sh scripts/install.sh all,docs
	@touch $@ $(PLAY_READY)

# Whoever can test can play and make the site: their stamps keep them from installing again.
$(TEST_READY): $(PINS)
	@sh scripts/install.sh all,cluster,dev
	@touch $@ $(PLAY_READY) $(DOCS_READY)
