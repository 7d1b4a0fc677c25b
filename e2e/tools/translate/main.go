// Command translate is Envoy Gateway's own translation, for tests that compare a
// verdict with it: what the controller does with some objects, from the Gateway
// API to xDS, with each step that can fail and the conditions it writes. It reads
// a JSON document for each case and writes one back.
//
// It is built inside Envoy Gateway's module path, since what it calls is internal
// there, and by reflection where versions differ in their parameters.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"reflect"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/envoyproxy/gateway/internal/gatewayapi"
	"github.com/envoyproxy/gateway/internal/gatewayapi/resource"
	"github.com/envoyproxy/gateway/internal/ir"
	"github.com/envoyproxy/gateway/internal/xds/translator"
	xdstypes "github.com/envoyproxy/gateway/internal/xds/types"
)

// input is the objects of one case, with the defaults of the CRDs filled in.
type input struct {
	Objects []json.RawMessage `json:"objects"`
}

// lists has the field of the translation's input that objects of a kind are in.
var lists = map[string]string{
	"Backend": "Backends", "BackendTrafficPolicy": "BackendTrafficPolicies", "ConfigMap": "ConfigMaps", "Gateway": "Gateways", "GRPCRoute": "GRPCRoutes",
	"HTTPRoute": "HTTPRoutes", "HTTPRouteFilter": "HTTPRouteFilters", "Namespace": "Namespaces", "Secret": "Secrets",
}

// load reads objects as the controller has them from the API server.
func load(objects []json.RawMessage) (*resource.Resources, error) {
	loaded := resource.NewResources()
	for _, data := range objects {
		var meta metav1.TypeMeta
		if err := json.Unmarshal(data, &meta); err != nil {
			return nil, err
		}
		if meta.Kind == "GatewayClass" {
			loaded.GatewayClass = &gwapiv1.GatewayClass{}
			if err := json.Unmarshal(data, loaded.GatewayClass); err != nil {
				return nil, err
			}
			continue
		}
		list := reflect.ValueOf(loaded).Elem().FieldByName(lists[meta.Kind])
		if !list.IsValid() {
			return nil, fmt.Errorf("no list of kind %s", meta.Kind)
		}
		object := reflect.New(list.Type().Elem().Elem())
		if err := json.Unmarshal(data, object.Interface()); err != nil {
			return nil, err
		}
		list.Set(reflect.Append(list, object))
	}
	loaded.Sort()
	return loaded, nil
}

// output is what became of them.
type output struct {
	// LoadError says why they were not even read.
	LoadError string `json:"loadError,omitempty"`
	// IRError says why the intermediate representation would not be published.
	IRError string `json:"irError,omitempty"`
	// XDSError says why the xDS resources would not be published.
	XDSError string `json:"xdsError,omitempty"`
	// Panic is what the translation panicked with.
	Panic string `json:"panic,omitempty"`
	// Resources are the objects with their status.
	Resources any `json:"resources,omitempty"`
	// Routes has the routes of Envoy by name: a cluster, weighted clusters, a
	// redirect, or the status of a direct response.
	Routes map[string]string `json:"routes,omitempty"`
}

func main() {
	decoder := json.NewDecoder(bufio.NewReader(os.Stdin))
	encoder := json.NewEncoder(os.Stdout)
	for decoder.More() {
		var in input
		if err := decoder.Decode(&in); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if err := encoder.Encode(translate(in)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func translate(in input) (out output) {
	defer func() {
		if caught := recover(); caught != nil {
			out.Panic = fmt.Sprint(caught)
		}
	}()
	loaded, err := load(in.Objects)
	if err != nil {
		out.LoadError = err.Error()
		return out
	}
	gateways := &gatewayapi.Translator{
		GatewayControllerName:   string(loaded.GatewayClass.Spec.ControllerName),
		GatewayClassName:        gwapiv1.ObjectName(loaded.GatewayClass.Name),
		GlobalRateLimitEnabled:  true,
		EndpointRoutingDisabled: true,
		EnvoyPatchPolicyEnabled: true,
		BackendEnabled:          true,
	}
	// Its error joins those that are in the conditions as well.
	translated, _ := call[*gatewayapi.TranslateResult](reflect.ValueOf(gateways).MethodByName("Translate"), context.Background(), loaded)
	out.Resources = translated.Resources
	out.Routes = map[string]string{}
	for _, xdsIR := range translated.XdsIR {
		if err := xdsIR.Validate(); err != nil {
			out.IRError = err.Error()
		}
		table, err := toXDS(xdsIR)
		if err != nil {
			out.XDSError = err.Error()
			continue
		}
		for _, found := range table.XdsResources[resourcev3.RouteType] {
			for _, host := range found.(*routev3.RouteConfiguration).VirtualHosts {
				for _, route := range host.Routes {
					out.Routes[route.Name] = action(route)
				}
			}
		}
	}
	return out
}

func toXDS(xdsIR *ir.Xds) (*xdstypes.ResourceVersionTable, error) {
	xds := &translator.Translator{
		GlobalRateLimit: &translator.GlobalRateLimitSettings{ServiceURL: "grpc://ratelimit.example.svc:8081"},
	}
	return call[*xdstypes.ResourceVersionTable](reflect.ValueOf(xds).MethodByName("Translate"), context.Background(), xdsIR)
}

func action(route *routev3.Route) string {
	switch action := route.Action.(type) {
	case *routev3.Route_DirectResponse:
		return fmt.Sprint(action.DirectResponse.Status)
	case *routev3.Route_Redirect:
		return "redirect"
	default:
		if route.GetRoute().GetWeightedClusters() != nil {
			return "weightedClusters"
		}
		return "cluster"
	}
}

// call calls a function that returns a result and an error with those of the
// arguments that it has parameters for; parameters beyond them are nil.
func call[T any](function reflect.Value, arguments ...any) (T, error) {
	var values []reflect.Value
	next := 0
	for i := range function.Type().NumIn() {
		parameter := function.Type().In(i)
		for next < len(arguments) && !reflect.TypeOf(arguments[next]).AssignableTo(parameter) {
			next++
		}
		if next == len(arguments) {
			values = append(values, reflect.Zero(parameter))
			continue
		}
		values = append(values, reflect.ValueOf(arguments[next]))
		next++
	}
	results := function.Call(values)
	err, _ := results[1].Interface().(error)
	return results[0].Interface().(T), err
}
