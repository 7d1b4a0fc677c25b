package metrics

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/failover-krm/failover/pkg/envoygateway"
)

// Options are what alerts are written with.
type Options struct {
	// For takes the place of how long each expression must hold; nil for none.
	For *time.Duration
	// Namespace is that of all PrometheusRules; empty for that of each route.
	Namespace string
	// Labels are those of PrometheusRules in addition to their own.
	Labels map[string]string
}

// RuleFile is a file of rules of Prometheus.
type RuleFile struct {
	Groups []group `json:"groups"`
}

type group struct {
	Name  string `json:"name"`
	Rules []rule `json:"rules"`
}

type rule struct {
	Alert       string            `json:"alert"`
	Expr        string            `json:"expr"`
	For         string            `json:"for"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

// RulesOf returns the alerts of all failovers.
func RulesOf(subjects []Subject, options Options) *RuleFile {
	file := &RuleFile{}
	for _, subject := range subjects {
		file.Groups = append(file.Groups, groupOf(subject, options))
	}
	return file
}

// PrometheusRule is the object that the Prometheus Operator makes such a file of, as far as it is
// written here.
type PrometheusRule struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Metadata   metadata `json:"metadata"`
	Spec       RuleFile `json:"spec"`
}

type metadata struct {
	Name      string            `json:"name"`
	Namespace string            `json:"namespace"`
	Labels    map[string]string `json:"labels"`
}

// PrometheusRulesOf returns an object for each route.
func PrometheusRulesOf(subjects []Subject, options Options) []*PrometheusRule {
	var objects []*PrometheusRule
	for _, subject := range subjects {
		m := metadata{
			Name:      objectName(subject.Route),
			Namespace: cmp.Or(options.Namespace, subject.Route.Namespace),
			Labels:    OwnLabels(),
		}
		maps.Copy(m.Labels, options.Labels)
		i := slices.IndexFunc(objects, func(known *PrometheusRule) bool {
			return known.Metadata.Name == m.Name && known.Metadata.Namespace == m.Namespace
		})
		if i < 0 {
			i = len(objects)
			objects = append(objects, &PrometheusRule{APIVersion: "monitoring.coreos.com/v1", Kind: "PrometheusRule", Metadata: m})
		}
		objects[i].Spec.Groups = append(objects[i].Spec.Groups, groupOf(subject, options))
	}
	return objects
}

// OwnLabels are those of each PrometheusRule, which Options.Labels must not have.
func OwnLabels() map[string]string {
	return map[string]string{"app.kubernetes.io/component": "alerts", "app.kubernetes.io/managed-by": "failover"}
}

// objectName is that of the PrometheusRule of a route. A namespace has no dot, so the first
// one ends it, and no two routes share a name. One that Kubernetes would refuse as
// too long ends with a hash instead.
func objectName(route envoygateway.Object) string {
	const most, ofHash = 253, len("-01234567")
	name := strings.ToLower(route.Kind) + "-" + route.Namespace + "." + route.Name
	if len(name) <= most {
		return name
	}
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(name)) // it never fails
	return fmt.Sprintf("%s-%08x", strings.TrimRight(name[:most-ofHash], "-."), hash.Sum32())
}

// groupOf has the rules of a failover.
func groupOf(s Subject, options Options) group {
	g := group{Name: "failover " + s.Cluster}
	for _, alert := range AlertsFor(s) {
		if options.For != nil {
			alert.For = *options.For
		}
		g.Rules = append(g.Rules, alert.rule(s.Cluster))
	}
	return g
}
