// Within Envoy Gateway's path, since what it calls is internal there. It requires
// what the Envoy Gateway requires that it is built for: see e2e/programs.
module github.com/envoyproxy/gateway/translate

go 1.26
