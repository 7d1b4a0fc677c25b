package check

import (
	"cmp"
	"maps"
	"path/filepath"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/envoygateway"
	"github.com/failover-krm/failover/pkg/target"
)

// set is manifests that one Envoy Gateway sees together, with what it makes of them.
type set struct {
	Options
	version string
	// decoded has the objects by name, and checked the routes that are looked at here:
	// the others are there because these may refer to the same objects.
	decoded map[envoygateway.Object]*decoded
	checked map[envoygateway.Object]bool
	result  envoygateway.Result
	index   index
	names   names
	// first has the rule that is taken for each request; firstRules fills it in.
	first map[request]envoygateway.Source
	// images tells which texts name an image; isImage fills it in.
	images map[string]bool
}

// decoded is a manifest that Envoy Gateway reads.
type decoded struct {
	*Manifest
	id envoygateway.Object
	// object is nil where the manifest does not fit its type.
	object metav1.Object
}

// setsOf puts manifests into sets. Most repositories are one. Objects of one name
// in several directories, such as the overlays of an application, are not meant to
// be applied together: each directory that has one is a set, with all that it does
// not have from the others. So is each version of Envoy Gateway, since it may make
// something different of the same objects.
func setsOf(manifests []Manifest, options Options) []*set {
	options.serviceRouting = slices.ContainsFunc(manifests, func(m Manifest) bool {
		return m.kind() == "EnvoyProxy" && m.text("spec", "routingType") == "Service"
	})
	options.workloads = workloadsOf(manifests)
	var all []*decoded
	first := map[envoygateway.Object]*decoded{}
	ambiguous := map[string]bool{}
	for i := range manifests {
		object, id, err := manifests[i].decode()
		if id.Kind == "" {
			continue
		}
		if err != nil {
			object = nil
		}
		d := &decoded{&manifests[i], id, object}
		all = append(all, d)
		switch other := first[id]; {
		case other == nil:
			first[id] = d
		case other.directory() != d.directory():
			ambiguous[other.directory()], ambiguous[d.directory()] = true, true
		}
	}
	own := map[string][]*decoded{}
	for _, d := range all {
		if ambiguous[d.directory()] {
			own[d.directory()] = append(own[d.directory()], d)
		}
	}

	type key struct{ directory, version string }
	sets := map[key]*set{}
	var ordered []*set
	for _, d := range all {
		of := key{version: d.EnvoyGateway}
		if ambiguous[d.directory()] {
			of.directory = d.directory()
		}
		if !isRoute(d.id.Kind) {
			continue
		}
		if sets[of] == nil {
			sets[of] = newSet(first, own[of.directory], options, of.version)
			ordered = append(ordered, sets[of])
		}
		if sets[of].decoded[d.id] == d {
			sets[of].checked[d.id] = true
		}
	}
	if len(ordered) == 0 && len(all) > 0 {
		// There may be policies, which have no effect then.
		ordered = append(ordered, newSet(first, nil, options, all[0].EnvoyGateway))
	}
	return ordered
}

// decode returns the object, typed, and its name.
func (m Manifest) decode() (metav1.Object, envoygateway.Object, error) {
	if m.Typed != nil {
		return m.Typed, m.Object(), nil
	}
	return envoygateway.Decode(m.Value)
}

// directory is where the manifest is.
func (m Manifest) directory() string { return filepath.Dir(m.Subject.File) }

func isRoute(kind string) bool {
	return slices.Contains([]string{"HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute"}, kind)
}

// newSet takes of each name the object of a directory, otherwise the first.
func newSet(first map[envoygateway.Object]*decoded, own []*decoded, options Options, version string) *set {
	s := &set{Options: options, version: cmp.Or(version, newest()), decoded: maps.Clone(first), checked: map[envoygateway.Object]bool{}, images: map[string]bool{}}
	taken := map[envoygateway.Object]bool{}
	for _, d := range own {
		if !taken[d.id] {
			s.decoded[d.id], taken[d.id] = d, true
		}
	}
	var objects envoygateway.Manifests
	for _, id := range slices.SortedFunc(maps.Keys(s.decoded), envoygateway.Object.Compare) {
		if object := s.decoded[id].object; object != nil {
			objects.Add(object)
		}
	}
	s.result = envoygateway.Translate(objects, envoygateway.Options{EnvoyGateway: s.version, ServiceRouting: options.serviceRouting})
	s.index = s.newIndex()
	s.names = s.newNames()
	return s
}

// newest is the newest Envoy Gateway that is known.
func newest() string {
	versions := target.EnvoyGateways()
	return versions[len(versions)-1]
}

// finding is what a rule has to say, before it is known whether that counts.
type finding struct {
	// source is the field that causes it.
	source envoygateway.Source
	// inSpec is the field of the FailoverSpec instead, where source is an object of one.
	inSpec string
	// severity is that of the rule where it is empty.
	severity diagnostic.Severity
	// reason is what happens, with the values at hand, and advice what to do.
	reason, advice string
	// unknown tells that it depends on what is not among the manifests: it is
	// information then, unless these are complete.
	unknown bool
	// likely tells that it holds all the same, most likely: it is a warning then.
	likely bool
	// isUnread tells that it depends on an object of a kind that is not read: it is
	// information, even if the manifests are complete.
	isUnread bool
}

func (f finding) severityUnder(rule Rule, options Options) diagnostic.Severity {
	switch {
	case f.isUnread:
		return diagnostic.Info
	case f.unknown && !options.Complete && f.likely:
		return diagnostic.Warning
	case f.unknown && !options.Complete:
		return diagnostic.Info
	}
	return cmp.Or(f.severity, rule.Severity)
}

func (f finding) message() string {
	if f.advice == "" {
		return f.reason
	}
	return f.reason + ": " + f.advice
}

// report adds a finding, at the field that causes it. What an API server refuses
// gets no other findings.
func (s *set) report(report *Report, rule Rule, f finding, otherwise envoygateway.Object) {
	at := s.decoded[f.source.Object]
	if at == nil {
		at, f.source.Path = s.decoded[otherwise], "spec"
	}
	if at == nil || at.Refused {
		return
	}
	if f.inSpec != "" && at.Spec != nil {
		// A path of the document that the object is rendered from, as it stands there.
		at = &decoded{Manifest: &Manifest{Subject: at.Spec.Subject}}
		f.source.Path = f.inSpec
	}
	report.Diagnostics = append(report.Diagnostics, at.finding(rule.ID, f.severityUnder(rule, s.Options), document.ParsePath(f.source.Path), f.message()))
}

// check applies the rules to a set.
func (s *set) check(report *Report) {
	for _, rule := range Rules() {
		if rule.ofSet != nil {
			for _, f := range rule.ofSet(s) {
				s.report(report, rule, f, f.source.Object)
			}
		}
	}
	for i := range s.result.Routes {
		route := &s.result.Routes[i]
		if !s.checked[route.Object] {
			continue
		}
		for j := range route.Rules {
			if f := s.failoverOf(route, &route.Rules[j]); f != nil {
				report.Failovers = append(report.Failovers, f.check(report, j))
			}
		}
	}
}
