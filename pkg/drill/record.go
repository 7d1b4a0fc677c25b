package drill

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/api/decode"
	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/encode"
	"github.com/failover-krm/failover/pkg/prober"
)

// localConfig tells orchestrators not to apply an object.
const localConfig = "config.kubernetes.io/local-config"

// Record is a FailoverDrill in a file, and what it says.
type Record struct {
	node *yaml.Node
	of   v1alpha1.Drilled
}

// ParseRecords reads the records of a file, which has nothing else.
func ParseRecords(data []byte, source string) ([]Record, error) {
	documents, err := document.Parse(data, source)
	if err != nil {
		return nil, err
	}
	var records []Record
	var wrong []error
	for _, subject := range diagnostic.Subjects(documents) {
		drill, errs := decode.FailoverDrill(subject.Node)
		for _, found := range diagnostic.Errors(subject, errs) {
			wrong = append(wrong, errors.New(diagnostic.Place(subject, found.Position)+": "+found.Text()))
		}
		if drill != nil {
			records = append(records, Record{subject.Node, drill.Of()})
		}
	}
	return records, errors.Join(wrong...)
}

// WriteRecord writes that the failover was drilled, and what came of it, in the place of what
// the records of a file say of the same failover; the others stay. Like the document of the
// failover, it says that it is not to be applied, or leaves that to whoever applies files.
func (r Report) WriteRecord(w io.Writer, records []Record) error {
	record := r.record()
	node, err := encode.Struct(&record)
	if err != nil {
		return err
	}
	isSame := func(other Record) bool { return other.of == record.Of() }
	at := slices.IndexFunc(records, isSame)
	if at < 0 {
		at = len(records)
	}
	others := slices.DeleteFunc(slices.Clone(records), isSame)
	records = slices.Insert(others, at, Record{node, record.Of()})
	texts := make([][]byte, len(records))
	for i, record := range records {
		if texts[i], err = encode.Text(record.node); err != nil {
			return err
		}
	}
	_, err = w.Write(bytes.Join(texts, []byte("---\n")))
	return err
}

func (r Report) record() v1alpha1.FailoverDrill {
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
	return record
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
