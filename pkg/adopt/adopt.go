// Package adopt goes from manifests to FailoverSpecs: each failover that is found among
// them becomes one, such that rendering it gives the same objects. It writes a spec,
// has it rendered, and compares: what differs is what a FailoverSpec cannot say.
package adopt

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/compile"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/envoygateway"
	"github.com/failover-krm/failover/pkg/target"
)

// Adopted is a failover that is a FailoverSpec now.
type Adopted struct {
	// Spec says what the manifests said, in few words.
	Spec *v1alpha1.FailoverSpec
	// Patches say what it cannot.
	Patches []Patch
}

// Result is what came of adopting manifests.
type Result struct {
	// Adopted are in the order of the failovers.
	Adopted []Adopted
	// Diagnostics say what became of each failover, and what a FailoverSpec cannot say.
	Diagnostics []diagnostic.Diagnostic
}

// Adopt writes a FailoverSpec for each failover of a report. The manifests are
// validated for a target.
func Adopt(report compile.Report, on target.Target) (Result, error) {
	objects, err := objectsOf(report.Manifests)
	if err != nil {
		return Result{}, err
	}
	a := &adopter{objects: objects, made: map[*object]string{}, specs: map[string]*object{}, adopted: map[*object]bool{}}
	if on != target.Default {
		a.target = on
	}
	ofSpec := renderedRoutes(report)
	var all []*adoption
	for _, found := range report.Failovers {
		if spec := ofSpec[found.Route]; spec != nil {
			message := "is a FailoverSpec already"
			if spec != found.Subject {
				message = "already belongs to a FailoverSpec: " + placeOf(spec)
			}
			a.report(diagnostic.Info, found.Subject, "", message)
			continue
		}
		f := &failover{Failover: found, adopter: a, route: a.routeOf(found), index: indexOf(found.OfRule.Path)}
		if f.route == nil || f.route.Refused || a.adopted[f.route] {
			continue // what is wrong with it, or what the patch says of its rules, is said already
		}
		f.written = readRoute(f.route.typed)
		said := len(a.diagnostics)
		adopted, err := f.adopt()
		if err != nil {
			return Result{}, err
		}
		if adopted != nil {
			all = append(all, &adoption{*adopted, f, slices.Clone(a.diagnostics[said:])})
			a.diagnostics = a.diagnostics[:said]
		}
	}
	if all, err = a.together(all); err != nil {
		return Result{}, err
	}
	var result Result
	for _, adoption := range all {
		result.Adopted = append(result.Adopted, adoption.Adopted)
		a.diagnostics = append(a.diagnostics, adoption.diagnostics...)
	}
	result.Diagnostics = a.diagnostics
	return result, nil
}

// renderedRoutes has the document of the FailoverSpec that each route is rendered from.
func renderedRoutes(report compile.Report) map[envoygateway.Object]*diagnostic.Subject {
	routes := map[envoygateway.Object]*diagnostic.Subject{}
	for _, manifest := range report.Manifests {
		if manifest.Spec != nil {
			routes[manifest.Object()] = manifest.Spec.Subject
		}
	}
	return routes
}

// adoption is a failover that is adopted, with what is said of it.
type adoption struct {
	Adopted
	failover    *failover
	diagnostics []diagnostic.Diagnostic
}

// together leaves out the specs that do not go together with the others, such as one
// whose Gateway is made by another that does not let it attach.
func (a *adopter) together(all []*adoption) ([]*adoption, error) {
	for {
		specs := make([]*v1alpha1.FailoverSpec, 0, len(all))
		for _, adoption := range all {
			specs = append(specs, adoption.Spec)
		}
		_, found, err := compile.Specs(specs...)
		if err != nil {
			return nil, err
		}
		refused := map[[2]string][]diagnostic.Diagnostic{}
		for _, err := range errorsIn(found) {
			id := err.Subject.ID()
			refused[[2]string{id.Namespace, id.Name}] = append(refused[[2]string{id.Namespace, id.Name}], err)
		}
		if len(refused) == 0 {
			return all, nil
		}
		left := slices.DeleteFunc(slices.Clone(all), func(adoption *adoption) bool {
			errs := refused[[2]string{adoption.Spec.Namespace, adoption.Spec.Name}]
			adoption.failover.refuseFor(errs)
			return len(errs) > 0
		})
		if len(left) == len(all) {
			return nil, fmt.Errorf("the adopted manifests are refused: %s", errorsIn(found)[0])
		}
		all = left
	}
}

