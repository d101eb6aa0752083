# Stoney Panel. `make demo` and `make test` work on a bare Debian or Ubuntu; everything Python goes into .venv.
PYTHON ?= $(shell sh deploy/install-packages.sh python)
BIN = .venv/bin

.PHONY: help packages-run packages-demo packages-test setup demo demo-reset check format types test bench messages screenshots pictures

help:
	@echo "make demo        two real nodes and the panel, prints the address and the login"
	@echo "make demo-reset  forget everything the demo has made"
	@echo "make check       the quick gate: format, lint, types, floors, a sample of the unit tests"
	@echo "make test        everything, on real libvirt, PostgreSQL and Chromium"
	@echo "make bench       measure, and keep the figures in benchmarks/"
	@echo "make messages    bring the catalogues in locale/ up to date with the code, and say what is to be translated"
	@echo "make screenshots pictures of every page of the running demo: language, theme, width"
	@echo "make pictures    the few of them that docs/pictures/ shows"

packages-run packages-demo packages-test: packages-%:
	@sh deploy/install-packages.sh $*

setup: packages-run .venv/installed

.venv/installed: requirements.txt requirements-dev.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing Python packages into .venv ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

demo: packages-demo setup
	@$(BIN)/python -m demo up

demo-reset: setup
	@$(BIN)/python -m demo reset

format: setup
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format .
	$(BIN)/djade --target-version 5.2 $$(git ls-files 'templates/*.html')

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/python manage.py compile_words
	$(BIN)/pytest -q -n auto -m "not live and not browser and not broad"

test: packages-test check
	$(BIN)/python -m tests.run_all

bench: packages-test setup
	$(BIN)/python -m benchmarks

# Without the panel's settings: with them Django would put the catalogues where the compiled ones are.
messages: setup
	env -u DJANGO_SETTINGS_MODULE $(BIN)/python -m django makemessages --all --no-obsolete --no-wrap \
		$(foreach folder,.venv var tests benchmarks static docs deploy,--ignore $(folder))
	-$(BIN)/python manage.py check_words

screenshots: setup
	$(BIN)/python manage.py screenshots $(SCREENSHOTS)

pictures: setup
	$(BIN)/python manage.py screenshots --documentation $(SCREENSHOTS)
