package krm

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	sigsyaml "sigs.k8s.io/yaml"
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
	node, err := toNode(deploymentWith("x"))
	require.NoError(t, err)
	encoded, err := encodeNode(node)
	require.NoError(t, err)
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
		node, err := toNode(deploymentWith(text))
		require.NoError(t, err)
		encoded, err := encodeNode(node)
		require.NoError(t, err)
		var got appsv1.Deployment
		require.NoError(t, sigsyaml.UnmarshalStrict(encoded, &got), string(encoded))
		assert.Equal(t, text, got.Annotations["text"], string(encoded))
		assert.Equal(t, []string{text}, got.Spec.Template.Spec.Containers[0].Args, string(encoded))
	})
}
