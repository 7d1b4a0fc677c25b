package adopt

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
)

func (f *failover) refuse(at *object, path, message string) {
	f.report(diagnostic.Warning, at.Subject, path, "not adopted: "+message)
}

// refuseFor says why no FailoverSpec for the failover is accepted, at the manifest that
// the field of the spec is from.
func (f *failover) refuseFor(errs []diagnostic.Diagnostic) {
	for _, err := range errs {
		at, path := f.source(err.Field)
		f.refuse(at, path, fmt.Sprintf("its FailoverSpec would be refused: %s: %s", err.Field, err.Message))
	}
}

// source returns where a field of the spec is from, or the rule.
func (f *failover) source(path document.Path) (*object, string) {
	rest, isPolicy := path.Below(document.ParsePath("spec.policy"))
	if policy := f.policy(); isPolicy && policy != nil {
		return policy, document.ParsePath("spec").Join(rest).String()
	}
	backends, _ := f.backends()
	for _, of := range backends {
		rest, isBackend := path.Below(document.ParsePath(of.Path()))
		if !isBackend {
			continue
		}
		backend := f.find(f.OfRule.Backends[of.index].Ref, f.route)
		if len(rest) > 0 && slices.Contains([]string{"tls", "appProtocols", "endpoints"}, rest[0].Name) {
			return backend, document.ParsePath("spec").Join(rest).String()
		}
		return backend, "spec.endpoints"
	}
	for _, same := range []string{"metadata.name", "spec.hostnames"} {
		if path.Within(document.ParsePath(same)) {
			return f.route, same
		}
	}
	return f.route, f.OfRule.Path
}

// patches returns the patches for what differs, and says each of it.
func (f *failover) patches(rendered *rendering) []Patch {
	var patches []Patch
	for _, of := range rendered.objects {
		patch := Patch{APIVersion: of.apiVersion, Kind: of.id.Kind, Namespace: of.id.Namespace, Name: of.id.Name}
		file := patch.File(f.Route.Name)
		if of.wanted == nil {
			patches = append(patches, patch)
			f.tellExtra(of, file)
			continue
		}
		f.tellKept(of.wanted)
		for _, d := range of.differences {
			patch.Operations = append(patch.Operations, d.Operation)
			path, value := f.inManifest(of, d), d.Value
			if d.Op == "remove" {
				value = d.rendered
			}
			f.diagnostics = append(f.diagnostics, diagnostic.New(diagnostic.Warning, of.wanted.Subject, path,
				fmt.Sprintf("%s: %s: the patch %s %s", shown(value), why(of.id, path), file, doing(d.Operation))))
		}
		if len(patch.Operations) > 0 {
			patches = append(patches, patch)
		}
	}
	return patches
}

// tellKept is about what other programs keep in the metadata of an object. It is of one
// cluster, so that no patch says it.
func (f *failover) tellKept(made *object) {
	if made.typed == nil {
		return
	}
	if finalizers := made.typed.GetFinalizers(); len(finalizers) > 0 {
		f.report(diagnostic.Warning, made.Subject, "metadata.finalizers", shown(finalizers)+": rendered objects have no finalizers: let the program that sets them set them again")
	}
	for _, owner := range made.typed.GetOwnerReferences() {
		f.report(diagnostic.Warning, made.Subject, "metadata.ownerReferences", fmt.Sprintf(
			"%[1]s %[2]s: rendered objects have no owner, so they are not deleted with %[1]s %[2]s. If %[1]s %[2]s makes this object, it may overwrite the one that you apply: change the owner instead, or remove it first", owner.Kind, owner.Name))
	}
}

// tellExtra is about an object that is rendered, and not among the manifests.
func (f *failover) tellExtra(of comparison, file string) {
	message := fmt.Sprintf("no BackendTrafficPolicy has this route as its only target, and a FailoverSpec always makes one: the patch %s deletes it; a profile instead of custom, and no patch, makes the route fail over", file)
	if of.id.Kind != kindBackendTrafficPolicy {
		message = fmt.Sprintf("a FailoverSpec makes %s, which is not there: the patch %s deletes it", of.id, file)
	}
	f.report(diagnostic.Warning, f.route.Subject, "metadata.name", message)
}

// tell says what the spec makes, so that the manifests of it can be removed.
func (f *failover) tell(name string, rendered *rendering) {
	var made []string
	for _, of := range rendered.objects {
		if of.wanted != nil && of.wanted != f.route {
			made = append(made, fmt.Sprintf("%s %s (%s)", of.id.Kind, of.id.Name, placeOf(of.wanted.Subject)))
		}
	}
	f.report(diagnostic.Info, f.route.Subject, "", fmt.Sprintf("is adopted as FailoverSpec %s, which also makes %s: remove these manifests", name, enumerate(made)))
}

// tellOfGateway is about a Gateway that is among the manifests, and that no spec makes.
func (f *failover) tellOfGateway(c *candidates) {
	id, _ := f.gatewayOf(f.parentRef())
	found := f.find(id, f.route)
	if found == nil || f.made[found] != "" || c.chosen[gatewayPart]+1 < len(c.gateways) || madeForAnother(found, f.Route.Name) {
		return
	}
	reason, path := "a spec that makes a Gateway attaches its route to all listeners, and this route has a sectionName", "metadata.name"
	if len(c.gateways) > 1 {
		reason, path = "a FailoverSpec has no field for a part of it", "spec"
		if len(c.ofGateway) > 0 {
			reason, path = why(id, c.ofGateway[0].path), c.ofGateway[0].path.String()
		}
	}
	f.report(diagnostic.Info, found.Subject, path, fmt.Sprintf("the Gateway stays as it is, and %s attaches to it: %s", f.Route, reason))
}

func placeOf(subject *diagnostic.Subject) string {
	return diagnostic.Place(subject, subject.Position(document.ParsePath("kind")))
}

// shown writes a value in a message.
func shown(value any) string {
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return diagnostic.Shorten(string(data))
}
