package status

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Object is an object of the cluster, as far as its conditions go.
type Object struct {
	Kind     string
	Metadata metav1.ObjectMeta
	Status   struct {
		// Conditions of a Gateway and a Backend.
		Conditions []metav1.Condition
		// Parents of a route.
		Parents []ofAncestor
		// Ancestors of a policy.
		Ancestors []ofAncestor
	}
}

type ofAncestor struct {
	ParentRef   reference
	AncestorRef reference
	Conditions  []metav1.Condition
}

type reference struct{ Kind, Namespace, Name string }

// needed are the types of conditions that have to be true.
var needed = map[string]bool{"Accepted": true, "Programmed": true, "ResolvedRefs": true}

// wrong are the types that must not be.
var wrong = map[string]bool{"Conflicted": true, "Overridden": true}

// fixes are what to do for the usual reasons.
var fixes = []struct{ object, reason, message, fix string }{
	{"Backend", "", "disabled", "enable Backends: write extensionApis.enableBackend: true in the configuration of Envoy Gateway; Calico does this by itself"},
	{"", "BackendNotFound", "", "apply the Backend or Service that the route refers to"},
	{"", "RefNotPermitted", "", "write a ReferenceGrant in the namespace of the object that is referred to"},
	{"", "InvalidKind", "Backend", "enable Backends: write extensionApis.enableBackend: true in the configuration of Envoy Gateway; Calico does this by itself"},
	{"", "NoMatchingListenerHostname", "", "give the listener and the route a common hostname"},
	{"", "NotAllowedByListeners", "", "permit the route's namespace in allowedRoutes of the listener"},
	{"", "NoMatchingParent", "", "correct sectionName, or the port, of the route's parentRef"},
	{"Gateway", "AddressNotAssigned", "", "find out why the Service of the Gateway gets no address, such as because there is no load balancer"},
	{"Gateway", "NoResources", "", "find out why the pods of the Gateway's Envoy do not run"},
	{"BackendTrafficPolicy", "TargetNotFound", "", "correct targetRefs of the policy: same namespace, and the name of the route or Gateway"},
	{"BackendTrafficPolicy", "Conflicted", "", "keep only one policy for each target"},
}

// Against returns the conditions of an object that speak against its failover.
func Against(object Object) []Condition {
	name := fmt.Sprintf("%s %s/%s", object.Kind, object.Metadata.Namespace, object.Metadata.Name)
	all := object.Status.Conditions
	for _, of := range append(object.Status.Parents, object.Status.Ancestors...) {
		all = append(all, of.Conditions...)
	}
	var against []Condition
	for _, condition := range all {
		isAgainst := needed[condition.Type] && condition.Status != metav1.ConditionTrue || wrong[condition.Type] && condition.Status == metav1.ConditionTrue
		if !isAgainst {
			continue
		}
		found := Condition{Object: name, Type: condition.Type, Status: string(condition.Status), Reason: condition.Reason, Message: condition.Message}
		for _, fix := range fixes {
			if (fix.object == "" || fix.object == object.Kind) && (fix.reason == "" || fix.reason == condition.Reason) && strings.Contains(condition.Message, fix.message) {
				found.Fix = fix.fix
				break
			}
		}
		against = append(against, found)
	}
	return against
}