// adopter is what is known while failovers are adopted, one after another.
type adopter struct {
	objects
	// target is that of the specs; empty for the default.
	target target.Target
	// made has the spec that makes each object, and specs the route of each spec.
	made    map[*object]string
	specs   map[string]*object
	adopted map[*object]bool

	diagnostics []diagnostic.Diagnostic
}

// report says something once: what two rules of a route share is said for the first.
func (a *adopter) report(severity diagnostic.Severity, subject *diagnostic.Subject, path, message string) {
	isSaid := func(said diagnostic.Diagnostic) bool {
		return said.Subject == subject && said.Field.String() == path && said.Message == message
	}
	if !slices.ContainsFunc(a.diagnostics, isSaid) {
		a.diagnostics = append(a.diagnostics, diagnostic.New(severity, subject, document.ParsePath(path), message))
	}
}

// routeOf returns the route of a failover, in the document that it is in.
func (a *adopter) routeOf(found check.Failover) *object {
	i := slices.IndexFunc(a.objects[found.Route], func(o *object) bool { return o.Subject == found.Subject })
	if i < 0 {
		return nil
	}
	return a.objects[found.Route][i]
}

// indexOf returns the index of a rule, by its path.
func indexOf(path string) int {
	steps := document.ParsePath(path)
	index, err := strconv.Atoi(steps[len(steps)-1].Name)
	if err != nil {
		return 0
	}
	return index
}

// adopt returns the spec of a failover; nil where it is not adopted, with the reasons
// among the diagnostics.
func (f *failover) adopt() (*Adopted, error) {
	for _, refuses := range refusals {
		if reasons := refuses(f); len(reasons) > 0 {
			for _, reason := range reasons {
				f.refuse(reason.at, reason.path, reason.message)
			}
			return nil, nil
		}
	}
	name := f.Route.Namespace + "/" + f.Route.Name
	if other := f.specs[name]; other != nil {
		advice := "adopt each directory on its own"
		if other.directory() == f.route.directory() {
			advice = "a FailoverSpec names its route, so give one of the two routes another name; otherwise this one stays as it is"
		}
		f.refuse(f.route, "metadata.name", fmt.Sprintf("%q: there is a FailoverSpec %s already, of %s at %s: %s", f.Route.Name, name, other.id, placeOf(other.Subject), advice))
		return nil, nil
	}
	if taken := f.takenBackends(); len(taken) > 0 {
		f.refuse(f.route, f.OfRule.Path+".backendRefs", fmt.Sprintf("%s: made by another FailoverSpec, and each makes its own: give this route Backends of its own; otherwise it stays as it is", strings.Join(taken, ", ")))
		return nil, nil
	}
	c := f.candidates()
	rendered, err := f.settle(c)
	if err != nil || rendered == nil {
		return nil, err
	}
	// What is on all objects is the spec's.
	c.base.Spec.Labels, c.base.Spec.Annotations = rendered.common("labels"), rendered.common("annotations")
	if reason := f.ignored(rendered); reason != "" {
		c.base.Annotations = map[string]string{v1alpha1.AnnotationIgnore: reason}
	}
	if rendered, err = f.settle(c); err != nil || rendered == nil {
		return nil, err
	}
	f.adopted[f.route], f.specs[name] = true, f.route
	f.tell(name, rendered)
	f.tellOfGateway(c)
	patches := f.patches(rendered)
	for _, of := range rendered.objects {
		if of.wanted != nil {
			f.made[of.wanted] = name
		}
	}
	return &Adopted{Spec: rendered.spec, Patches: patches}, nil
}

// takenBackends returns the Backends that another spec makes.
func (f *failover) takenBackends() []string {
	var taken []string
	for _, backend := range f.OfRule.Backends {
		if by := f.made[f.find(backend.Ref, f.route)]; by != "" {
			taken = append(taken, fmt.Sprintf("%s (by %s)", backend.Ref, by))
		}
	}
	return taken
}
