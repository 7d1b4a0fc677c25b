package envoygateway

import (
	"cmp"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Reference is an object that another one needs.
type Reference struct {
	// GroupKind is what the object must be.
	schema.GroupKind
	// Namespace of the object.
	Namespace string
	// Name of the object; empty where any will do that targets the referrer.
	Name string
	// Path of the reference within the referrer.
	Path *field.Path
	// Consequence is what follows where the object is not there.
	Consequence Consequence
}

// References returns the objects that an object needs, in the order in which it
// names them, for a version of Envoy Gateway. Whether they are there, and whether a ReferenceGrant lets those of
// another namespace be used, is for the caller to find out.
func References(envoyGateway string, object runtime.Object) []Reference {
	release := release{parsed(envoyGateway)}
	references := referencesOf(object)
	switch object.(type) {
	case *gwapiv1.HTTPRoute, *egv1a1.HTTPRouteFilter:
		for i := range references {
			references[i].Consequence = release.ofFilter(references[i].Consequence)
		}
	}
	return references
}

func referencesOf(object runtime.Object) []Reference {
	spec := field.NewPath("spec")
	switch object := object.(type) {
	case *egv1a1.Backend:
		return referencesOfBackend(object, spec)
	case *egv1a1.BackendTrafficPolicy:
		return referencesOfPolicy(object, spec)
	case *egv1a1.HTTPRouteFilter:
		return referencesOfRouteFilter(object, spec)
	case *gwapiv1.Gateway:
		return referencesOfGateway(object, spec)
	case *gwapiv1.HTTPRoute:
		return referencesOfHTTPRoute(object, spec)
	case *gwapiv1.GRPCRoute:
		return referencesOfGRPCRoute(object, spec)
	default:
		return nil
	}
}

var (
	configMaps         = schema.GroupKind{Kind: "ConfigMap"}
	secrets            = schema.GroupKind{Kind: "Secret"}
	backendTLSPolicies = schema.GroupKind{Group: gwapiv1.GroupName, Kind: "BackendTLSPolicy"}
)

func referencesOfBackend(backend *egv1a1.Backend, path *field.Path) []Reference {
	tls, at := backend.Spec.TLS, path.Child("tls")
	if tls == nil {
		return nil
	}
	var references []Reference
	for i, ref := range tls.CACertificateRefs {
		kind := schema.GroupKind{Kind: string(ref.Kind)} // Envoy Gateway looks only at the kind
		references = append(references, Reference{kind, backend.Namespace, string(ref.Name), at.Child("caCertificateRefs").Index(i), InvalidBackend})
	}
	if len(tls.CACertificateRefs) == 0 && tls.WellKnownCACertificates == nil && !ptr.Deref(tls.InsecureSkipVerify, false) {
		references = append(references, Reference{backendTLSPolicies, backend.Namespace, "", at, InvalidBackend})
	}
	if tls.BackendTLSConfig != nil && tls.ClientCertificateRef != nil {
		references = append(references, secret(*tls.ClientCertificateRef, backend.Namespace, at.Child("clientCertificateRef"), InvalidBackend))
	}
	return references
}

func secret(ref gwapiv1.SecretObjectReference, namespace string, path *field.Path, consequence Consequence) Reference {
	return Reference{secrets, string(ptr.Deref(ref.Namespace, gwapiv1.Namespace(namespace))), string(ref.Name), path, consequence}
}

func referencesOfPolicy(policy *egv1a1.BackendTrafficPolicy, path *field.Path) []Reference {
	var references []Reference
	for i, ref := range policy.Spec.TargetRefs {
		references = append(references, Reference{
			schema.GroupKind{Group: string(ref.Group), Kind: string(ref.Kind)},
			policy.Namespace, string(ref.Name),
			path.Child("targetRefs").Index(i), Dropped,
		})
	}
	for i, override := range policy.Spec.ResponseOverride {
		if override != nil && override.Response != nil {
			references = append(references, referencesOfBody(override.Response.Body, policy.Namespace, path.Child("responseOverride").Index(i).Child("response", "body"))...)
		}
	}
	return references
}

func referencesOfBody(body *egv1a1.CustomResponseBody, namespace string, path *field.Path) []Reference {
	if body == nil || body.ValueRef == nil || ptr.Deref(body.Type, "") != egv1a1.ResponseValueTypeValueRef {
		return nil
	}
	return []Reference{{configMaps, namespace, string(body.ValueRef.Name), path.Child("valueRef"), DirectResponse500}}
}

func referencesOfRouteFilter(filter *egv1a1.HTTPRouteFilter, path *field.Path) []Reference {
	var references []Reference
	if response := filter.Spec.DirectResponse; response != nil {
		references = append(references, referencesOfBody(response.Body, filter.Namespace, path.Child("directResponse", "body"))...)
	}
	if injection := filter.Spec.CredentialInjection; injection != nil {
		references = append(references, secret(injection.Credential.ValueRef, filter.Namespace, path.Child("credentialInjection", "credential", "valueRef"), DirectResponse500))
	}
	return references
}

func referencesOfGateway(gateway *gwapiv1.Gateway, path *field.Path) []Reference {
	var references []Reference
	for i, listener := range gateway.Spec.Listeners {
		if listener.TLS == nil {
			continue
		}
		consequence := NotProgrammed
		names := map[string]bool{}
		for _, ref := range listener.TLS.CertificateRefs {
			names[string(ptr.Deref(ref.Namespace, ""))+"/"+string(ref.Name)] = true
		}
		if len(names) > 1 {
			consequence = Dropped // of those that are there, one is enough
		}
		for j, ref := range listener.TLS.CertificateRefs {
			references = append(references, secret(ref, gateway.Namespace, path.Child("listeners").Index(i).Child("tls", "certificateRefs").Index(j), consequence))
		}
	}
	return references
}

func referencesOfHTTPRoute(route *gwapiv1.HTTPRoute, path *field.Path) []Reference {
	references := parents(route.Spec.ParentRefs, route.Namespace, path.Child("parentRefs"))
	for i, rule := range route.Spec.Rules {
		at := path.Child("rules").Index(i)
		for j, filter := range rule.Filters {
			references = append(references, filterReferences(filter.ExtensionRef, filter.RequestMirror, route.Namespace, at.Child("filters").Index(j))...)
		}
		for j, ref := range rule.BackendRefs {
			references = append(references, backendReference(ref.BackendObjectReference, route.Namespace, at.Child("backendRefs").Index(j), InvalidBackend))
		}
	}
	return references
}

func referencesOfGRPCRoute(route *gwapiv1.GRPCRoute, path *field.Path) []Reference {
	references := parents(route.Spec.ParentRefs, route.Namespace, path.Child("parentRefs"))
	for i, rule := range route.Spec.Rules {
		at := path.Child("rules").Index(i)
		for j, filter := range rule.Filters {
			references = append(references, filterReferences(filter.ExtensionRef, filter.RequestMirror, route.Namespace, at.Child("filters").Index(j))...)
		}
		for j, ref := range rule.BackendRefs {
			references = append(references, backendReference(ref.BackendObjectReference, route.Namespace, at.Child("backendRefs").Index(j), InvalidBackend))
		}
	}
	return references
}

func parents(refs []gwapiv1.ParentReference, namespace string, path *field.Path) []Reference {
	var references []Reference
	for i, ref := range refs {
		references = append(references, Reference{
			schema.GroupKind{Group: string(ptr.Deref(ref.Group, gwapiv1.GroupName)), Kind: string(ptr.Deref(ref.Kind, "Gateway"))},
			string(ptr.Deref(ref.Namespace, gwapiv1.Namespace(namespace))), string(ref.Name), path.Index(i), NotFound404,
		})
	}
	return references
}

func filterReferences(extension *gwapiv1.LocalObjectReference, mirror *gwapiv1.HTTPRequestMirrorFilter, namespace string, path *field.Path) []Reference {
	var references []Reference
	if extension != nil {
		references = append(references, Reference{
			schema.GroupKind{Group: string(extension.Group), Kind: string(extension.Kind)},
			namespace, string(extension.Name),
			path.Child("extensionRef"), DirectResponse500,
		})
	}
	if mirror != nil {
		references = append(references, backendReference(mirror.BackendRef, namespace, path.Child("requestMirror", "backendRef"), DirectResponse500))
	}
	return references
}

func backendReference(ref gwapiv1.BackendObjectReference, namespace string, path *field.Path, consequence Consequence) Reference {
	return Reference{
		schema.GroupKind{Group: string(ptr.Deref(ref.Group, "")), Kind: cmp.Or(string(ptr.Deref(ref.Kind, "")), "Service")},
		string(ptr.Deref(ref.Namespace, gwapiv1.Namespace(namespace))), string(ref.Name), path, consequence,
	}
}
