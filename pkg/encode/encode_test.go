package encode

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/randfill"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/failover-krm/failover/pkg/typed"
)

// deploymentWith has a text where every text is allowed.
func deploymentWith(text string) *appsv1.Deployment {
	return &appsv1.Deployment{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
		ObjectMeta: metav1.ObjectMeta{Name: "d", Annotations: map[string]string{"text": text}},
		Spec: appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
			Containers: []corev1.Container{{Name: "c", Args: []string{text}}},
			Volumes:    []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}},
		}}},
	}
}

func TestNodeHasOnlyWhatIsSet(t *testing.T) {
	encoded := textOf(t, deploymentWith("x"))
	assert.Equal(t, `apiVersion: apps/v1
kind: Deployment
metadata:
  name: d
  annotations:
    text: x
spec:
  template:
    metadata: {}
    spec:
      volumes:
      - name: v
        emptyDir: {}
      containers:
      - name: c
        args:
        - x
`, string(encoded), "no status, no null, no empty strategy or resources, but emptyDir")
}

// TestNodeAgreesWithJSON fills objects of every kind that is rendered with random
// values, and compares with encoding/json, nulls and status left out.
func TestNodeAgreesWithJSON(t *testing.T) {
	for _, kind := range []runtime.Object{
		&corev1.Service{}, &appsv1.Deployment{}, &egv1a1.Backend{}, &gwapiv1.Gateway{},
		&egv1a1.BackendTrafficPolicy{}, &egv1a1.HTTPRouteFilter{}, &gwapiv1.HTTPRoute{},
	} {
		t.Run(reflect.TypeOf(kind).Elem().Name(), func(t *testing.T) {
			for seed := range int64(20) {
				object := kind.DeepCopyObject()
				filler := randfill.NewWithSeed(seed).NilChance(0.3).NumElements(0, 2).MaxDepth(12).Funcs(
					func(q *resource.Quantity, c randfill.Continue) {
						*q = *resource.NewMilliQuantity(c.Int63n(1e6), resource.DecimalSI)
					},
					func(m *metav1.ManagedFieldsEntry, _ randfill.Continue) { *m = metav1.ManagedFieldsEntry{} },
					func(j *apiextensionsv1.JSON, _ randfill.Continue) { j.Raw = []byte(`{"a": ["b", 1, null, true]}`) },
					func(s *string, c randfill.Continue) { *s = strings.ToValidUTF8(c.String(12), "?") },
				)
				filler.Fill(object)
				kindName := reflect.TypeOf(kind).Elem().Name()
				object.GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{Version: "v1", Kind: kindName})

				data, err := json.Marshal(object)
				require.NoError(t, err)
				var want any
				decoder := json.NewDecoder(bytes.NewReader(data))
				require.NoError(t, decoder.Decode(&want))
				want = withoutNulls(want)
				delete(want.(map[string]any), "status")

				value, err := Value(object)
				require.NoError(t, err)
				requireFilled(t, kind, value)

				encoded := textOf(t, object)
				var got any
				require.NoError(t, sigsyaml.Unmarshal(encoded, &got))
				removeEmpty(want, "")
				require.Equal(t, want, withoutNulls(got))
			}
		})
	}
}

// removeEmpty removes the empty maps that Go types write though nobody set them, from what
// a field has.
func removeEmpty(value any, of string) {
	unset := map[string]string{"spec": "strategy", "containers": "resources", "initContainers": "resources"}[of]
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			removeEmpty(item, of)
		}
	case map[string]any:
		if fields, isMap := value[unset].(map[string]any); isMap && len(fields) == 0 {
			delete(value, unset)
		}
		for name, child := range value {
			removeEmpty(child, name)
		}
	}
}

// requireFilled reads a value back into its type, and compares with encoding/json.
func requireFilled(t *testing.T, kind runtime.Object, value map[string]any) {
	t.Helper()
	got, want := kind.DeepCopyObject(), kind.DeepCopyObject()
	require.NoError(t, typed.Fill(got, value))
	data, err := json.Marshal(value)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, want))
	require.Equal(t, want, got)
}

// textOf takes an object all the way to YAML, in both ways.
func textOf(t *testing.T, object runtime.Object) []byte {
	t.Helper()
	value, err := Value(object)
	require.NoError(t, err)
	written, err := YAML(object)
	require.NoError(t, err)
	node, err := Node(value, object)
	require.NoError(t, err)
	text, err := Text(node)
	require.NoError(t, err)
	require.Equal(t, string(text), string(written), "as the YAML library writes it")
	return written
}

func withoutNulls(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for key, child := range value {
			if child == nil {
				delete(value, key)
				continue
			}
			value[key] = withoutNulls(child)
		}
	case []any:
		for i, child := range value {
			value[i] = withoutNulls(child)
		}
	}
	return value
}

// FuzzNodeReadsBack: kubectl reads YAML 1.1, and must read every text as the text
// that it is.
func FuzzNodeReadsBack(f *testing.F) {
	for _, text := range []string{
		"", "plain", "yes", "NO", "on", "y", "n", "true", "null", "~", "0777", "0o7", "0x1F", "0b1", "1e3", ".5", ".inf", "-.INF", ".NaN",
		"12:30:45", "1_000", "2026-11-23", "2026-11-23T10:00:00Z", "<<", "=", "- a", "a: b", "# c", "a # b", "'q'", "\"q\"", " lead", "trail ",
		"two\nlines", "two\nlines\n", "\ttab", "&a", "*a", "!t", "%d", "@x", "`x`", "{a}", "[a]", "|", ">", "?", ":", "-", "---", "...", "é", "\u2028", "<a> & b", "\x7f",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "?") // what JSON makes of it
		encoded := textOf(t, deploymentWith(text))
		var got appsv1.Deployment
		require.NoError(t, sigsyaml.UnmarshalStrict(encoded, &got), string(encoded))
		assert.Equal(t, text, got.Annotations["text"], string(encoded))
		assert.Equal(t, []string{text}, got.Spec.Template.Spec.Containers[0].Args, string(encoded))
	})
}
