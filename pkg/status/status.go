// Package status tells of failovers on a live cluster which tier serves now, by what each Envoy
// of the Gateway says of its hosts, and what the objects' conditions say.
package status

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/envoy"
)

// Envoy is one of a Gateway's.
type Envoy struct {
	// Name is that of its pod, or the URL of its administration interface.
	Name string `json:"name"`
	// Hosts of the failover's cluster.
	Hosts []Host `json:"hosts"`
	// Load is the part of the requests, in per cent, that the tier of each priority gets.
	Load []int `json:"load"`
	// Problem is why it could not be asked; empty where it was.
	Problem string `json:"problem,omitempty"`
}

// NewEnvoy evaluates what an Envoy says of a cluster, among all of its clusters.
func NewEnvoy(name, cluster string, clusters map[string][]Host, panicThreshold int) Envoy {
	hosts := clusters[cluster]
	e := Envoy{Name: name, Hosts: append([]Host{}, hosts...), Load: []int{}}
	for other := range clusters {
		if len(hosts) == 0 && strings.HasPrefix(other, cluster+"/backend/") {
			e.Problem = "has a cluster for each backend instead of one with tiers: requests are split by weight, and nothing fails over"
		}
	}
	var healthy, all []int
	for _, host := range hosts {
		for len(all) <= host.Priority {
			healthy, all = append(healthy, 0), append(all, 0)
		}
		all[host.Priority]++
		if host.IsHealthy() {
			healthy[host.Priority]++
		}
	}
	if len(all) > 0 {
		e.Load = envoy.Load(healthy, all, panicThreshold)
	}
	return e
}

// Condition is one that speaks against the failover.
type Condition struct {
	// Object is what has it.
	Object  string `json:"object"`
	Type    string `json:"type"`
	Status  string `json:"status"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
	// Fix is what to do, where that is known.
	Fix string `json:"fix,omitempty"`
}

// Failover is how one stands.
type Failover struct {
	Name    string `json:"name"`
	Cluster string `json:"cluster"`
	Gateway string `json:"gateway"`
	// Tiers are what is behind each priority.
	Tiers      []string    `json:"tiers"`
	Envoys     []Envoy     `json:"envoys"`
	Conditions []Condition `json:"conditions"`
}

// tierName is what a priority is called.
func (f Failover) tierName(priority int) string {
	name := "active"
	if priority > 0 {
		name = "passive"
	}
	if priority < len(f.Tiers) {
		return name + " (" + f.Tiers[priority] + ")"
	}
	return name
}

// Serving says which tier serves, by all Envoys that could be asked.
func (f Failover) Serving() string {
	said := map[string]int{}
	var order []string
	asked := 0
	for _, e := range f.Envoys {
		if e.Problem != "" {
			continue
		}
		asked++
		text := f.servingOn(e)
		if said[text] == 0 {
			order = append(order, text)
		}
		said[text]++
	}
	switch {
	case asked == 0:
		return "not known: no Envoy could tell"
	case len(order) == 1 && asked == 1:
		return order[0]
	case len(order) == 1:
		return fmt.Sprintf("%s, say all %d Envoys", order[0], asked)
	}
	texts := make([]string, 0, len(order))
	for _, text := range order {
		texts = append(texts, fmt.Sprintf("%s, say %d of %d Envoys", text, said[text], asked))
	}
	return strings.Join(texts, "; ")
}

// servingOn says which tiers an Envoy sends requests to.
func (f Failover) servingOn(e Envoy) string {
	if len(e.Hosts) == 0 {
		return "nothing: Envoy knows no host of the cluster"
	}
	healthy := 0
	for _, host := range e.Hosts {
		if host.IsHealthy() {
			healthy++
		}
	}
	var parts []string
	for priority, load := range e.Load {
		switch {
		case load == 100:
			parts = append(parts, f.tierName(priority))
		case load > 0:
			parts = append(parts, fmt.Sprintf("%s with %d %%", f.tierName(priority), load))
		}
	}
	text := strings.Join(parts, ", ")
	if healthy == 0 {
		text += ", though no host is healthy (panic)"
	}
	return text
}

// WriteText writes failovers one below the other.
func WriteText(w io.Writer, failovers []Failover) error {
	for i, f := range failovers {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if err := f.write(w); err != nil {
			return err
		}
	}
	return nil
}

func (f Failover) write(w io.Writer) error {
	fmt.Fprintf(w, "%s, on Gateway %s\n", f.Name, diagnostic.Printable(f.Gateway))
	fmt.Fprintf(w, "serving: %s\n", diagnostic.Printable(f.Serving()))
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "  ENVOY\tPRIORITY\tHOST\tHEALTH\tREQUESTS\tFAILED")
	for _, e := range f.Envoys {
		name := diagnostic.Printable(e.Name)
		for _, host := range e.Hosts {
			health := "healthy"
			if !host.IsHealthy() {
				health = strings.Join(host.Faults, ", ")
			}
			address := host.Address
			if host.Hostname != "" && !strings.HasPrefix(host.Address, host.Hostname) {
				address += " (" + host.Hostname + ")"
			}
			fmt.Fprintf(table, "  %s\t%d\t%s\t%s\t%d\t%d\n", name, host.Priority, diagnostic.Printable(address), diagnostic.Printable(health), host.Requests, host.Failed)
			name = ""
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, e := range f.Envoys {
		if e.Problem != "" {
			fmt.Fprintf(w, "%s: %s\n", diagnostic.Printable(e.Name), diagnostic.Printable(e.Problem))
		}
	}
	if len(f.Conditions) == 0 {
		_, err := fmt.Fprintln(w, "no condition of its objects shows a problem")
		return err
	}
	for _, c := range f.Conditions {
		text := fmt.Sprintf("%s: %s is %s, %s", c.Object, c.Type, c.Status, c.Reason)
		if c.Message != "" {
			text += ": " + c.Message
		}
		fmt.Fprintln(w, diagnostic.Printable(text))
		if c.Fix != "" {
			fmt.Fprintf(w, "  fix: %s\n", c.Fix)
		}
	}
	return nil
}
