package check_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
)

func TestFQDNWithoutService(t *testing.T) {
	for _, tc := range []struct {
		reason, hostname, services string
		severity                   diagnostic.Severity
		message                    string
	}{
		{reason: "the Service is there", hostname: "shop.web.svc.cluster.local", services: "web/shop"},
		{reason: "in a cluster of another domain", hostname: "shop.web.svc.example.internal", services: "web/shop"},
		{reason: "without a domain", hostname: "shop.web.svc", services: "web/shop"},
		{reason: "outside of the cluster", hostname: "shop.dr.example.net"},
		{
			reason: "the Service may be in the cluster", hostname: "shop.web.svc.cluster.local", services: "web/blog", severity: diagnostic.Info,
			message: "shop.web.svc.cluster.local is Service web/shop, which is not in these files: it must be in the cluster",
		},
		{
			reason: "moved by namespace:", hostname: "shop.web.svc.cluster.local", services: "prod/shop", severity: diagnostic.Warning,
			message: "shop.web.svc.cluster.local is Service web/shop, which is not in these files, but Service prod/shop is: if it was renamed after rendering, render again with its new name and namespace",
		},
		{
			reason: "renamed by namePrefix:", hostname: "shop.web.svc.cluster.local", services: "web/dev-shop", severity: diagnostic.Warning,
			message: "shop.web.svc.cluster.local is Service web/shop, which is not in these files, but Service web/dev-shop is: if it was renamed after rendering, render again with its new name and namespace",
		},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			text := "apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: Backend\nmetadata: {name: b}\nspec: {endpoints: [{fqdn: {hostname: " + tc.hostname + ", port: 1}}]}\n"
			if tc.services != "" {
				namespace, name, _ := strings.Cut(tc.services, "/")
				text += "---\napiVersion: v1\nkind: Service\nmetadata: {namespace: " + namespace + ", name: " + name + "}\n"
			}
			documents, err := document.Parse([]byte(text), "f.yaml")
			require.NoError(t, err)
			var manifests []check.Manifest
			for _, subject := range diagnostic.Subjects(documents) {
				value, errs := document.Value(subject.Node)
				require.Empty(t, errs)
				manifests = append(manifests, check.Manifest{Subject: subject, Value: value.(map[string]any)})
			}
			findings := check.Run(manifests, check.Options{}).Diagnostics
			if tc.message == "" {
				assert.Empty(t, findings)
				return
			}
			path := document.ParsePath("spec.endpoints[0].fqdn.hostname")
			assert.Equal(t, []diagnostic.Diagnostic{{
				Rule: check.RuleFQDNWithoutService, Severity: tc.severity, Subject: manifests[0].Subject, Field: path, Position: manifests[0].Subject.Position(path), Message: tc.message,
			}}, findings)
		})
	}
}
