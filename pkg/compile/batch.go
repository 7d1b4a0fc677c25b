package compile

import (
	"strings"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
)

// batchSize is how many FailoverSpecs are compiled at a time: their objects are in memory
// together.
const batchSize = 64

// batches puts the places of FailoverSpecs into lists of at least batchSize, except the last
// one, such that what the rules of package check find in the objects of a list does not
// depend on those of the others.
func batches(sources []source) [][]int {
	var all [][]int
	var batch []int
	for _, met := range meetings(sources) {
		if batch = append(batch, met...); len(batch) >= batchSize {
			all, batch = append(all, batch), nil
		}
	}
	if len(batch) > 0 {
		all = append(all, batch)
	}
	return all
}

// place is where the objects of FailoverSpecs meet: a Gateway, or a Service that is made
// or that a hostname stands for.
type place struct{ kind, namespace, name string }

// meetings puts together the FailoverSpecs that meet at a place, directly or by way of
// others, in the order of the first of each.
func meetings(sources []source) [][]int {
	// meeting has for each spec one before it that it meets, or itself.
	meeting := make([]int, len(sources))
	firstOf := func(i int) int {
		for meeting[i] != i {
			meeting[i] = meeting[meeting[i]]
			i = meeting[i]
		}
		return i
	}
	at := map[place]int{}
	for i, source := range sources {
		meeting[i] = i
		for _, place := range placesOf(source.spec) {
			other, known := at[place]
			if !known {
				at[place] = i
				continue
			}
			a, b := firstOf(i), firstOf(other)
			meeting[max(a, b)] = min(a, b)
		}
	}
	var all [][]int
	placed := make([]int, len(sources))
	for i := range sources {
		first := firstOf(i)
		if first == i {
			placed[i] = len(all)
			all = append(all, nil)
		}
		all[placed[first]] = append(all[placed[first]], i)
	}
	return all
}

// placesOf returns where a FailoverSpec may meet others.
func placesOf(fs *v1alpha1.FailoverSpec) []place {
	places := []place{{"Gateway", fs.Spec.Gateway.Namespace, fs.Spec.Gateway.Name}}
	for _, backend := range fs.AllBackends() {
		for _, endpoint := range fs.BackendEndpoints(*backend.Backend) {
			if endpoint.FQDN == nil {
				continue
			}
			if labels := strings.Split(endpoint.FQDN.Hostname, "."); len(labels) > 2 && labels[2] == "svc" {
				places = append(places, place{"Service", labels[1], labels[0]})
			}
		}
	}
	return places
}
