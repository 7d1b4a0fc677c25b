package builtin

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/failover-krm/failover/pkg/apiserver/metadata"
	"github.com/failover-krm/failover/pkg/document"
)

// computeResources are the resources that each node has.
var computeResources = []string{string(corev1.ResourceCPU), string(corev1.ResourceMemory), string(corev1.ResourceEphemeralStorage)}

// ValidateResources validates what a container asks for and may use.
func ValidateResources(resources corev1.ResourceRequirements, pod Pod, path *field.Path) field.ErrorList {
	if len(resources.Limits)+len(resources.Requests)+len(resources.Claims) == 0 {
		return nil // as most have none
	}
	var errs field.ErrorList
	var hasCompute, hasHugePages bool
	for _, list := range []struct {
		name       string
		quantities corev1.ResourceList
	}{{"limits", resources.Limits}, {"requests", resources.Requests}} {
		for _, name := range slices.Sorted(maps.Keys(list.quantities)) {
			at := path.Child(list.name).Key(string(name))
			errs = append(errs, validateResourceName(string(name), at)...)
			errs = append(errs, validateQuantity(name, list.quantities[name], at)...)
			hasCompute = hasCompute || name == corev1.ResourceCPU || name == corev1.ResourceMemory
			hasHugePages = hasHugePages || isHugePages(name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(resources.Requests)) {
		errs = append(errs, compareToLimit(name, resources, path)...)
	}
	if hasHugePages && !hasCompute {
		errs = append(errs, field.Invalid(path, field.OmitValueType{}, "must have cpu or memory in addition to hugepages"))
	}
	return append(errs, validateClaims(resources.Claims, pod, path.Child("claims"))...)
}

func isHugePages(name corev1.ResourceName) bool {
	return strings.HasPrefix(string(name), corev1.ResourceHugePagesPrefix)
}

// isOfKubernetes tells whether a resource is one of Kubernetes' own, and no
// extended one such as example.com/gpu.
func isOfKubernetes(name corev1.ResourceName) bool {
	return !strings.Contains(string(name), "/") || strings.Contains(string(name), corev1.ResourceDefaultNamespacePrefix)
}

// isWhole tells whether a resource cannot be shared: its limit is its request.
func isWhole(name corev1.ResourceName) bool { return !isOfKubernetes(name) || isHugePages(name) }

func validateResourceName(name string, path *field.Path) field.ErrorList {
	if details := validation.IsQualifiedName(name); len(details) > 0 {
		return metadata.Invalid(path, name, details)
	}
	switch {
	case slices.Contains(computeResources, name) || isHugePages(corev1.ResourceName(name)) && !strings.Contains(name, "/"):
		return nil
	case !strings.Contains(name, "/"):
		detail := "must be " + strings.Join(computeResources, ", ") + ", hugepages-SIZE, or an extended resource such as example.com/gpu"
		if meant := document.Suggest(name, computeResources); meant != "" {
			detail = fmt.Sprintf("%s; did you mean %q?", detail, meant)
		}
		return field.ErrorList{field.Invalid(path, name, detail)}
	case isOfKubernetes(corev1.ResourceName(name)):
		return nil
	case strings.HasPrefix(name, corev1.DefaultResourceRequestsPrefix):
		return field.ErrorList{field.Invalid(path, name, "must not begin with "+corev1.DefaultResourceRequestsPrefix)}
	default: // a quota puts that before it
		return metadata.Invalid(path, name, validation.IsQualifiedName(corev1.DefaultResourceRequestsPrefix+name))
	}
}

func validateQuantity(name corev1.ResourceName, quantity resource.Quantity, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if quantity.Sign() < 0 {
		errs = append(errs, field.Invalid(path, quantity.String(), "must not be negative"))
	}
	if !isOfKubernetes(name) && quantity.MilliValue()%1000 != 0 {
		errs = append(errs, field.Invalid(path, quantity.String(), "must be an integer: an extended resource has no parts"))
	}
	if isHugePages(name) {
		size, err := resource.ParseQuantity(strings.TrimPrefix(string(name), corev1.ResourceHugePagesPrefix))
		switch {
		case err != nil || size.Sign() <= 0 || size.MilliValue()%1000 != 0:
			errs = append(errs, field.Invalid(path, string(name), "must end with the size of a page, as hugepages-2Mi"))
		case quantity.Value()%size.Value() != 0:
			errs = append(errs, field.Invalid(path, quantity.String(), "must be a multiple of the size of a page, "+size.String()))
		}
	}
	return errs
}

// compareToLimit wants a request that its limit allows. The API server rounds both
// up to thousandths first.
func compareToLimit(name corev1.ResourceName, resources corev1.ResourceRequirements, path *field.Path) field.ErrorList {
	request := resources.Requests[name].DeepCopy()
	limit, isLimited := resources.Limits[name]
	switch {
	case !isLimited && isWhole(name):
		return required(path.Child("limits").Key(string(name)), "must be given, and be the same as the request, "+request.String())
	case !isLimited:
		return nil
	}
	rounded := limit.DeepCopy()
	request.RoundUp(resource.Milli)
	rounded.RoundUp(resource.Milli)
	at := path.Child("requests").Key(string(name))
	switch order := request.Cmp(rounded); {
	case isWhole(name) && order != 0:
		return field.ErrorList{field.Invalid(at, request.String(), "must be the same as the limit, "+limit.String())}
	case order > 0:
		return field.ErrorList{field.Invalid(at, request.String(), "must not exceed the limit, "+limit.String())}
	default:
		return nil
	}
}

// validateClaims wants claims that the pod has, each once: whole, or by its requests.
func validateClaims(claims []corev1.ResourceClaim, pod Pod, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	seen, seenPart := map[corev1.ResourceClaim]bool{}, map[string]bool{}
	for i, claim := range claims {
		at := path.Index(i)
		if claim.Name == "" {
			errs = append(errs, required(at.Child("name"), "must be given")...)
			continue
		}
		if claim.Request != "" {
			errs = append(errs, metadata.Invalid(at.Child("request"), claim.Request, validation.IsDNS1123Label(claim.Request))...)
		}
		if seen[claim] || seen[corev1.ResourceClaim{Name: claim.Name}] || claim.Request == "" && seenPart[claim.Name] {
			errs = append(errs, field.Duplicate(at, claim.Name))
		}
		seen[claim], seenPart[claim.Name] = true, true
		switch {
		case slices.Contains(pod.ResourceClaims, claim.Name):
		case len(pod.ResourceClaims) == 0:
			errs = append(errs, field.Invalid(at.Child("name"), claim.Name, "must be a resource claim of the pod, which has none"))
		default:
			errs = append(errs, field.NotSupported(at.Child("name"), claim.Name, pod.ResourceClaims))
		}
	}
	return errs
}

// containerResources are the resources of a container that a variable may have,
// in addition to hugepages.
var containerResources = []string{
	"limits.cpu", "limits.memory", "limits.ephemeral-storage", "requests.cpu", "requests.memory", "requests.ephemeral-storage",
}

// divisors are the units that a variable may count in.
var (
	cpuDivisors  = []string{"1m", "1"}
	byteDivisors = []string{"1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"}
)

func validateResourceFieldRef(ref corev1.ResourceFieldSelector, path *field.Path) field.ErrorList {
	isHugePages := strings.HasPrefix(ref.Resource, "limits.hugepages-") || strings.HasPrefix(ref.Resource, "requests.hugepages-")
	switch {
	case ref.Resource == "":
		return required(path.Child("resource"), "must be given")
	case !slices.Contains(containerResources, ref.Resource) && !isHugePages:
		return field.ErrorList{field.NotSupported(path.Child("resource"), ref.Resource, containerResources)}
	}
	allowed := byteDivisors
	if strings.HasSuffix(ref.Resource, ".cpu") {
		allowed = cpuDivisors
	}
	if ref.Divisor.IsZero() {
		return nil // it is 1 then
	}
	return oneOf(ref.Divisor.String(), path.Child("divisor"), allowed...)
}
