#!/usr/bin/env bash
# Builds the playground into web/dist. It needs Go, node and npm.
set -euo pipefail
cd "$(dirname "$0")/.."
build=web/build
mkdir -p "$build"

# A fifth of the program would be what nothing here uses: the Protocol Buffers code and the
# documentation of Kubernetes' types, and the reading of OpenAPI in Protocol Buffers. So these
# modules are compiled without the files of this list.
cp go.mod "$build/go.mod"
cp go.sum "$build/go.sum"
for module in k8s.io/api k8s.io/apiextensions-apiserver k8s.io/kube-openapi; do
	go mod download "$module"
	from=$(go list -m -f '{{.Dir}}' "$module")
	rm -rf "${build:?}/$module"
	mkdir -p "$build/$module"
	cp -r "$from/." "$build/$module"
	chmod -R u+w "$build/$module"
	find "$build/$module" \( -name generated.pb.go -o -name types_swagger_doc_generated.go \
		-o -path '*/util/proto/document*.go' -o -path '*/spec/gnostic.go' -o -name '*_test.go' \) -delete
	go mod edit -replace "$module=./$build/$module" "$build/go.mod"
done

# Without inlining, browsers compile it in half of the time, and it is a sixth smaller. The
# simulation is a small part of it, and is what runs the most.
GOOS=js GOARCH=wasm go build -trimpath -modfile="$build/go.mod" -gcflags=all=-l -gcflags=github.com/failover-krm/failover/pkg/envoy= \
	-ldflags='-s -w' -o "$build/failover.wasm" ./web/wasm

cd web
[ -e node_modules/.package-lock.json ] && [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --silent --no-fund --no-audit
node build.mjs
