package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/failover-krm/failover/pkg/target"
)

// CheckKind is what a FailoverCheck has as its kind.
const CheckKind = "FailoverCheck"

// FailoverCheck as functionConfig makes the function check the items of
// a ResourceList instead of rendering them: it is then a validator, even where an
// orchestrator passes no arguments, as with an image. The items stay as they are, and the
// results have what is wrong and a verdict on each failover.
type FailoverCheck struct {
	metav1.TypeMeta `json:",inline"`

	// Name, namespace, labels and annotations; none of them is needed by failover.
	//
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// How to check. Default: as `failover check` without flags.
	//
	// +optional
	Spec CheckSpec `json:"spec,omitzero"`
}

// CheckSpec is the content of a FailoverCheck.
type CheckSpec struct {
	// Target is the gateway distribution that runs the items other than FailoverSpecs,
	// which name their own. Default: calico-3.32.
	//
	// +optional
	Target target.Target `json:"target,omitempty"`

	// FailOn is the least severity of a finding that makes the function fail, which
	// keeps an orchestrator from going on. The results also have the information where
	// it is `info`. Default: `error`.
	//
	// +optional
	// +kubebuilder:default=error
	FailOn FailOn `json:"failOn,omitempty"`

	// Complete says that nothing else is in the cluster: what is referred to and is not
	// among the items is then missing, rather than unknown. Default: false.
	//
	// +optional
	Complete bool `json:"complete,omitempty"`

	// Ignore leaves out the items of some files: paths within the package, of files or
	// directories, or globs such as `**/testdata`. `*` and `?` stand for characters of one
	// name, `**` for any directories. At most 100.
	//
	// +optional
	// +kubebuilder:validation:MaxItems=100
	Ignore []string `json:"ignore,omitempty"`
}

// FailOn is the least severity that makes a check fail, or never.
//
// +kubebuilder:validation:Enum=error;warning;info;never
type FailOn string

// The values of FailOn that are no severity, and the default.
const (
	// FailOnError fails on what is wrong.
	FailOnError FailOn = "error"
	// FailOnNever fails on nothing that is found.
	FailOnNever FailOn = "never"
)
