package envoygateway

import (
	"sync"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apimachinery/pkg/util/version"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Refusal is what Envoy Gateway would not take of an object that an API server
// accepts.
type Refusal struct {
	// Err has the path within the object, the value, and what is allowed.
	Err *field.Error
	// Consequence is what would become of the traffic.
	Consequence Consequence
}

// Consequence is what follows from a value that Envoy Gateway does not take.
type Consequence string

// The consequences, the worst first.
const (
	// Unreadable is an object that Envoy Gateway cannot decode, with which it can't
	// list the objects of the kind any more.
	Unreadable Consequence = "Unreadable"
	// Frozen is a Gateway that gets no new configuration any more, since Envoy
	// Gateway publishes that of a Gateway as a whole or not at all.
	Frozen Consequence = "Frozen"
	// DirectResponse500 is a route that answers 500 instead of its backends.
	DirectResponse500 Consequence = "DirectResponse500"
	// NotFound404 is a rule of a route that is left out, and answers 404.
	NotFound404 Consequence = "NotFound404"
	// InvalidBackend is a backend that is left out of its routes: it is no tier of
	// the failover any more, and its share of the requests is answered 500.
	InvalidBackend Consequence = "InvalidBackend"
	// NotProgrammed is a listener that is not served.
	NotProgrammed Consequence = "NotProgrammed"
	// Dropped is a value that is left out without a word.
	Dropped Consequence = "Dropped"
)

// descriptions has the consequences in words.
var descriptions = map[Consequence]string{
	Unreadable:        "it could not be read, nor any change to an object of its kind from then on",
	Frozen:            "no change would reach this Gateway's Envoy any more, with every status green",
	DirectResponse500: "the route would answer 500 to every request",
	NotFound404:       "the rule would be left out, and its requests be answered 404",
	InvalidBackend:    "the tier would be no part of the failover: its share of the requests would be answered 500",
	NotProgrammed:     "the listener would not be served, and no route be attached to it",
	Dropped:           "it would be left out without a word",
}

// Description says the consequence in words, as the end of a sentence.
func (c Consequence) Description() string { return descriptions[c] }

// Validate returns what a version of Envoy Gateway, such as 1.8.2, would not take
// of an object that the API server accepts, with the defaults of the CRDs filled
// in. It looks only at the object: see References for the objects that it needs.
// A refusal is what would follow were it the only one of its object. Kinds that
// it does not know are accepted.
func Validate(envoyGateway string, object runtime.Object) []Refusal {
	release := release{parsed(envoyGateway)}
	spec := field.NewPath("spec")
	switch object := object.(type) {
	case *egv1a1.Backend:
		return validateBackend(release, object, spec)
	case *egv1a1.BackendTrafficPolicy:
		return validateBackendTrafficPolicy(release, &object.Spec, spec)
	case *egv1a1.HTTPRouteFilter:
		return refusedFilters(release, validateHTTPRouteFilter(release, &object.Spec, spec))
	case *gwapiv1.Gateway:
		return validateGateway(release, &object.Spec, spec)
	case *gwapiv1.HTTPRoute:
		return refusedFilters(release, validateHTTPRoute(release, &object.Spec, spec))
	case *gwapiv1.GRPCRoute:
		return validateGRPCRoute(release, &object.Spec, spec)
	default:
		return nil
	}
}

// answersForFilters is since when a rule with a filter that is refused answers 500.
// Before, the rule was left out: seen in 1.7.2.
const answersForFilters behaviour = "1.8"

// ofFilter returns the consequence of a filter that is refused.
func (r release) ofFilter(consequence Consequence) Consequence {
	if consequence == DirectResponse500 && !r.has(answersForFilters) {
		return NotFound404
	}
	return consequence
}

// refusedFilters are the refusals of a route or a filter, in which only filters are
// answered with 500.
func refusedFilters(r release, refusals []Refusal) []Refusal {
	for i := range refusals {
		refusals[i].Consequence = r.ofFilter(refusals[i].Consequence)
	}
	return refusals
}

// release is the version of Envoy Gateway that refuses.
type release struct{ version *version.Version }

// has tells whether the release behaves in a way that came with a version.
func (r release) has(b behaviour) bool { return r.version.AtLeast(parsed(string(b))) }

// versions has each version that a process has met, since reading one takes longer
// than comparing two.
var versions sync.Map

func parsed(text string) *version.Version {
	if known, ok := versions.Load(text); ok {
		return known.(*version.Version)
	}
	made := version.MustParseGeneric(text)
	versions.Store(text, made)
	return made
}

// behaviour is the first version of Envoy Gateway that behaves in some way.
type behaviour string

// refusal makes a list of one.
func refusal(consequence Consequence, err *field.Error) []Refusal {
	return []Refusal{{err, consequence}}
}

// each calls a function for every item of a list, with its path.
func each[T any](items []T, path *field.Path, validate func(T, *field.Path) []Refusal) []Refusal {
	var refusals []Refusal
	for i, item := range items {
		refusals = append(refusals, validate(item, path.Index(i))...)
	}
	return refusals
}
