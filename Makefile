# LancersHub. `make serve` and `make test` are all a newcomer needs.
# GOTOOLCHAIN=auto lets Go fetch the toolchain go.mod asks for.
export GOTOOLCHAIN := auto
# The binary is static: it runs on an empty file system.
export CGO_ENABLED := 0
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

DATA ?= ./lh_data
HTTP ?= 127.0.0.1:8090
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo development)
LINT_VERSION := v2.15.0
TOOLCHAIN := $(shell sed -n 's/^toolchain //p' go.mod)

.PHONY: help build ui serve test faults fuzz soak bench ui-test browser evaluate compose-env compose-check lint lint-install e2e-install test-minio clean

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

build: ## Build bin/lancershub
	go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/lancershub .

ui: ui/node_modules/.package-lock.json ## Build the web app into pb_public
	cd ui && npm run build

ui/node_modules/.package-lock.json: ui/package-lock.json
	cd ui && npm ci --no-audit --no-fund

serve: build ## Run the marketplace with demo data on one port (DATA=, HTTP=)
	@test -e $(DATA)/demo-accounts.txt || ./bin/lancershub demo --data $(DATA)
	./bin/lancershub serve --data $(DATA) --http $(HTTP)

e2e-install: tests/e2e/node_modules/.package-lock.json

tests/e2e/node_modules/.package-lock.json: tests/e2e/package-lock.json
	@if command -v npm >/dev/null; then cd tests/e2e && npm ci --no-audit --no-fund; \
	else echo "npm is missing: the tests through the JS SDK will be skipped (install Node.js 20 or newer)"; fi

test: e2e-install ui-test ## Run all tests but the long fault suites
	go test -timeout 30m ./...
	$(MAKE) --no-print-directory compose-check
	$(MAKE) --no-print-directory browser

browser: ## Drive the web app in Chromium: two people, phone and desk, axe on every page; two scripts at a time (part of test)
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory ui/node_modules/.package-lock.json; fi
	go test -tags browser -run Browser -v -timeout 20m ./tests/e2e

ui-test:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory ui/node_modules/.package-lock.json && cd ui && npm run check && npm test && npm run size; \
	else echo "npm is missing: the tests of the web app are skipped (install Node.js 20 or newer)"; fi

faults: ## Run the fault suites: crashes, silent peers, races, token attacks
	LANCERSHUB_SEEDS=$${LANCERSHUB_SEEDS:-200000} go test -v -run Simulation ./tests/model
	go test -tags faults -timeout 40m ./tests/faults/...
	tests/fuzz/run.sh 6s FuzzAmounts FuzzKeys FuzzTokens FuzzWebhooks FuzzFilters FuzzEvents FuzzSteps FuzzStates FuzzCursors

fuzz: ## Fuzz amounts, keys, tokens, webhooks, filters, events, commands, cursors, forecasts (FUZZTIME=30s each)
	tests/fuzz/run.sh $${FUZZTIME:-30s}

# The last code of MinIO, kept as a second server to hold the contract against. It
# is not what anybody should run: see docs/files.md.
MINIO_VERSION := v0.0.0-20260212201848-7aac2a2c5b7c

.cache/bin/minio-$(MINIO_VERSION):
	mkdir -p .cache/bin
	GOBIN=$(CURDIR)/.cache/bin GOTOOLCHAIN=$(TOOLCHAIN) go install -trimpath -ldflags "-s -w" github.com/minio/minio@$(MINIO_VERSION)
	mv .cache/bin/minio $@

test-minio: .cache/bin/minio-$(MINIO_VERSION) ## Hold the storage contract, and backups to a bucket, against a real MinIO server
	LANCERSHUB_TEST_MINIO=$(CURDIR)/$< go test -count=1 -v -run 'Contract|OnS3' ./tests/storage ./tests/operations

soak: ## Run the fault suites for days, or for SOAK=0.1 of that; it can be stopped and goes on (SUITES=)
	tests/soak/run.sh $(SUITES)

bench: ## Measure speed and size; compare with benchstat
	go test -run '^$$' -bench . -benchtime $${BENCHTIME:-2s} -timeout 60m ./tests/bench/... ./services/... ./forecast/...

evaluate: ## Score the forecasts on series in DATA (their tables are in forecast/README.md)
	@test -n "$${DATA:-}" || { echo "usage: make evaluate DATA=folder-with-monthly-series"; exit 2; }
	go run ./forecast/evaluate -data "$$DATA"

lint: lint-install ## Check style
	.cache/bin/golangci-lint run ./...

# Built from the pinned version with the project's own toolchain.
lint-install: .cache/bin/golangci-lint-$(LINT_VERSION)

.cache/bin/golangci-lint-$(LINT_VERSION):
	mkdir -p .cache/bin
	GOBIN=$(CURDIR)/.cache/bin GOTOOLCHAIN=$(TOOLCHAIN) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
	touch $@

# Without quotes, spaces or dollar signs, so that compose and a shell read it alike.
compose-env: ## Generate .env with secrets of this installation for docker compose (PUBLIC_URL=)
	@test ! -e .env || { echo ".env exists, and the data in the volumes may depend on its secrets: it is left alone"; exit 1; }
	@umask 077; secret() { head -c 30 /dev/urandom | base64 | tr '+/' '-_'; }; \
	printf '%s\n' "# Secrets of this installation. Keep a copy with your backups, and nowhere else." \
		"LANCERSHUB_PUBLIC_URL=$${PUBLIC_URL:-http://127.0.0.1:8090}" \
		"LANCERSHUB_LISTEN=$${LISTEN:-127.0.0.1:8090}" \
		"LANCERSHUB_S3_ACCESS_KEY=lancershub-$$(secret | head -c 8 | tr -d '_-')" \
		"LANCERSHUB_S3_SECRET_KEY=$$(secret)" > .env
	@echo "Wrote .env. Next: docker compose up -d --wait"

compose-check: ## Check docker-compose.yml as docker compose would read it
	cd tests/compose && go test ./...

clean: ## Remove what was built
	rm -rf bin .cache
