# `make` says what there is. All of it runs from .venv, which local/bootstrap.sh makes and keeps
# up to date.
.DEFAULT_GOAL := help
.PHONY: help start reset token sam-local test test-unit permissions storm orders hostile fuzz check audit openapi format bench screenshots build deploy parameters recover delivery-key deploy-web user reconcile lock bootstrap

# Images of containers often set it. Every process then compiles all that it imports again, and a
# function or a process of the tests takes twice as long to start.
unexport PYTHONDONTWRITEBYTECODE

PY := .venv/bin/python
# These start every function, or try whatever may happen in whatever order: about half of the unit tests' time.
TRY_EVERYTHING := test_start_up.py test_every_tiff.py test_races.py test_uploads_any_order.py test_any_request.py test_pictures_any_order.py test_usage_any_order.py test_orders.py test_hostile_files.py
ENVIRONMENT = $(if $(ENV),--environment $(ENV))

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

bootstrap:
	@sh local/bootstrap.sh

start: bootstrap  ## run the whole stack on this machine (PORT=4566 WEB_PORT=5173 EDGE_PORT=5174 FAULTS=7)
	@exec $(PY) -m local.start $(ARGS)

reset: bootstrap  ## forget what the local stack holds
	@$(PY) -m local.reset

token: bootstrap  ## print an ID token of a demo user of the running stack (EMAIL=ada@example.com)
	@$(PY) -m local.client $(EMAIL)

sam-local: bootstrap  ## the functions in Docker, on the running stack's data (ARGS="invoke ...")
	@$(PY) -m local.sam_local $(ARGS)

test: bootstrap  ## every test, the deployed local stack included (ARGS="-k name")
	@$(PY) -m pytest -n auto $(ARGS)

test-unit: bootstrap  ## the tests of the code alone, for work in between (ARGS="-k name")
	@$(PY) -m pytest -n logical tests/unit $(addprefix --ignore=tests/unit/,$(TRY_EVERYTHING)) $(ARGS)

permissions: bootstrap  ## run every test, and name one for each permission in docs/permissions.md
	@$(PY) -m pytest -n auto --write-permissions $(ARGS)

storm: bootstrap  ## 2,000 uploads on a bad day: faults, and a restart in the middle (ARGS="--uploads 100")
	@$(PY) -m tests.storm $(ARGS)

hostile: bootstrap  ## 5,000 damaged and crafted files, within the limits of the functions (ARGS="--files 100")
	@PYTHONPATH=functions $(PY) -m tests.hostile $(ARGS)

fuzz: bootstrap  ## requests that the API's description allows, and others (ARGS="--examples 10")
	@$(PY) -m tests.description $(ARGS)

orders: bootstrap  ## what may happen at the same time, in as many orders as there is time for (ARGS="--minutes 60")
	@$(PY) -m tests.orders $(ARGS)

check: bootstrap  ## format, lint, types and template, all of them
	@status=0; export PATH="$(CURDIR)/.venv/bin:$(CURDIR)/.venv/sam/bin:$$PATH"; \
	export SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1; \
	for tool in "ruff format --check ." "ruff check ." mypy "cfn-lint template.yaml" "sam validate --lint" "$(PY) -m local.check_web"; do \
		echo "$$tool"; $$tool || status=1; \
	done; exit $$status

audit: bootstrap  ## known vulnerabilities of all that is installed or shipped, by PyPI and npm
	@$(PY) -m local.audit

openapi: bootstrap  ## describe the API anew, from the code
	@$(PY) -m local.openapi
	@if [ -d web/node_modules/openapi-typescript ]; then cd web && npm run --silent types; fi

format: bootstrap  ## let the tools fix what they can
	$(PY) -m ruff check --fix-only .
	$(PY) -m ruff format .

bench: bootstrap  ## measure against the named peers
	@PYTHONPATH=functions $(PY) -m benchmarks

screenshots: bootstrap  ## take the README's pictures of the web app (needs Node.js and Chromium)
	@$(PY) -m local.screenshots

build: bootstrap  ## build for AWS into .aws-sam/build
	PATH="$(CURDIR)/.venv/bin:$$PATH" UV=$(CURDIR)/.venv/bin/uv .venv/sam/bin/sam build

deploy: build  ## deploy to your AWS account, with your usual credentials (PARAMETERS="Name=Value ..." ENV=staging)
	@$(PY) -m local.deploy $(ENVIRONMENT) $(ARGS) $(if $(PARAMETERS),--parameter-overrides $(PARAMETERS))

parameters: bootstrap  ## print the parameters of the deployed stack (ENV=staging)
	@$(PY) -m local.deploy --show $(ENVIRONMENT) $(ARGS)

recover: bootstrap  ## take the photos of a deleted stack into a new one (STACK_ID=arn:...)
	@$(PY) -m local.recover_stack $(ARGS) $(STACK_ID)

delivery-key: bootstrap  ## make a key that signs links for CloudFront to deliver (ARGS="--current ID")
	@$(PY) -m local.delivery_key $(ARGS)

deploy-web: bootstrap  ## build the browser app and put it behind the deployed CloudFront distribution
	@$(PY) -m local.deploy_web $(ENVIRONMENT) $(ARGS)

user: bootstrap  ## create a user, or add one to a group (EMAIL=ada@example.com GROUP=organizers ENV=local)
	@$(PY) -m local.create_user $(ENVIRONMENT) $(ARGS) $(EMAIL) $(GROUP)

reconcile: bootstrap  ## compare tables, buckets, usage and queues of a stack (ARGS=--repair ENV=local)
	@$(PY) -m local.reconcile $(ENVIRONMENT) $(ARGS)

lock: bootstrap  ## compile requirements/*.in anew
	@for name in dev sam tools; do \
		.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --upgrade --no-header --no-annotate \
			--no-emit-index-url --output-file requirements/$$name.txt requirements/$$name.in || exit 1; \
	done
