package diagnostic_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
)

// TestResults: a result is read as what it says, whatever texts and values it has.
func TestResults(t *testing.T) {
	documents, err := document.Parse([]byte("apiVersion: a/v1\nkind: No\nmetadata: {name: \"1:20\", namespace: \"true\"}\n"), "on")
	require.NoError(t, err)
	subject := &diagnostic.Subject{Node: documents[0].Node, File: "2026-11-23", Item: 1}
	for name, test := range map[string]struct {
		diagnostic diagnostic.Diagnostic
		want       string
	}{
		"of no document": {
			diagnostic.Diagnostic{Severity: diagnostic.Error, Message: "two\nlines"},
			"- message: |-\n    two\n    lines\n  severity: error\n",
		},
		"words of YAML": {
			diagnostic.Diagnostic{Severity: diagnostic.Warning, Message: "yes", Subject: subject, Rule: "off", Field: document.ParsePath("metadata.name"), Value: "n"},
			"- message: \"yes\"\n  severity: warning\n  resourceRef:\n    apiVersion: a/v1\n    kind: \"No\"\n    name: \"1:20\"\n    namespace: \"true\"\n" +
				"  field:\n    path: metadata.name\n    currentValue: \"n\"\n  file:\n    path: \"2026-11-23\"\n    index: 1\n  tags:\n    rule: \"off\"\n",
		},
		"an empty value": {
			diagnostic.Diagnostic{Severity: diagnostic.Info, Message: "spec: \"a\" # b", Subject: &diagnostic.Subject{Node: documents[0].Node}, Field: document.ParsePath("spec"), Value: ""},
			"- message: 'spec: \"a\" # b'\n  severity: info\n  resourceRef:\n    apiVersion: a/v1\n    kind: \"No\"\n    name: \"1:20\"\n    namespace: \"true\"\n" +
				"  field:\n    path: spec\n    currentValue: \"\"\n",
		},
		"a number": {
			diagnostic.Diagnostic{Severity: diagnostic.Info, Message: "é", Subject: &diagnostic.Subject{Node: documents[0].Node}, Field: document.ParsePath("spec"), Value: int64(0)},
			"- message: é\n  severity: info\n  resourceRef:\n    apiVersion: a/v1\n    kind: \"No\"\n    name: \"1:20\"\n    namespace: \"true\"\n" +
				"  field:\n    path: spec\n    currentValue: 0\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			results, err := diagnostic.Results([]diagnostic.Diagnostic{test.diagnostic})
			require.NoError(t, err)
			text, err := yaml.String(results)
			require.NoError(t, err)
			assert.Equal(t, test.want, text)
		})
	}
}

// TestTextsOfResults compares what is written without asking the YAML library with what
// that would write.
func TestTextsOfResults(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 0))
	texts := []string{"null", "Null", "y", "Y", "n", "yes", "No", "ON", "off", "true", "False", "info", "error", "shop", "e1", "a: b", "a #b", "a:", "inf", "nan"}
	for range 20_000 {
		text := make([]byte, 1+random.IntN(6))
		for i := range text {
			text[i] = "abeEfilnorstuyNOY019 :#-.,'\"[{&*!|>%@`"[random.IntN(38)]
		}
		texts = append(texts, string(text))
	}
	for _, text := range texts {
		want, err := yaml.Marshal([]map[string]string{{"message": text}})
		require.NoError(t, err)
		results, err := diagnostic.Results([]diagnostic.Diagnostic{{Message: text}})
		require.NoError(t, err)
		got, err := yaml.String(results)
		require.NoError(t, err)
		require.Equal(t, string(want), got)
	}
}
