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

// FailoverDrill records the last drill of a failover: `failover drill --record` writes it next to
// the file of the failover, and `failover check` reads it. It is for tools, and never for
// a cluster.
type FailoverDrill struct {
	metav1.TypeMeta `json:",inline"`

	// Name and namespace are those of the route.
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// What was drilled, and what came of it.
	Spec DrillSpec `json:"spec"`
}

// DrillSpec is the content of a FailoverDrill.
type DrillSpec struct {
	// Kind of the route.
	//
	// +kubebuilder:validation:Enum=HTTPRoute;GRPCRoute;TLSRoute;TCPRoute
	Kind string `json:"kind"`

	// Index of the rule in the route.
	//
	// +kubebuilder:validation:Minimum=0
	Rule int `json:"rule"`

	// When the drill was, in UTC.
	Date metav1.Time `json:"date"`

	// What came of it: `kept`, or `exceeded` for a drill beyond its budget.
	//
	// +kubebuilder:validation:Enum=kept;exceeded
	Result string `json:"result"`

	// How active was broken.
	Outage string `json:"outage"`

	// For how long active was broken.
	For metav1.Duration `json:"for"`

	// Number of requests since the outage began.
	//
	// +kubebuilder:validation:Minimum=0
	Sent int `json:"sent"`

	// How many of them were lost.
	//
	// +kubebuilder:validation:Minimum=0
	Lost int `json:"lost"`

	// Time until passive answered. Without it, passive never did.
	//
	// +optional
	Failover *metav1.Duration `json:"failover,omitempty"`

	// Time until only active answered again. Without it, that never happened.
	//
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
