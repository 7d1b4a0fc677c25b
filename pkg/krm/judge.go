package krm

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/apiserver/builtin"
	"github.com/failover-krm/failover/pkg/apiserver/crd"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/render"
	"github.com/failover-krm/failover/pkg/target"
)

// origin is where a field of an object comes from in its FailoverSpec.
type origin struct{ object, spec string }

const container = "spec.template.spec.containers[0]"

// originsOf has for each part what a user can reach, the longest paths first.
var originsOf = map[render.Part][]origin{
	render.PartActiveService:     {{"metadata.name", "spec.active.name"}, {"spec.ports[0]", "spec.active.workload"}, {"spec", "spec.active"}},
	render.PartPassiveService:    {{"metadata.name", "spec.passive.name"}, {"spec.ports[0]", "spec.passive.workload"}, {"spec", "spec.passive"}},
	render.PartActiveDeployment:  {{"metadata.name", "spec.active.name"}, {container + ".name", "spec.active.name"}, {container, "spec.active.workload"}, {"spec", "spec.active.workload"}},
	render.PartPassiveDeployment: {{"metadata.name", "spec.passive.name"}, {container + ".name", "spec.passive.name"}, {container, "spec.passive.workload"}, {"spec", "spec.passive.workload"}},
	render.PartActiveBackend:     {{"metadata.name", "spec.active.name"}, {"spec", "spec.active"}},
	render.PartPassiveBackend:    {{"metadata.name", "spec.passive.name"}, {"spec", "spec.passive"}},
	render.PartGateway:           {{"metadata.name", "spec.gateway.name"}, {"metadata.namespace", "spec.gateway.namespace"}, {"spec", "spec.gateway"}},
	render.PartPolicy:            {{"metadata.name", "spec.policy.name"}, {"spec", "spec.policy"}},
	render.PartRoute:             {{"spec.rules[0].matches", "spec.matches"}, {"spec.rules[0].filters", "spec.hostRewrite"}, {"spec.parentRefs[0]", "spec.gateway"}, {"spec", "spec"}},
}

// everywhere has what a user can reach on every object.
var everywhere = []origin{{"metadata.labels", "spec.labels"}, {"metadata.annotations", "spec.annotations"}, {"metadata", "metadata"}}

// refusal is what the API server of the target would refuse in an object.
type refusal struct {
	// err is at the field of the FailoverSpec that the object's comes from.
	err *field.Error
	// where is the target, and the field of the object.
	where string
}

// judge returns what the API server of the target would refuse in an object.
func judge(object render.Object, node *yaml.Node) []refusal {
	target, kind := object.Spec.Spec.Target, object.Resource.GetObjectKind().GroupVersionKind().Kind
	var errs field.ErrorList
	switch resource := object.Resource.(type) {
	case *appsv1.Deployment:
		errs = builtin.ValidateDeployment(resource)
	case *corev1.Service:
		errs = builtin.ValidateService(resource)
	default:
		errs = crd.Validate(target.EnvoyGateway(), node)
	}
	var refusals []refusal
	for _, err := range errs {
		placed := *err
		placed.Field = originOf(object.Part, err.Field)
		refusals = append(refusals, refusal{&placed, fmt.Sprintf(" (target %s, %s %s)", target, kind, err.Field)})
	}
	return refusals
}

// foreignTypes has the fields of a FailoverSpec that are of another kind's type, and
// where they are in that.
var foreignTypes = []struct{ spec, apiVersion, kind, object string }{
	{"spec.matches", gwapiv1.GroupVersion.String(), "HTTPRoute", "spec.rules[0].matches"},
	{"spec.gateway", gwapiv1.GroupVersion.String(), "Gateway", "spec"},
	{"spec.active", egv1a1.GroupVersion.String(), egv1a1.KindBackend, "spec"},
	{"spec.passive", egv1a1.GroupVersion.String(), egv1a1.KindBackend, "spec"},
	{"spec.policy", egv1a1.GroupVersion.String(), egv1a1.KindBackendTrafficPolicy, "spec"},
}

// lacks returns what the target lacks of what a spec asks for, for one that has
// other errors, so that nothing is rendered of it: all errors come at once.
func lacks(source *Source, errs field.ErrorList) []Diagnostic {
	target := target.Target(cmp.Or(document.Field(source.Node, "spec.target"), string(target.Default)))
	if !target.IsKnown() {
		return nil
	}
	var lacking field.ErrorList
	for _, foreign := range foreignTypes {
		part := document.Lookup(source.Node, foreign.spec)
		if part == nil {
			continue
		}
		for _, err := range crd.Lacks(target.EnvoyGateway(), foreign.apiVersion, foreign.kind, foreign.object, part) {
			where := joinPath(foreign.object, err.Field)
			err.Field = joinPath(foreign.spec, err.Field)
			err.Detail += fmt.Sprintf(" (target %s, %s %s)", target, foreign.kind, where)
			if !slices.ContainsFunc(errs, func(said *field.Error) bool { return said.Field == err.Field }) {
				lacking = append(lacking, err)
			}
		}
	}
	return errorsOf(source, lacking)
}

func joinPath(above, path string) string {
	if strings.HasPrefix(path, "[") {
		return above + path
	}
	return above + "." + path
}

// explain turns the refusals of every object into diagnostics. What is refused in
// several objects of a spec for one reason, such as a label, is said once.
func explain(objects []render.Object, refusals [][]refusal, origins sourcesOf) []Diagnostic {
	type reason struct {
		source        *Source
		field, detail string
	}
	var diagnostics []Diagnostic
	said := map[reason]bool{}
	order := map[*Source]int{}
	for i, object := range objects {
		source := origins[object.Spec]
		order[source] = i
		for _, refusal := range refusals[i] {
			reason := reason{source, refusal.err.Field, refusal.err.ErrorBody()}
			if said[reason] {
				continue
			}
			said[reason] = true
			diagnostic := errorsOf(source, field.ErrorList{refusal.err})[0]
			diagnostic.Message += refusal.where
			diagnostics = append(diagnostics, diagnostic)
		}
	}
	sortByPosition(diagnostics, order)
	return diagnostics
}

// originOf returns the path in the FailoverSpec that a path in an object comes
// from, or the nearest that is known.
func originOf(part render.Part, path string) string {
	for _, origin := range append(originsOf[part], everywhere...) {
		if rest, found := strings.CutPrefix(path, origin.object); found && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			return origin.spec + rest
		}
	}
	return "spec"
}

// sortByPosition puts diagnostics in the order of the documents, and those of one
// in that of its lines.
func sortByPosition(diagnostics []Diagnostic, order map[*Source]int) {
	slices.SortStableFunc(diagnostics, func(a, b Diagnostic) int {
		if a.Source != b.Source {
			return cmp.Compare(order[a.Source], order[b.Source])
		}
		atA, atB := document.Locate(a.Source.Node, a.Field), document.Locate(b.Source.Node, b.Field)
		return cmp.Or(cmp.Compare(atA.Line, atB.Line), cmp.Compare(atA.Column, atB.Column))
	})
}
