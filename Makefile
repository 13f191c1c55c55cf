# Everything goes through tools/bun.sh, which finds or installs Bun and the packages.
BUN := ./tools/bun.sh
SERVICE ?= analytics-api
ARGS ?=
STACK := $(BUN) tools/stack/src/main.ts
# With the stores of the local stack, unless DATABASE_URL and CLICKHOUSE_URL name others.
MIGRATE := $(STACK) exec -- ./tools/bun.sh tools/migrate/src/main.ts

.DEFAULT_GOAL := help
.PHONY: help dev-install install test test-long lint format type-check clean run-api \
	migrate-create migrate-upgrade migrate-downgrade migrate-history migrate-current \
	start stop demo bench restore notebooks verify-images compose-up compose-down

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | \
		awk 'BEGIN { FS = ":.*## " } { printf "  \033[36m%-18s\033[0m %s\n", $$1, $$2 }'

install: ## Install Bun (when missing) and all packages
	@$(BUN) --version >/dev/null

dev-install: install ## Install, and check what is committed with a Git hook
	@if [ -n "$$CI" ] || ! git rev-parse --git-dir >/dev/null 2>&1; then \
		echo "Not a Git checkout to commit from: the hook is left out."; \
	else \
		$(BUN) run lefthook install; \
	fi

start: ## Start the whole stack; ARGS="--detach --fresh --no-demo --only a,b"
	@$(STACK) start $(ARGS)

stop: ## Stop the stack, whatever state it is in
	@$(STACK) stop

demo: ## Send the demo's events to the running stack (again changes nothing)
	@$(BUN) tools/cli/src/main.ts demo $(ARGS)

run-api: ## Run one service alone, reloading on change; SERVICE=analytics-api
	@$(STACK) exec --as $(SERVICE) -- ./tools/bun.sh run --cwd services/$(SERVICE) dev

test: ## Run every test; ARGS="libs/config" runs some
	@$(BUN) run test $(ARGS)

test-long: ## Run the long tests too: real data, random kill -9
	@$(BUN) run test-long $(ARGS)

bench: ## Measure, as ratios against the best possible in the same run
	@$(BUN) run bench $(ARGS)

lint: ## Check style, imports and layers
	@$(BUN) run lint

format: ## Format, and fix what can be fixed
	@$(BUN) run format

type-check: ## Check types
	@$(BUN) run typecheck

migrate-create: ## Make an empty migration; MESSAGE="add a table" STORE=postgres|clickhouse
	@$(MIGRATE) create "$(MESSAGE)" $(if $(STORE),--store $(STORE))

migrate-upgrade: ## Apply what is missing, in both stores
	@$(MIGRATE) upgrade $(ARGS)

migrate-downgrade: ## Take back the last migration
	@$(MIGRATE) downgrade $(ARGS)

migrate-history: ## List all migrations
	@$(MIGRATE) history $(ARGS)

migrate-current: ## Show how far the stores are migrated
	@$(MIGRATE) current $(ARGS)

restore: ## Bring both stores back, nothing running; BACKUP=name ARGS=--replace
	@$(STACK) start --detach --no-demo --only postgres,clickhouse
	@$(MIGRATE) upgrade && $(STACK) exec --as batch-processor -- \
		$(BUN) services/batch-processor/src/restore.ts "$(BACKUP)" $(ARGS); \
		code=$$?; $(STACK) stop; exit $$code

notebooks: ## Preview the notebooks in docs/notebooks.md; Ctrl-C ends them
	@$(BUN) notebooks/src/main.ts

verify-images: ## Build, run, use and end every image; starts Debian's engine when none runs
	@$(BUN) tools/images/src/main.ts $(ARGS)

compose-up: ## Start everything in containers, with real stores; ARGS="--profile kafka"
	@$(BUN) tools/images/src/secretsMain.ts
	docker compose --file docker/compose.yaml $(ARGS) up --build --detach --wait

compose-down: ## Stop the containers; ARGS=--volumes removes their data
	docker compose --file docker/compose.yaml --profile kafka down $(ARGS)

manifests: ## Render everything below k8s/ and check it
	@$(BUN) tools/manifests/src/main.ts $(ARGS)

clean: ## Stop the stack and remove its data, the packages and what tests wrote
	@if [ -d node_modules ]; then $(STACK) stop; fi
	rm -rf .data coverage .tools node_modules libs/*/node_modules \
		services/*/node_modules tools/*/node_modules tests/node_modules bench/node_modules
