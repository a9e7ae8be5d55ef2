# Napalm Sky. `make run` and `make test` are all a newcomer needs; `make help` lists the rest.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

BIN     := bin
DATA    ?= data
LISTEN  ?= 127.0.0.1:8080
DEMO    ?= 0
LAN     ?=
ARGS    ?=
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unversioned)

PLUGIN_NAMES := match-mutual cooldown-standard trim-essential trim-signalling all-in-one
PLUGIN_DIR    = ./plugins/$(subst -,,$(1))/wasm
WASM         := GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -buildvcs=false -trimpath -ldflags="-s -w"

.PHONY: help run build plugins page test test-go test-js lint generate check-generated evening capacity overload soak record-evening guests prove bench clean need FORCE

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1|\2/' | column -t -s '|'
	@echo; echo "  run takes DEMO=50 (simulated people), LAN=1 (TLS for phones nearby), LISTEN=, DATA=, ARGS=\"--flag …\""

run: build ## start on http://127.0.0.1:8080 with SQLite in ./data
	@exec $(BIN)/napalmsky serve --data $(DATA) --plugins $(BIN)/plugins --demo $(DEMO) \
		--listen $(LISTEN) $(if $(LAN),--lan) $(ARGS)

build: plugins page ## bin/napalmsky and bin/plugins/*.wasm
	@echo "building bin/napalmsky"
	@CGO_ENABLED=0 go build -trimpath -ldflags="-X main.version=$(VERSION)" -o $(BIN)/napalmsky ./cmd/napalmsky

plugins: $(PLUGIN_NAMES:%=$(BIN)/plugins/%.wasm) ## the reference plugins, standard Go to wasm

# Go's own build cache knows best whether anything changed.
$(BIN)/plugins/%.wasm: FORCE
	@mkdir -p $(@D)
	@echo "building $@"
	@$(WASM) -o $@ $(call PLUGIN_DIR,$*)

BUNDLE := go tool esbuild --bundle --minify --target=es2022 --log-level=warning

page: ## bundle people's page and the operators' console with esbuild, and compress them
	@echo "building the pages"
	@$(BUNDLE) host/web/src/main.ts --outfile=host/web/dist/app.js
	@$(BUNDLE) host/web/src/app.css --outfile=host/web/dist/app.css
	@$(BUNDLE) host/admin/page/main.ts --outfile=host/admin/dist/app.js
	@$(BUNDLE) host/admin/page/app.css --outfile=host/admin/dist/app.css
	@go run ./host/compress/precompress host/web/dist host/admin/dist

test: need lint check-generated build test-js test-go ## everything that fits 15 minutes; installs what is missing when it can

test-go: page ## Go tests with the race detector, the real browser among them
	go test -race -timeout 30m ./...

test-js: ## the TypeScript client's unit tests, and its types
	@sh sdk/js/test.sh

lint: ## gofmt, vet, staticcheck
	@bad=$$(gofmt -l cmd host plugins sdk testdata); [ -z "$$bad" ] || { echo "not gofmt'd: $$bad"; exit 1; }
	go vet ./...
	go tool staticcheck ./...

generate: ## regenerate the wire codecs (Go, TypeScript), the store's queries, the references of settings and metrics
	go run ./host/wire/wiregen
	go test ./host/wire -run 'TestGoldenFrames|TestVectorsAreCurrent' -update
	go tool sqlc generate -f host/store/sqlc.yaml
	go test ./host/config -run TestReference -update
	go test ./host/app -run TestMetricsAreDocumented -update

check-generated: generate ## fail if generated files are not the committed ones
	@git diff --exit-code --stat -- host/wire sdk/js/src host/store schemas/config schemas/wire testdata/golden/wire host/admin/metrics || \
		{ echo "generated files differ: run 'make generate' and commit"; exit 1; }

need: ## find or install what the tests use (Chromium, Node, npm, PostgreSQL)
	@bash .ci/need chromium node npm postgres

evening: build ## 200 people for one evening against a server of its own; prints the README's table
	@bash .ci/evening 200

prove: build ## long runs: full evenings, a soak, kills, fuzzing (about an hour and a half)
	@bash .ci/evening 100 150 200 500 1000
	@bash .ci/overload 2000
	@bash .ci/soak
	NAPALMSKY_PROVE=1 go test -count=1 -timeout 60m -run 'HostileGuests|Swaps|ReconnectStorm' -v ./host/app
	NAPALMSKY_KILLS=200 go test -count=1 -timeout 60m -run 'Kill' ./host/...
	@for f in $$(grep -rlE '^func Fuzz' --include='*_test.go' host sdk); do \
		for name in $$(grep -oE '^func Fuzz[A-Za-z0-9_]+' $$f | cut -c6-); do \
			echo "fuzz $$name"; go test -run xxx -fuzz "^$$name$$" -fuzztime 60s ./$$(dirname $$f); done; done

capacity: build ## 100 to 10,000 people; writes testdata/capacity (about 35 minutes; SHORT=1 rehearses)
	@bash .ci/capacity $(PEOPLE)

overload: build ## cut lines, a reconnect storm, a surge of invites: the server must come back by itself
	@bash .ci/overload $(PEOPLE)

soak: build ## half an hour of churning people in compressed time: memory must stay flat (SOAK=3m shortens it)
	@bash .ci/soak

record-evening: build ## record testdata/evenings/200.journal anew (after the lobby was meant to change)
	@bash testdata/evenings/record.sh

guests: ## rebuild the C, AssemblyScript and Rust guests (clang, lld, npx, Debian's rustc with its wasm32 library)
	cd testdata/guests/c && clang --target=wasm32 -nostdlib -ffreestanding -O3 -mbulk-memory -Wl,--no-entry -Wl,--strip-all -o match-mutual.wasm match-mutual.c
	cd testdata/guests/assemblyscript && npx --yes --package=assemblyscript@0.28.20 -- asc match-mutual.ts -O3 --noAssert --runtime stub --use abort= -o match-mutual.wasm
	cd testdata/guests/rust && /usr/bin/rustc --target wasm32-unknown-unknown --crate-type cdylib -C opt-level=3 -C panic=abort -C strip=symbols -C linker=wasm-ld -o match-mutual.wasm match-mutual.rs

bench: build ## benchmarks of the parts that are ours
	go test -run xxx -bench . -benchmem ./host/lobby ./host/engine ./host/reel ./host/wire ./host/policy/... ./host/store/sqlite ./host/store/postgres
	@$(BIN)/napalmsky cachesim --people 150 testdata/evenings/200.journal

clean: ## remove what make built (never ./data)
	rm -rf $(BIN) host/web/dist/app.* host/admin/dist/app.*
