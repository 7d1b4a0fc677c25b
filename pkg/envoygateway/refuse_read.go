package envoygateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// readers has the types of the kinds that Validate knows.
var readers = map[schema.GroupKind]func() runtime.Object{
	{Group: egv1a1.GroupName, Kind: egv1a1.KindBackend}:              func() runtime.Object { return &egv1a1.Backend{} },
	{Group: egv1a1.GroupName, Kind: egv1a1.KindBackendTrafficPolicy}: func() runtime.Object { return &egv1a1.BackendTrafficPolicy{} },
	{Group: egv1a1.GroupName, Kind: egv1a1.KindHTTPRouteFilter}:      func() runtime.Object { return &egv1a1.HTTPRouteFilter{} },
	{Group: gwapiv1.GroupName, Kind: "Gateway"}:                      func() runtime.Object { return &gwapiv1.Gateway{} },
	{Group: gwapiv1.GroupName, Kind: "HTTPRoute"}:                    func() runtime.Object { return &gwapiv1.HTTPRoute{} },
	{Group: gwapiv1.GroupName, Kind: "GRPCRoute"}:                    func() runtime.Object { return &gwapiv1.GRPCRoute{} },
}

// Read returns an object that an API server accepts as Envoy Gateway has it, typed,
// for Validate; nil for kinds that Validate does not know. Where a value does not
// fit its type, that is the one refusal: the CRDs let pass a negative number for one
// that has no sign.
func Read(object map[string]any) (runtime.Object, []Refusal) {
	apiVersion, _ := object["apiVersion"].(string)
	kind, _ := object["kind"].(string)
	gv, err := schema.ParseGroupVersion(apiVersion)
	empty := readers[schema.GroupKind{Group: gv.Group, Kind: kind}]
	if err != nil || empty == nil {
		return nil, nil
	}
	data, err := json.Marshal(object)
	if err != nil {
		return nil, refusal(Unreadable, field.InternalError(nil, err))
	}
	typed := empty()
	var wrongType *json.UnmarshalTypeError
	switch err := json.Unmarshal(data, typed); {
	case err == nil:
		return typed, nil
	case errors.As(err, &wrongType):
		return nil, refusal(Unreadable, field.Invalid(pathOf(wrongType.Field), strings.TrimPrefix(wrongType.Value, "number "),
			fmt.Sprintf("must fit the type %s", wrongType.Type)))
	default:
		return nil, refusal(Unreadable, field.Invalid(field.NewPath("spec"), "", err.Error()))
	}
}

// pathOf leaves out the names of embedded Go structs.
func pathOf(names string) *field.Path {
	var path *field.Path
	for name := range strings.SplitSeq(names, ".") {
		if name != "" && !unicode.IsUpper(rune(name[0])) {
			path = path.Child(name)
		}
	}
	return path
}
