package adopt

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/compile"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/encode"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// rendering is what a FailoverSpec is rendered to, and what is wanted.
type rendering struct {
	spec    *v1alpha1.FailoverSpec
	objects []comparison
	// backends has the part that each is, by the name of its objects.
	backends map[string]part
}

// comparison is an object that is rendered.
type comparison struct {
	apiVersion string
	id         envoygateway.Object
	// wanted is the object among the manifests; nil where there is none.
	wanted      *object
	differences []difference
}

// settle goes through the ways to write a spec until what it renders to is right, or
// there is no better way. It returns nil where no way is accepted, with the reasons
// among the diagnostics.
func (f *failover) settle(c *candidates) (*rendering, error) {
	for {
		rendered, errs, err := f.render(c)
		if err != nil {
			return nil, err
		}
		switch {
		case slices.ContainsFunc(errs, func(d diagnostic.Diagnostic) bool { return c.nextFor(d.Field) }):
		case len(errs) > 0:
			f.refuseFor(errs)
			return nil, nil
		default:
			c.ofGateway = append(c.ofGateway, rendered.ofGateway()...)
			if !slices.ContainsFunc(rendered.unsaid(), c.next) {
				return f.shorten(c, rendered)
			}
		}
	}
}

// shorten goes back to shorter ways to write what no way says whole.
func (f *failover) shorten(c *candidates, settled *rendering) (*rendering, error) {
	for _, of := range slices.Compact(slices.Sorted(slices.Values(settled.unsaid()))) {
		for i, last := 0, c.chosen[of]; i < last; i++ {
			c.chosen[of] = i
			rendered, errs, err := f.render(c)
			if err != nil {
				return nil, err
			}
			if len(errs) == 0 && rendered.count() <= settled.count() {
				settled = rendered
				break
			}
			c.chosen[of] = last
		}
	}
	return settled, nil
}

// unsaid returns the parts that may be written in another way for the differences.
func (r *rendering) unsaid() []part {
	var parts []part
	for _, of := range r.objects {
		for _, d := range of.differences {
			if rewritten := r.rewrittenBy(of, d); rewritten != "" {
				parts = append(parts, rewritten)
			}
		}
	}
	return parts
}

// ofGateway returns what a spec that makes the Gateway cannot say of it.
func (r *rendering) ofGateway() []difference {
	var found []difference
	for _, of := range r.objects {
		for _, d := range of.differences {
			if r.rewrittenBy(of, d) == gatewayPart && d.path.String() != "spec.listeners" && d.Op == "add" {
				found = append(found, d)
			}
		}
	}
	return found
}

func (r *rendering) count() int {
	count := 0
	for _, of := range r.objects {
		count += len(of.differences)
	}
	return count
}

// render renders the spec as it is chosen, or returns why it is refused.
func (f *failover) render(c *candidates) (*rendering, []diagnostic.Diagnostic, error) {
	spec, err := c.spec()
	if err != nil {
		return nil, nil, err
	}
	objects, found, err := compile.Specs(spec)
	if err != nil {
		return nil, nil, err
	}
	if errs := errorsIn(found); len(errs) > 0 {
		return nil, errs, nil
	}
	rendered, err := f.compare(c, spec, objects)
	return rendered, nil, err
}

func errorsIn(found []diagnostic.Diagnostic) []diagnostic.Diagnostic {
	return slices.DeleteFunc(found, func(d diagnostic.Diagnostic) bool { return d.Severity != diagnostic.Error })
}

// compare compares what is rendered with the manifests.
func (f *failover) compare(c *candidates, spec *v1alpha1.FailoverSpec, objects []compile.Object) (*rendering, error) {
	rendered := &rendering{spec: spec, backends: map[string]part{}}
	for _, place := range c.places {
		rendered.backends[place.written.Name] = place.part()
	}
	for _, object := range objects {
		kind := object.Resource.GetObjectKind().GroupVersionKind()
		of := comparison{apiVersion: kind.GroupVersion().String(), id: envoygateway.Object{
			Kind: kind.Kind, Namespace: object.Resource.GetNamespace(), Name: object.Resource.GetName(),
		}}
		value, err := encode.Value(object.Resource)
		if err != nil {
			return nil, err
		}
		if value, err = comparable(value, object.Spec.Spec.Target.EnvoyGateway()); err != nil {
			return nil, err
		}
		if of.wanted = f.find(of.id, f.route); of.wanted != nil {
			wanted := of.wanted.value
			if of.id == f.Route {
				of.differences, err = f.routeDifferences(value, wanted)
			} else {
				of.differences = differences(value, wanted, nil)
			}
			if err != nil {
				return nil, err
			}
		}
		rendered.objects = append(rendered.objects, of)
	}
	return rendered, nil
}

