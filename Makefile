.PHONY: generate test golden lint ci

generate: ## The schema and the reference, from the Go comments.
	go generate ./...

test:
	go test ./...

golden: ## Write the golden files; read the diff.
	go test ./pkg/command -update

lint:
	go tool -modfile=hack/tools/golangci-lint/go.mod golangci-lint run

ci:
	bash .ci/run
