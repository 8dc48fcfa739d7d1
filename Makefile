# `make check` runs what CI runs. Everything works without make, too: see README.md.
UV = .uv/bin/uv
BIN = .venv/bin

.PHONY: install dev check lock catalogues

install:  ## what is needed to run
	python3 -m pip install -q --target .uv uv
	$(UV) venv -q --allow-existing
	$(UV) pip sync -q --require-hashes requirements/run.txt
	$(UV) pip install -q --no-deps -e .

dev:  ## what is needed to run and to test
	python3 -m pip install -q --target .uv uv
	$(UV) venv -q --allow-existing
	$(UV) pip sync -q --require-hashes requirements/dev.txt
	$(UV) pip install -q --no-deps -e .

check:
	$(BIN)/python tests/check.py

lock:  ## after changing dependencies in pyproject.toml: newest versions that fit, with hashes
	$(UV) lock -q --upgrade
	$(UV) export -q --no-emit-project --no-header -o requirements/run.txt
	$(UV) export -q --no-emit-project --no-header --group dev --extra synth -o requirements/dev.txt
	$(UV) export -q --no-emit-project --no-header --no-group cpu --extra gpu -o requirements/gpu.txt
	$(UV) export -q --no-emit-project --no-header --no-dev --extra train -o requirements/train.txt

catalogues:  ## collect new sentences into app/locale, and compile
	$(BIN)/python -m app.i18n extract
	$(BIN)/python -m app.i18n compile
