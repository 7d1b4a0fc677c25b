package crd_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/failover-krm/failover/pkg/apiserver/crd"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/target"
)

// TestFeaturesAreTheCRDs holds the short list of package target against the CRDs
// of every version.
func TestFeaturesAreTheCRDs(t *testing.T) {
	for _, feature := range []target.Feature{target.BackendTLS, target.SNI, target.NumAttemptsPerPriority, target.ResetBeforeRequest} {
		for _, on := range target.All() {
			node := crd.Schema(on.EnvoyGateway(), "gateway.envoyproxy.io/v1alpha1", feature.Kind).At(document.ParsePath(feature.Field))
			has := node != nil
			if has && feature.Value != "" {
				has = assert.NotNil(t, node.Item()) && slices.Contains(node.Item().Enum, feature.Value)
			}
			assert.Equal(t, has, on.Has(feature), "%s %s%s in %s", feature.Kind, feature.Field, feature.Value, on)
		}
	}
}
