package drill

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/failover-krm/failover/e2e/cluster"
	"github.com/failover-krm/failover/e2e/manifests"
	"github.com/failover-krm/failover/e2e/prober"
)

// The course of every drill, counted from the first request.
const (
	breakAfter = 5 * time.Second
	mendAfter  = 25 * time.Second
	duration   = 60 * time.Second
	// usualRate is the number of requests a second.
	usualRate = 20
)

// Drill is one outage under one policy.
type Drill struct {
	Policy manifests.Policy
	Fault  cluster.Fault
	Method string
	// Rate is the number of requests a second; 0 stands for 20.
	Rate int
	// Active is the tier, of which one host is broken; the zero value has one.
	Active manifests.Tier
}

// RequestsPerSecond is the rate of the drill.
func (d Drill) RequestsPerSecond() int { return cmp.Or(d.Rate, usualRate) }

// All returns the drills that make up the table of drills.
func All() []Drill {
	var all []Drill
	for _, policy := range manifests.Policies {
		for _, fault := range cluster.Faults {
			all = append(all, Drill{Policy: policy, Fault: fault, Method: http.MethodGet})
		}
	}
	return append(all,
		Drill{Policy: manifests.Safe, Fault: cluster.PortClosed, Method: http.MethodPost},
		Drill{Policy: manifests.SafeActive, Fault: cluster.PortClosed, Method: http.MethodPost},
		Drill{Policy: manifests.DefaultsOnly, Fault: cluster.PortClosed, Method: http.MethodGet},
		Drill{Policy: manifests.ActiveOnly, Fault: cluster.PortClosed, Method: http.MethodGet},
		Drill{Policy: manifests.WorkshopRetry, Fault: cluster.PortClosed, Method: http.MethodGet},
	)
}

// String names the drill by what is done in it.
func (d Drill) String() string {
	return strings.TrimSuffix(fmt.Sprintf("%s/%s/%s/%s", d.Policy.Name, d.Fault, d.Method, d.Active.Name), "/")
}

// Namespace is that of the drill's own resources.
func (d Drill) Namespace() string {
	return strings.ToLower(strings.ReplaceAll(d.String(), "/", "-"))
}

// Hostname is how requests ask for the drill's own route.
func (d Drill) Hostname() string {
	return d.Namespace() + ".example.com"
}

// LosesNothing reports whether the policy promises that no request is lost.
func (d Drill) LosesNothing() bool {
	switch d.Policy.Name {
	case manifests.Safe.Name, manifests.SafeActive.Name:
		return d.Fault == cluster.PortClosed
	case manifests.ZeroLoss.Name, manifests.ZeroLossActive.Name:
		return d.Method == http.MethodGet
	}
	return false
}

// Run carries out the drill on a tier that serves, from the given time on. A
// request waits for its answer for as long as patience says.
func (d Drill) Run(ctx context.Context, c *cluster.Cluster, target prober.Target, start time.Time, patience time.Duration) (prober.Report, error) {
	outage := prober.Outage{
		Active:  func(pod string) bool { return strings.HasPrefix(pod, "active-") },
		Passive: func(pod string) bool { return strings.HasPrefix(pod, "passive-") },
	}
	var fault error
	done := make(chan struct{})
	go func() {
		defer close(done)
		fault = d.breakAndMend(ctx, c, start, &outage)
	}()
	requests := prober.Probe{Target: target, Rate: d.RequestsPerSecond(), Duration: duration, Patience: patience}.Run(ctx, start)
	<-done
	return prober.NewReport(requests, outage), fault
}

// breakAndMend writes down when it did that.
func (d Drill) breakAndMend(ctx context.Context, c *cluster.Cluster, start time.Time, outage *prober.Outage) error {
	active := types.NamespacedName{Namespace: d.Namespace(), Name: "active"}
	// Halfway between two requests, the tier is least likely to be at work on one.
	halfway := time.Second / time.Duration(d.RequestsPerSecond()) / 2
	if err := waitUntil(ctx, start.Add(breakAfter+halfway)); err != nil {
		return err
	}
	outage.Broken = time.Since(start)
	inForce, err := c.Break(ctx, active, d.Fault)
	if err != nil {
		return fmt.Errorf("break: %w", err)
	}
	outage.InForce = inForce.Sub(start)
	if err := waitUntil(ctx, start.Add(mendAfter)); err != nil {
		return err
	}
	if err := c.Restore(ctx, active, d.Fault); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	outage.Restored = time.Since(start)
	return nil
}

func waitUntil(ctx context.Context, when time.Time) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Until(when)):
		return nil
	}
}
