.PHONY: generate test golden lint e2e drills predictions profiles playground serve site snapshot release ci

generate: ## The schema and the reference, from the Go comments; the pages of the commands.
	go generate ./...

test:
	go test ./...

golden: ## Write the golden files; read the diff.
	go test ./pkg/command -update

lint:
	go tool -modfile=hack/tools/golangci-lint/go.mod golangci-lint run

e2e: ## On a real cluster, as root on Linux; see e2e/README.md.
	go -C e2e test -p 1 ./... -count=1 -timeout 40m

drills: ## The long form: every drill three times; 40 minutes. Writes docs/drills.md, and the recordings that its pictures are made of.
	go -C e2e test . -run 'TestDrills|TestRecordings|TestShapes' -count=1 -timeout 90m -args -long

predictions: ## 200 drills, most with random policies, compared with what is predicted; 25 minutes. Writes docs/predictions.md.
	go -C e2e test . -run TestPredictions -count=1 -timeout 60m -args -long

profiles: ## What other settings of the profiles would cost, by simulation. Writes into docs/profiles.md.
	go run ./hack/profiles

playground: ## The page in web/dist. It needs node and npm.
	web/build.sh

serve: playground ## The playground at http://127.0.0.1:8080/.
	node web/serve.mjs

site: playground ## The documentation in site/dist, with the playground. It needs node and npm.
	site/build.sh

snapshot: ## What a tag makes, in dist/; published and signed by nobody.
	go tool -modfile=hack/tools/goreleaser/go.mod goreleaser check
	go tool -modfile=hack/tools/goreleaser/go.mod goreleaser release --snapshot --clean --skip=sign

release: ## For the workflow of a tag.
	go tool -modfile=hack/tools/goreleaser/go.mod goreleaser release --clean

ci:
	bash .ci/run
