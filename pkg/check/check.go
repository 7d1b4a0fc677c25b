// Package check tells whether failovers fail over: a verdict on each that is found
// among manifests, and rules that say what is wrong with it, whoever wrote it. They
// are about what an API server accepts.
package check

import (
	"cmp"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/envoygateway"
	"github.com/failover-krm/failover/pkg/simulate"
	"github.com/failover-krm/failover/pkg/target"
)

// Manifest is an object that is to be in a cluster.
type Manifest struct {
	// Subject is the document that the object is in, or that it is rendered from.
	Subject *diagnostic.Subject
	// Value is the object, with the defaults that the API server fills in. It is nil where
	// Typed has them.
	Value map[string]any
	// Typed is the object as a Go type, where it was made as one.
	Typed interface {
		metav1.Object
		runtime.Object
	}
	// Origin returns the path in the subject's document that a path in the object
	// comes from; nil where the object is the document.
	Origin func(document.Path) document.Path
	// EnvoyGateway is the version that is to make something of the object, such as
	// 1.8.2; empty stands for the newest.
	EnvoyGateway string
	// Refused tells that the API server or Envoy Gateway refuses the object, which is
	// reported already.
	Refused bool
	// Spec is the FailoverSpec that the object is rendered from; nil where it is given.
	Spec *Spec
}

// Spec is what rules know of a FailoverSpec, in addition to its rendered objects.
type Spec struct {
	// Subject is its document.
	Subject *diagnostic.Subject
	// Profile is the name of its profile, such as zero-loss: what that promises is
	// checked too.
	Profile string
	// Target is what it is rendered for, and TargetAssumed tells that the document does
	// not say so.
	Target        target.Target
	TargetAssumed bool
}

// Options say how to read the manifests.
type Options struct {
	// Complete tells that nothing else is in the cluster: what is referred to and is
	// not among the manifests is then missing, rather than unknown.
	Complete bool
	// Simulator remembers what was simulated, from one call to the next; nil stands for
	// a new one.
	Simulator *simulate.Simulator
	// Drills are the records of drills, and Today is the day that their age counts from; zero
	// for no regard to age.
	Drills []Drill
	Today  time.Time
	// SpecsRefused tells that a FailoverSpec is refused: a record of a drill may be of its failover.
	SpecsRefused bool

	// serviceRouting tells that an EnvoyProxy sends the traffic of Services to their
	// ClusterIPs.
	serviceRouting bool
	workloads      workloads
}

// Report is what came of checking manifests.
type Report struct {
	// Failovers has each that was found, in the order of the manifests.
	Failovers []Failover
	// Diagnostics are what the rules found.
	Diagnostics []diagnostic.Diagnostic
}

// Run applies every rule to manifests that are to be in a cluster together. One
// that is given and also rendered counts once, as given.
func Run(manifests []Manifest, options Options) Report {
	together := withoutRendered(manifests)
	report := Report{Diagnostics: slices.Concat(fqdnWithoutService(together, options), duplicateObjects(manifests), lastApplied(together))}
	options.Simulator = cmp.Or(options.Simulator, &simulate.Simulator{})
	for _, set := range setsOf(together, options) {
		set.check(&report)
	}
	if !options.SpecsRefused {
		report.Diagnostics = append(report.Diagnostics, drillsOfNone(report.Failovers, options.Drills)...)
	}
	report.Diagnostics = withoutRepeats(report.Diagnostics)
	return report
}

// withoutRendered drops what is rendered and given too; what is given is then of the
// FailoverSpec.
func withoutRendered(manifests []Manifest) []Manifest {
	given := map[[4]string]bool{}
	for _, manifest := range manifests {
		if manifest.Origin == nil {
			given[manifest.id()] = true
		}
	}
	if len(given) == 0 {
		return manifests
	}
	specs := map[[4]string]*Spec{}
	var together []Manifest
	for _, manifest := range manifests {
		switch id := manifest.id(); {
		case manifest.Origin == nil:
			together = append(together, manifest)
		case given[id]:
			specs[id] = manifest.Spec
		default:
			together = append(together, manifest)
		}
	}
	for i, manifest := range together {
		if spec := specs[manifest.id()]; spec != nil && manifest.Origin == nil {
			together[i].Spec = spec
		}
	}
	return together
}

// withoutRepeats drops what was found again, such as for another rule of a route
// under the same policy.
func withoutRepeats(diagnostics []diagnostic.Diagnostic) []diagnostic.Diagnostic {
	type finding struct {
		subject              *diagnostic.Subject
		rule, field, message string
	}
	seen := map[finding]bool{}
	return slices.DeleteFunc(diagnostics, func(d diagnostic.Diagnostic) bool {
		key := finding{d.Subject, d.Rule, d.Field.String(), d.Message}
		repeated := seen[key]
		seen[key] = true
		return repeated
	})
}

// id is what makes an object the same for an API server.
func (m Manifest) id() [4]string {
	return [4]string{m.apiVersion(), m.kind(), m.namespace(), m.name()}
}

// Object names the manifest, as what refers to it does.
func (m Manifest) Object() envoygateway.Object {
	return envoygateway.NameOf(m.kind(), m.givenNamespace(), m.name())
}

func (m Manifest) apiVersion() string {
	if m.Typed != nil {
		apiVersion, _ := m.typeMeta()
		return apiVersion
	}
	return m.text("apiVersion")
}

func (m Manifest) kind() string {
	if m.Typed != nil {
		_, kind := m.typeMeta()
		return kind
	}
	return m.text("kind")
}

func (m Manifest) typeMeta() (apiVersion, kind string) {
	of := m.Typed.GetObjectKind()
	if meta, isMeta := of.(*metav1.TypeMeta); isMeta {
		return meta.APIVersion, meta.Kind
	}
	return of.GroupVersionKind().ToAPIVersionAndKind()
}

func (m Manifest) name() string {
	if m.Typed != nil {
		return m.Typed.GetName()
	}
	return m.text("metadata", "name")
}

// givenNamespace is empty where the manifest has none.
func (m Manifest) givenNamespace() string {
	if m.Typed != nil {
		return m.Typed.GetNamespace()
	}
	return m.text("metadata", "namespace")
}

// text returns a text of a manifest that is not typed.
func (m Manifest) text(fields ...string) string {
	text, _ := lookup(m.Value, fields...).(string)
	return text
}

// lookup returns a field of a value, or nil where there is none.
func lookup(value any, fields ...string) any {
	for _, name := range fields {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

// namespace is that of the request where the manifest has none.
func (m Manifest) namespace() string {
	return cmp.Or(m.givenNamespace(), "default")
}

// position returns where a field of the manifest stands in its document.
func (m Manifest) position(path document.Path) document.Position {
	if m.Origin != nil {
		path = m.Origin(path)
	}
	return m.Subject.Position(path)
}

// finding returns what a rule has to say of a field of the manifest.
func (m Manifest) finding(rule string, severity diagnostic.Severity, path document.Path, message string) diagnostic.Diagnostic {
	if m.Origin != nil {
		path = m.Origin(path)
	}
	found := diagnostic.New(severity, m.Subject, path, message)
	found.Rule = rule
	return found
}
