# Everything one does with this project. The promises of each target are in README.md; scripts may rely on them.

PORT ?= 8080
DATA ?= ./var
ONLY ?=
MINUTES ?= 3
FOR ?= $(MINUTES)m
SEED ?= 1

.DEFAULT_GOAL := help
.PHONY: help setup setup-tests build run demo test drill bench screens gen lint

help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 20

setup: ## fetch what the build and the program need: PostgreSQL, fonts
	@command -v go >/dev/null || { echo "setup: Go is missing; install Go 1.26 or newer from https://go.dev/dl/" >&2; exit 1; }
	@scripts/setup-postgres
	@scripts/setup-fonts

setup-tests: setup ## fetch what the tests need besides: Chromium, pdftoppm, xmllint, npm packages
	@scripts/setup-browser

build: setup ## compile bin/yichuang and bin/simcity
	@go build -o bin/ ./cmd/...

run: build ## the whole city in the foreground (PORT=8080, DATA=./var); Ctrl-C ends it
	@exec bin/yichuang city --port "$(PORT)" --data "$(DATA)"

demo: build ## a sale from application to certificate, in a city of its own
	@go run ./e2e/demo

test: setup-tests build ## everything a machine can check
	@go test -count=1 -timeout 40m ./...

drill: build ## a storm over a whole city, then what was lost (FOR=3m or MINUTES=3, SEED=1)
	@go run ./drill -for "$(FOR)" -seed "$(SEED)"

bench: build ## measurements as JSON lines (ONLY=regexp)
	@go run ./bench -only '$(ONLY)'

screens: setup-tests build ## screenshots of the main screens into docs/screens
	@node e2e/screens.mjs docs/screens

gen: setup ## write generated code anew: pages, interface types
	@go tool templ generate -log-level error
	@go generate ./...

lint: setup ## format, vet, staticcheck
	@test -z "$$(gofmt -l . | tee /dev/stderr)"
	@go vet ./...
	@go tool staticcheck ./...
