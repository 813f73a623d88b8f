# Everything one does with this repository.

CARGO := docker/stack cargo
# An exception that matches nothing any more is an error, too.
DENY := $(CARGO) deny --workspace --locked check -D license-not-encountered -D unmatched-skip -D unnecessary-skip -D advisory-not-detected

.DEFAULT_GOAL := help
# The commands that `make help` lists make no file of their name.
.PHONY: $(shell sed -n 's/^\([a-z0-9-]*\):.*\#\# .*/\1/p' $(firstword $(MAKEFILE_LIST)))

# How many requests `make schemathesis` makes.
CASES := 100000

# PG is the version of PostgreSQL, in all commands: make test PG=17. Without it, it is the default feature of Cargo.toml.
FEATURES := $(if $(PG),--no-default-features --features "pg$(PG) pg_test",--features pg_test)

help: ## list the commands
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

demo: ## start a vault in .vault/, walk through the documented calls, and leave it running
	docker/stack up
	docker/demo

down: ## stop it; its data stay in .vault/
	docker/stack down

test: ## everything that has to pass, from a clean checkout; says how long each part took
	@times=; for part in lint check-versions test-core test-backend test-outside; do \
		start=$$(date +%s); \
		$(MAKE) --no-print-directory $$part || exit; \
		times="$$times$$(printf '%-12s %5d s' $$part $$(($$(date +%s) - start)))\n"; \
	done; printf "$$times"

fmt: ## format the code
	$(CARGO) fmt --all

lint: ## check format, code, dependencies, spelling and shell scripts
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets $(FEATURES) -- -D warnings
	$(DENY) bans licenses sources
	docker/stack typos
	docker/stack actionlint .github/workflows/*.yml
	docker/stack shellcheck -a $$(git ls-files -s | sed -n 's/^100755 .*\t//p')

openapi: ## write docs/openapi.json anew, from the contract's types
	$(CARGO) run -q -p vault-core --features openapi --example openapi >docs/openapi.json.new
	mv docs/openapi.json.new docs/openapi.json

openapi-examples: ## write its examples anew, from the answers of a vault
	docker/stack run -- env VAULT_WRITE_EXAMPLES=yes $(CARGO) test -p vault-tests --test outside openapi::examples
	$(MAKE) --no-print-directory openapi

schemathesis: ## try the HTTP API with CASES requests made from docs/openapi.json
	docker/stack run -- pgrx-tests/openapi/run many $(CASES)

advisories: ## check the dependencies for known weaknesses; fetches their list from github.com
	$(DENY) advisories

check-versions: ## lint the extension for the other versions of PostgreSQL, without their headers
	docker/stack check-versions

test-core: ## the core, and the calls to others, without PostgreSQL
	$(CARGO) test -p vault-core
	$(CARGO) test -p vault-tests --test connectors --test openapi

test-backend: ## the extension, inside PostgreSQL
	docker/stack test-backend

# The residue test searches what all the others left behind, so it is last.
test-outside: ## the whole vault, over SQL and HTTP
	$(CARGO) test -p vault-tests --no-run
	docker/stack run -- sh -c '$(CARGO) test -p vault-tests --lib && $(CARGO) test -p vault-tests --test outside && $(CARGO) test -p vault-tests --test residue'

test-pg17: ## the last two on PostgreSQL 17, in a Debian 13 that is made for it
	docker/in-debian 17 -- make test-backend test-outside

test-pg18: ## the same on PostgreSQL 18, in a Debian sid
	docker/in-debian 18 -- make test-backend test-outside

package: ## a Debian package for each version of PostgreSQL, or for PG, into target/packages
	packaging/build $(or $(PG),15 16 17 18)

package-test: ## install those in clean Debians, follow README.md by SQL, and remove them
	packaging/test $(or $(PG),15 17 18)

docker-test: ## build the containers, run them, try to break them, and remove them; needs Docker
	docker/test

test-failover: ## run two servers under Patroni, and kill each while it takes writes
	docker/test-failover

test-nodes: ## run one vault on three nodes with Citus, and kill some of them while they take writes
	docker/test-nodes

pgdg: ## let apt know the packages of apt.postgresql.org
	docker/stack pgdg

upgrade-script: ## write anew what of the upgrade scripts follows from the catalogues
	VAULT_WRITE_UPGRADE_SCRIPT=1 docker/stack run -- $(CARGO) test -p vault-tests --test outside upgrade::the_generated_part

fuzz: ## try the core's parsers with bytes that a fuzzer makes, a minute each; needs cargo-fuzz
	core/fuzz/run

bench: ## compare the vault's speed with plain text's
	benches/run
