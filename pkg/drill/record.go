package drill

import (
	"io"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/encode"
	"github.com/failover-krm/failover/pkg/prober"
)

// localConfig tells orchestrators not to apply an object.
const localConfig = "config.kubernetes.io/local-config"

// WriteRecord writes that the failover was drilled, and what came of it. Like the document of
// the failover, it says that it is not to be applied, or leaves that to whoever applies files.
func (r Report) WriteRecord(w io.Writer) error {
	route := r.Plan.Failover.Route
	record := v1alpha1.FailoverDrill{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.APIVersion, Kind: v1alpha1.DrillKind},
		ObjectMeta: metav1.ObjectMeta{Name: route.Name, Namespace: route.Namespace},
		Spec: v1alpha1.DrillSpec{
			Kind: route.Kind, Rule: r.Plan.Failover.Rule, Date: metav1.NewTime(r.Start.UTC().Truncate(time.Second)), Result: string(r.Result),
			Outage: describe(r.Plan.Break), For: tenths(r.End - r.Begin), Sent: r.Sent, Lost: r.Lost,
			Failover: unlessNever(r.Failover), Failback: unlessNever(r.Failback),
		},
	}
	if of := yaml.NewRNode(r.Plan.Failover.Subject.Node).GetAnnotations(); of[localConfig] != "" {
		record.Annotations = map[string]string{localConfig: of[localConfig]}
	}
	node, err := encode.Struct(&record)
	if err != nil {
		return err
	}
	text, err := encode.Text(node)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

// tenths is a time to the tenth of a second.
func tenths(d time.Duration) metav1.Duration {
	return metav1.Duration{Duration: d.Round(100 * time.Millisecond)}
}

func unlessNever(d time.Duration) *metav1.Duration {
	if d == prober.Never {
		return nil
	}
	value := tenths(d)
	return &value
}
