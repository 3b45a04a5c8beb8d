# wagate: the commands. `make` alone lists them.

CARGO ?= cargo
# nextest when it is there (one process per test, time limits), else what cargo brings
TEST = $(shell command -v cargo-nextest >/dev/null 2>&1 && echo "$(CARGO) nextest run --no-fail-fast" || echo "$(CARGO) test --no-fail-fast")

.DEFAULT_GOAL := help
.PHONY: help run test lint test-rust test-live test-api deny derive fuzz chaos bench bench-accept bench-lanes bench-sends bench-sessions bench-latency bench-events bench-sandbox

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

run: ## install what is missing, build, and start everything with a simulated WhatsApp network
	@scripts/need cc redis-server
	@echo "building (the first time takes some minutes) …"
	@$(CARGO) build --bin wagate
	@scripts/settle-build
	@exec target/debug/wagate up

test: lint test-live test-rust test-api ## everything that must hold: lint, derived files, every test

lint: ## formatting and clippy with warnings denied
	@scripts/need cc
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	@scripts/settle-build

test-rust: ## every test of the workspace, on real Redis, SQLite, PostgreSQL, S3, Baileys and receivers of webhooks
	@scripts/need cc redis-server postgres node npm python3 pip3 php go curl ps microsocks tinyproxy
	@scripts/foreign-clients
	$(TEST) --workspace
	@scripts/settle-build

test-live: ## the refusals of the build that talks to WhatsApp
	$(CARGO) test -p wagate-connector --no-default-features --features live --lib
	@scripts/settle-build

test-api: ## requests made of the OpenAPI document by schemathesis, against a running gateway; SECONDS (60), SEED (1)
	@scripts/need cc redis-server python3 pip3 node npm
	@scripts/foreign-clients tests/schema
	$(CARGO) build --workspace --bin wagate
	@scripts/settle-build
	python3 tests/schema/run.py --seconds $(or $(SECONDS),60) --seed $(or $(SEED),1)

deny: ## licences, sources and known faults of dependencies, by cargo-deny (put there when it is missing: minutes); CHECKS
	@command -v cargo-deny >/dev/null || $(CARGO) install cargo-deny --locked
	$(CARGO) deny check $(or $(CHECKS),advisories licenses bans sources)

derive: ## write again everything that is derived from code (the openapi.json files, docs/reference/)
	UPDATE=1 $(CARGO) test -p wagate-api --test derived
	UPDATE=1 $(CARGO) test -p wagate-conformance --test suite page
	UPDATE=1 $(CARGO) test -p wagate-sandbox --test derived

chaos: ## break everything while messages are sent and come in; SEED, MESSAGES (20000), SQL (postgres)
	@scripts/need cc redis-server postgres
	$(CARGO) build --release --workspace --bin wagate --bin chaos
	@scripts/settle-build
	target/release/chaos --program target/release/wagate $(if $(SEED),--seed $(SEED)) --messages $(or $(MESSAGES),20000) --db $(or $(SQL),postgres)

fuzz: ## look for inputs that bring the sandbox down; FUZZ_SECONDS for each target (60)
	@scripts/fuzz

# what every comparison needs, and how one is run: $(COMPARE) <subject> $(INTO)
# the whole workspace is named each time: cargo then builds everything once
NEED_BENCH = scripts/need cc redis-server node npm taskset && scripts/foreign-clients benches/foreign && \
	$(CARGO) build --release --workspace --bin wagate --bench compare && scripts/settle-build
COMPARE = $(CARGO) bench --workspace --bench compare --
INTO = --gateway $$(pwd)/target/release/wagate --write $$(pwd)/docs/benchmarks.md

bench: ## measure the gateway against what it could be compared with; writes docs/benchmarks.md
	@$(NEED_BENCH)
	$(COMPARE) accept $(INTO)
	$(COMPARE) lanes $(INTO)
	$(COMPARE) sends $(INTO)
	$(COMPARE) sessions $(INTO)
	$(COMPARE) latency $(INTO)
	$(COMPARE) events $(INTO)

bench-accept: ## … requests per second alone
	@$(NEED_BENCH)
	$(COMPARE) accept $(INTO)

bench-lanes: ## … the queue alone
	@$(NEED_BENCH)
	$(COMPARE) lanes $(INTO)

bench-sends: ## … processor time of a message alone
	@$(NEED_BENCH)
	$(COMPARE) sends $(INTO)

bench-sessions: ## … memory of idle sessions alone
	@$(NEED_BENCH)
	$(COMPARE) sessions $(INTO)

bench-latency: ## … time to the wire alone
	@$(NEED_BENCH)
	$(COMPARE) latency $(INTO)

bench-events: ## … events to the record and to webhooks alone
	@$(NEED_BENCH)
	$(COMPARE) events $(INTO)

bench-sandbox: ## measure the sandbox under load, alone and against a gateway; writes docs/benchmarks.md
	@scripts/need cc redis-server taskset
	$(CARGO) build --release --workspace --bin wagate --bench sandbox
	@scripts/settle-build
	$(CARGO) bench --workspace --bench sandbox -- --gateway $$(pwd)/target/release/wagate --write $$(pwd)/docs/benchmarks.md