// rewrittenBy returns the part of the spec that is to be written in another way for
// a difference, if any.
func (r *rendering) rewrittenBy(of comparison, d difference) part {
	isSpec := d.path[0].Name == "spec"
	switch of.id.Kind {
	case kindService, kindDeployment:
		if isSpec || d.Op == "remove" && isServiceLabel(d.path) {
			return r.backends[of.id.Name]
		}
	case kindBackend:
		if isSpec {
			return r.backends[of.id.Name]
		}
	case kindGateway:
		if isSpec {
			return gatewayPart
		}
	case kindBackendTrafficPolicy:
		if isSpec && !strings.HasPrefix(d.path.String(), "spec.target") {
			return policyPart
		}
	}
	return ""
}

// isServiceLabel tells whether a path is that of a label which a workload's Service has.
func isServiceLabel(path document.Path) bool {
	rest, found := path.Below(document.ParsePath("metadata.labels"))
	return found && len(rest) == 1 && (rest[0].Name == "app" || rest[0].Name == "service")
}

// routeDifferences compares the route as it is rendered, which has one parentRef, with the
// route as it is: the parentRef that is meant comes first, and the backendRefs in the
// order of their priority. Rules that the spec does not have are added in the order of all,
// so that each is at its place when the next one is looked at.
func (f *failover) routeDifferences(rendered, wanted map[string]any) ([]difference, error) {
	var is map[string]any
	if err := convert(wanted, &is); err != nil {
		return nil, err
	}
	spec, _ := is["spec"].(map[string]any)
	was, _ := rendered["spec"].(map[string]any)
	spec["parentRefs"] = inOrder(spec["parentRefs"], f.parentOrder())
	rules, _ := spec["rules"].([]any)
	renderedRules, _ := was["rules"].([]any)
	delete(spec, "rules")
	delete(was, "rules")
	found := differences(rendered, is, nil)
	said := f.saidRules()
	for i, each := range rules {
		path := document.ParsePath(fmt.Sprintf("spec.rules[%d]", i))
		if at := slices.Index(said, i); at >= 0 {
			rule, _ := each.(map[string]any)
			rule["backendRefs"] = inOrder(rule["backendRefs"], f.priorityOrder())
			found = append(found, differences(renderedRules[at], rule, path)...)
		} else {
			found = append(found, difference{Operation{"add", pointer(path), each}, path, nil})
		}
	}
	return found, nil
}

// parentOrder returns the indexes of the parentRefs, the one that counts first.
func (f *failover) parentOrder() []int {
	order := []int{f.parent()}
	for i := range f.written.parentRefs {
		if i != order[0] {
			order = append(order, i)
		}
	}
	return order
}

func inOrder(list any, order []int) []any {
	items, _ := list.([]any)
	ordered := make([]any, 0, len(items))
	for _, i := range order {
		if i < len(items) {
			ordered = append(ordered, items[i])
		}
	}
	return ordered
}

// inManifest returns the path of a difference in the manifest, where the order of some
// lists is another one.
func (f *failover) inManifest(of comparison, d difference) document.Path {
	path := slices.Clone(d.path)
	if of.id != f.Route || len(path) < 3 {
		return path
	}
	reorder := func(step int, order []int) {
		if i, err := strconv.Atoi(path[step].Name); err == nil && i < len(order) {
			path[step].Name = strconv.Itoa(order[i])
		}
	}
	switch {
	case path[1].Name == "parentRefs":
		reorder(2, f.parentOrder())
	case path[1].Name == "rules" && len(path) > 4 && path[3].Name == "backendRefs":
		reorder(4, f.priorityOrder())
	}
	return path
}

// common returns the labels or annotations that all objects have which are wanted.
func (r *rendering) common(field string) map[string]string {
	var common map[string]string
	for _, of := range r.objects {
		if of.wanted == nil {
			continue
		}
		metadata, _ := of.wanted.value["metadata"].(map[string]any)
		fields, _ := metadata[field].(map[string]any)
		own := map[string]string{}
		for key, value := range fields {
			if text, isText := value.(string); isText && !isOwnLabel(document.Path{{Name: "metadata"}, {Name: "labels"}, {Name: key}}) {
				own[key] = text
			}
		}
		if common == nil {
			common = own
		}
		maps.DeleteFunc(common, func(key, value string) bool { return own[key] != value })
	}
	if len(common) == 0 {
		return nil
	}
	return common
}

// ignored returns what the objects say is to be ignored of them, which their spec then
// says.
func (f *failover) ignored(rendered *rendering) string {
	var reasons []string
	for _, of := range rendered.objects {
		if of.wanted == nil {
			continue
		}
		reason := of.wanted.Subject.Field("metadata.annotations[" + v1alpha1.AnnotationIgnore + "]")
		if reason != "" && !slices.Contains(reasons, reason) {
			reasons = append(reasons, reason)
		}
	}
	return strings.Join(reasons, "; ")
}
