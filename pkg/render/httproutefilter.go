package render

import (
	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
)

// httpRouteFilter makes the filter that rewrites the Host header, for the whole
// rule: on only one backend it would split Envoy's cluster.
func httpRouteFilter(fs *v1alpha1.FailoverSpec) *egv1a1.HTTPRouteFilter {
	return &egv1a1.HTTPRouteFilter{Spec: egv1a1.HTTPRouteFilterSpec{
		URLRewrite: &egv1a1.HTTPURLRewriteFilter{
			Hostname: &egv1a1.HTTPHostnameModifier{Type: fs.Spec.HostRewrite},
		},
	}}
}

// routeFilterRef is what a rule refers to the filter by.
func routeFilterRef(fs *v1alpha1.FailoverSpec) *gwapiv1.LocalObjectReference {
	return &gwapiv1.LocalObjectReference{Group: egv1a1.GroupName, Kind: egv1a1.KindHTTPRouteFilter, Name: gwapiv1.ObjectName(fs.Name)}
}

var routeFilterOrigins = []origin{{"metadata.name", "metadata.name"}, {"spec.urlRewrite.hostname", "spec.hostRewrite"}}
