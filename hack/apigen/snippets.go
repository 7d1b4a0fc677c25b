package main

import (
	"strings"
)

// snippet is a text to begin with. Editors go from one ${N:word} to the next.
type snippet struct {
	label, description string
	// yaml is the text of a whole file.
	yaml string
	// body is what a field gets, as JSON.
	body object
}

// wholeSpecs are what an empty file can become.
var wholeSpecs = []snippet{
	{
		label:       "FailoverSpec",
		description: "A failover between two Services that exist, with a Gateway of its own",
		yaml: `apiVersion: failover.krm.dev/v1alpha1
kind: FailoverSpec
metadata:
  name: ${1:shop}
  namespace: ${2:default}
spec:
  hostnames: [${3:shop.example.com}]
  active:
    service: {name: ${4:shop}, port: ${5:8080}}
  passive:
    service: {name: ${6:shop-standby}, port: ${7:8080}}
$0`,
	},
	{
		label:       "FailoverSpec with a standby elsewhere",
		description: "A failover from a Service to a host outside of the cluster, at a Gateway that exists",
		yaml: `apiVersion: failover.krm.dev/v1alpha1
kind: FailoverSpec
metadata:
  name: ${1:shop}
  namespace: ${2:default}
spec:
  hostnames: [${3:shop.example.com}]
  gateway: {name: ${4:public}, namespace: ${5:infra}}
  active:
    service: {name: ${6:shop}, port: ${7:8080}}
  passive:
    endpoints:
    - fqdn: {hostname: ${8:shop.dr.example.net}, port: ${9:443}}
    tls: {wellKnownCACertificates: System}
  hostRewrite: Backend
  policy:
    healthCheck: {active: {http: {path: ${10:/healthz}}}}
$0`,
	},
}

// tierSnippets are what a tier can be. A string that begins with ^ is no string in YAML.
var tierSnippets = []snippet{
	{
		label: "service", description: "A Service that exists",
		body: object{"service": object{"name": "${1:shop}", "port": "^${2:8080}"}},
	},
	{
		label: "serviceImport", description: "A Service of other clusters",
		body: object{"serviceImport": object{"name": "${1:shop}", "port": "^${2:8080}"}},
	},
	{
		label: "endpoints", description: "A host outside of the cluster",
		body: object{
			"endpoints": []any{object{"fqdn": object{"hostname": "${1:shop.dr.example.net}", "port": "^${2:443}"}}},
			"tls":       object{"wellKnownCACertificates": "System"},
		},
	},
	{
		label: "workload", description: "An application to run",
		body: object{"workload": object{"image": "${1:registry.example.com/shop:1.0}", "port": "^${2:8080}"}},
	},
}

// inSchema returns the snippet as the JSON and the YAML language server read it.
func (s snippet) inSchema() object {
	result := object{"label": s.label, "description": s.description}
	if s.body != nil {
		result["body"] = s.body
	} else {
		result["bodyText"] = s.yaml
	}
	return result
}

func inSchema(snippets []snippet) []any {
	var list []any
	for _, snippet := range snippets {
		list = append(list, snippet.inSchema())
	}
	return list
}

// snippetsFile is for editors that read Visual Studio Code's snippets.
func snippetsFile() ([]byte, error) {
	file := object{}
	for _, snippet := range wholeSpecs {
		file[snippet.label] = object{
			"scope":       "yaml",
			"prefix":      strings.ToLower(strings.ReplaceAll(snippet.label, " ", "-")),
			"description": snippet.description,
			"body":        strings.Split(snippet.yaml, "\n"),
		}
	}
	return encode(file)
}
