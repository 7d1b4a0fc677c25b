package v1alpha1

import (
	"cmp"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// DrillKind is what a FailoverDrill has as its kind.
const DrillKind = "FailoverDrill"

// What a drill came to.
const (
	// DrillKept is within the budget, or without one.
	DrillKept = "kept"
	// DrillExceeded is beyond it.
	DrillExceeded = "exceeded"
)

// FailoverDrill records the last drill of a failover: `failover drill --record` writes it beside
// the file of the failover, and `failover check` reads it. It is for tools, and never for
// a cluster. Its name and namespace are those of the route.
type FailoverDrill struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// Spec is what was drilled, and what came of it.
	Spec DrillSpec `json:"spec"`
}

// DrillSpec is the content of a FailoverDrill.
type DrillSpec struct {
	// Kind is that of the route, such as HTTPRoute, and Rule the index of its rule.
	Kind string `json:"kind"`
	Rule int    `json:"rule"`
	// Date is when the drill was, in UTC.
	Date metav1.Time `json:"date"`
	// Result is kept, or exceeded for a drill beyond its budget.
	Result string `json:"result"`
	// Outage says how active was broken, and For for how long.
	Outage string          `json:"outage"`
	For    metav1.Duration `json:"for"`
	// Sent is the number of requests since the outage began, and Lost how many of them were lost.
	Sent int `json:"sent"`
	Lost int `json:"lost"`
	// Failover and Failback are the times that it took; absent for never.
	//
	// +optional
	Failover *metav1.Duration `json:"failover,omitempty"`
	// +optional
	Failback *metav1.Duration `json:"failback,omitempty"`
}

// Drilled is the failover that a drill was of: a rule of a route.
type Drilled struct {
	Kind, Namespace, Name string
	Rule                  int
}

// Of returns the failover that was drilled. A route without a namespace is in that of the
// request, default.
func (d FailoverDrill) Of() Drilled {
	return Drilled{Kind: d.Spec.Kind, Namespace: cmp.Or(d.Namespace, "default"), Name: d.Name, Rule: d.Spec.Rule}
}
