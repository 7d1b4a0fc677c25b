package diagram

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"k8s.io/utils/ptr"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// fault is an error or a warning, and the object that it is about.
type fault struct {
	diagnostic.Diagnostic
	object envoygateway.Object
	// isOfSpec tells that it is about a FailoverSpec.
	isOfSpec bool
}

func faultOf(found diagnostic.Diagnostic) fault {
	id := found.Subject.ID()
	object := envoygateway.Object{Kind: id.Kind, Namespace: cmp.Or(id.Namespace, "default"), Name: id.Name}
	return fault{found, object, id.Kind == v1alpha1.Kind}
}

// place puts each finding at the thing that it is about.
func (v *View) place(failover check.Failover, faults []fault) {
	for _, found := range faults {
		thing, concerned := v.at(failover, found)
		if !concerned {
			continue
		}
		finding := Finding{found.Severity, found.Rule, found.Message}
		if thing == nil {
			v.Others = append(v.Others, finding)
			continue
		}
		thing.Findings = append(thing.Findings, finding)
		if found.Rule == "" && found.Severity == diagnostic.Error && (thing.Wrong == "" || thing.Wrong == wrongIgnored) {
			thing.Wrong = "refused" // by an API server, or by Envoy Gateway
		}
	}
}

// at returns the thing that a finding is about; nil for none of them, and false where it
// is about another failover.
func (v *View) at(failover check.Failover, found fault) (thing *Thing, concerned bool) {
	object := found.object
	if found.isOfSpec {
		if found.Subject != failover.Subject {
			return nil, false
		}
		return v.atField(failover, found)
	}
	if !failover.Has(object, found.Subject) {
		return nil, false
	}
	path := found.Field.String()
	switch object {
	case failover.Route:
		return v.inRoute(failover, path)
	case v.Listener.object:
		return &v.Listener, true
	}
	for i := range v.Policies {
		if v.Policies[i].object == object {
			return &v.Policies[i], true
		}
	}
	for _, backend := range v.backends() {
		if backend.isBehind(object) {
			return backend, true
		}
	}
	return nil, false
}

// inRoute returns what a field of the route is about.
func (v *View) inRoute(failover check.Failover, path string) (*Thing, bool) {
	switch rule := failover.OfRule.Path; {
	case strings.HasPrefix(path, "spec.parentRefs"):
		return &v.Listener, true
	case strings.HasPrefix(path, "spec.rules[") && path != rule && !strings.HasPrefix(path, rule+"."):
		return nil, false
	}
	for _, backend := range v.backends() {
		if ref := backend.backend.Path; path == ref || strings.HasPrefix(path, ref+".") {
			return backend, true
		}
	}
	return &v.Route, true
}

// atField returns what a field of the FailoverSpec is about.
func (v *View) atField(failover check.Failover, found fault) (*Thing, bool) {
	path := found.Field
	if len(path) < 2 || path[0].Name != "spec" {
		return nil, true
	}
	switch path[1].Name {
	case "gateway", "target":
		return &v.Listener, true
	case "policy":
		if len(v.Policies) > 0 {
			return &v.Policies[0], true
		}
	case "active", "passive":
		return v.ofTier(failover, found), true
	case "rules", "grpcRoute", "tlsRoute", "tcpRoute":
		index := slices.IndexFunc(path, func(step document.Step) bool { return step.InBrackets })
		if index > 0 && path[index-1].Name == "rules" && path[index].Name != strconv.Itoa(failover.Rule) {
			return nil, false
		}
	}
	return &v.Route, true
}

// ofTier returns the backend that a field of spec.active or spec.passive is about. The
// backendRefs of each rule are those of the tier that is preferred, and then the others.
func (v *View) ofTier(failover check.Failover, found fault) *Thing {
	index := 0
	if path := found.Field; len(path) > 3 && path[2].Name == "backends" {
		index, _ = strconv.Atoi(path[3].Name)
	}
	preferred := cmp.Or(found.Subject.Field("spec.prefer"), string(v1alpha1.PreferActive))
	if found.Field[1].Name != preferred {
		before := 1
		if list := document.Lookup(found.Subject.Node, "spec."+preferred+".backends"); list != nil {
			before = len(list.Content)
		}
		index += before
	}
	if index < len(failover.OfRule.Backends) {
		for _, backend := range v.backends() {
			if backend.backend.Path == failover.OfRule.Backends[index].Path {
				return backend
			}
		}
	}
	return &v.Route
}

// backends are those of all tiers.
func (v *View) backends() []*Thing {
	var backends []*Thing
	for i := range v.Tiers {
		for j := range v.Tiers[i].Backends {
			backends = append(backends, &v.Tiers[i].Backends[j])
		}
	}
	return backends
}

// isBehind tells that an object is the backend, or makes what is behind it.
func (t *Thing) isBehind(object envoygateway.Object) bool {
	if t.object == object || t.backend.TLS != nil && t.backend.TLS.From.Object == object {
		return true
	}
	return slices.ContainsFunc(t.backend.Hosts, func(host envoygateway.Host) bool {
		return host.Object == object || ptr.Deref(host.Service, envoygateway.Object{}) == object ||
			slices.ContainsFunc(host.PodsFrom, func(from envoygateway.Source) bool { return from.Object == object })
	})
}
