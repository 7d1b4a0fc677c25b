package drill

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/failover-krm/failover/e2e/cluster"
	"github.com/failover-krm/failover/e2e/manifests"
	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/prober"
)

// The course of a drill: at least so long before the outage and after it, and what is
// usual of the rest.
const (
	calm = 5 * time.Second
	tail = 35 * time.Second
	// shortest is how long a drill lasts at least.
	shortest = time.Minute

	usualRate    = 20
	usualOutage  = 20 * time.Second
	usualWorkers = 2
)

// Drill is one outage under one policy. What is zero is as usual.
type Drill struct {
	Policy manifests.Policy
	Fault  cluster.Fault
	// Method is that of HTTP requests.
	Method string
	// Route is the kind of route; empty for an HTTPRoute.
	Route v1alpha1.RouteKind
	// Kept tells that all calls of gRPC share a connection.
	Kept bool
	// HTTP2 tells that the application of an HTTPRoute speaks that, in clear text. It can
	// hang, and packets to it can be dropped.
	HTTP2 bool
	// Port is that of the listener of a TCPRoute.
	Port int
	// Rules is how many rules an HTTPRoute has, each with its own requests; 0 stands for one.
	Rules int
	// Rate is the number of requests a second; 0 stands for 20.
	Rate float64
	// Outage is how long the active tier is broken; 0 stands for 20 s.
	Outage time.Duration
	// Active and Passive are how many hosts the tiers have; 0 stands for one.
	Active, Passive int
	// ActiveTier is an active tier of several hosts, of which the first is broken; the
	// zero value is that of Active.
	ActiveTier manifests.Tier
	// Broken is how many hosts of the active tier are broken; 0 stands for all.
	Broken int
	// PassiveToo is when all of the passive tier is broken as well.
	PassiveToo Second
	// Workers is how many threads Envoy has; 0 stands for two.
	Workers int
	// NoMergeWindow tells Envoy to hold no change of health back.
	NoMergeWindow bool
}

// Second is an outage of the passive tier, in the same way as that of the active one.
type Second struct {
	// After counts from the outage of the active tier.
	After time.Duration
	// For is how long it lasts; 0 stands for none.
	For time.Duration
}

// RequestsPerSecond is the rate of the drill.
func (d Drill) RequestsPerSecond() float64 { return cmp.Or(d.Rate, usualRate) }

// OutageLength is how long the active tier is broken.
func (d Drill) OutageLength() time.Duration { return cmp.Or(d.Outage, usualOutage) }

// Tiers is how many hosts each tier has.
func (d Drill) Tiers() []int { return []int{max(1, d.Active, d.ActiveTier.Hosts()), max(1, d.Passive)} }

// BrokenHosts is how many hosts of the active tier are broken.
func (d Drill) BrokenHosts() int {
	if d.ActiveTier.Name != "" {
		return 1
	}
	return cmp.Or(d.Broken, d.Tiers()[0])
}

// Threads is how many of them Envoy has.
func (d Drill) Threads() int { return cmp.Or(d.Workers, usualWorkers) }

// Duration is how long requests are sent.
func (d Drill) Duration() time.Duration { return max(shortest, calm+d.OutageLength()+tail) }

func (d Drill) interval() time.Duration {
	return time.Duration(float64(time.Second) / d.RequestsPerSecond())
}

// RuleCount is how many rules the route has.
func (d Drill) RuleCount() int { return max(1, d.Rules) }

// Sent is what the probe sends, in words.
func (d Drill) Sent() string {
	switch d.Route {
	case v1alpha1.RouteKindGRPC:
		if d.Kept {
			return "gRPC, kept"
		}
		return "gRPC"
	case v1alpha1.RouteKindTLS:
		return "TLS"
	case v1alpha1.RouteKindTCP:
		return "TCP"
	default:
		return d.Method
	}
}

// breakAfter is when a request is due before which there was calm.
func (d Drill) breakAfter() time.Duration {
	interval := d.interval()
	return (calm + interval - 1) / interval * interval
}

// Besides says what is not as usual, in words.
func (d Drill) Besides() string {
	var parts []string
	add := func(is bool, format string, values ...any) {
		if is {
			parts = append(parts, fmt.Sprintf(format, values...))
		}
	}
	tiers := d.Tiers()
	add(d.OutageLength() != usualOutage, "%.0f s", d.OutageLength().Seconds())
	isNamed := d.ActiveTier.Name != ""
	add(isNamed, "%s", d.ActiveTier.Name)
	add(!isNamed && tiers[0]+tiers[1] != 2, "%d+%d hosts", tiers[0], tiers[1])
	add(!isNamed && d.BrokenHosts() < tiers[0], "%d broken", d.BrokenHosts())
	add(d.PassiveToo.For > 0, "passive %.0f s to %.0f s", d.PassiveToo.After.Seconds(), (d.PassiveToo.After + d.PassiveToo.For).Seconds())
	add(d.RuleCount() > 1, "%d rules", d.RuleCount())
	add(d.HTTP2, "HTTP/2")
	add(d.Threads() == 1, "1 worker")
	add(d.Threads() > usualWorkers, "%d workers", d.Threads())
	add(d.NoMergeWindow, "no merge window")
	return strings.Join(parts, ", ")
}

// String names the drill by what is done in it.
func (d Drill) String() string {
	name := fmt.Sprintf("%s/%s/%s", d.Policy.Name, d.Fault, d.Sent())
	if d.RequestsPerSecond() != usualRate {
		name += fmt.Sprintf(", %g/s", d.RequestsPerSecond())
	}
	if besides := d.Besides(); besides != "" {
		name += ", " + besides
	}
	return name
}

// short has the words of a name that a namespace has no room for.
var short = strings.NewReplacer(" hosts", "h", " broken", "b", " workers", "w", " worker", "w", "no merge window", "m0", " s", "s", "/s", "r")

var notOfLabel = regexp.MustCompile(`[^a-z0-9]+`)

// Namespace is that of the drill's own resources.
func (d Drill) Namespace() string {
	return notOfLabel.ReplaceAllString(short.Replace(strings.ToLower(d.String())), "-")
}

// Hostname is how requests ask for the drill's own route.
func (d Drill) Hostname() string {
	return d.Namespace() + ".example.com"
}

// Spec is what is applied for the drill, on the given Gateway.
func (d Drill) Spec(gateway types.NamespacedName) manifests.Spec {
	tiers := d.Tiers()
	return manifests.Spec{
		Namespace: d.Namespace(), Hostname: d.Hostname(), Gateway: gateway, Policy: d.Policy,
		Active: tiers[0], Passive: tiers[1], ActiveTier: d.ActiveTier, NoMergeWindow: d.NoMergeWindow, Route: d.Route, Rules: d.Rules, Port: d.Port, HTTP2: d.HTTP2,
	}
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

// Measured is what a drill did to its requests.
type Measured struct {
	// Report is that of the first rule.
	prober.Report
	// OfRules has that of each rule.
	OfRules []prober.Report
	// Passive is when the passive tier was broken too.
	Passive prober.Times
	// Requests are those of the first rule.
	Requests []prober.Request
}

// Run carries out the drill on a tier that serves, from the given time on. The targets are
// those of each rule. A request waits for its answer for as long as patience says.
func (d Drill) Run(ctx context.Context, c *cluster.Cluster, targets []prober.Asker, start time.Time, patience time.Duration) (Measured, error) {
	outage := prober.Outage{Active: isOf("active"), Passive: isOf("passive")}
	var passive prober.Times
	var activeFault, passiveFault error
	var breaking sync.WaitGroup
	begin, end := d.breakAfter(), d.breakAfter()+d.OutageLength()
	breaking.Go(func() {
		outage.Times, activeFault = d.breakHosts(ctx, c, start, manifests.Hosts("active", d.BrokenHosts()), begin, end)
	})
	if second := d.PassiveToo; second.For > 0 {
		breaking.Go(func() {
			begin := begin + second.After
			passive, passiveFault = d.breakHosts(ctx, c, start, manifests.Hosts("passive", d.Tiers()[1]), begin, begin+second.For)
		})
	}
	requests := make([][]prober.Request, len(targets))
	var probing sync.WaitGroup
	for i, target := range targets {
		probe := prober.Probe{Target: target, Rate: d.RequestsPerSecond(), Duration: d.Duration(), Patience: patience}
		probing.Go(func() { requests[i] = probe.Run(ctx, start) })
	}
	probing.Wait()
	breaking.Wait()
	measured := Measured{Passive: passive, Requests: requests[0]}
	for _, ofRule := range requests {
		measured.OfRules = append(measured.OfRules, prober.NewReport(ofRule, outage))
	}
	measured.Report = measured.OfRules[0]
	for _, ofRule := range measured.OfRules {
		measured.RateError = errors.Join(measured.RateError, ofRule.RateError)
	}
	return measured, errors.Join(activeFault, passiveFault)
}

// isOf tells whether a pod is of a tier.
func isOf(tier string) func(pod string) bool {
	return func(pod string) bool { return strings.HasPrefix(pod, tier+"-") }
}

// breakHosts breaks hosts and restores them, and writes down when.
func (d Drill) breakHosts(ctx context.Context, c *cluster.Cluster, start time.Time, hosts []string, begin, end time.Duration) (prober.Times, error) {
	var times prober.Times
	// Halfway between two requests, the tier is least likely to be at work on one.
	if err := waitUntil(ctx, start.Add(begin+d.interval()/2)); err != nil {
		return times, err
	}
	times.Broken = time.Since(start)
	inForce := make([]time.Time, len(hosts))
	if err := d.atOnce(hosts, func(i int, host types.NamespacedName) (err error) {
		inForce[i], err = c.Break(ctx, host, d.Fault)
		return err
	}); err != nil {
		return times, fmt.Errorf("break: %w", err)
	}
	for _, when := range inForce {
		times.InForce = max(times.InForce, when.Sub(start))
	}
	if err := waitUntil(ctx, start.Add(end)); err != nil {
		return times, err
	}
	if err := d.atOnce(hosts, func(_ int, host types.NamespacedName) error { return c.Restore(ctx, host, d.Fault) }); err != nil {
		return times, fmt.Errorf("restore: %w", err)
	}
	times.Restored = time.Since(start)
	return times, nil
}

// atOnce does something with all hosts at the same time.
func (d Drill) atOnce(hosts []string, do func(i int, host types.NamespacedName) error) error {
	problems := make([]error, len(hosts))
	var all sync.WaitGroup
	for i, host := range hosts {
		all.Go(func() { problems[i] = do(i, types.NamespacedName{Namespace: d.Namespace(), Name: host}) })
	}
	all.Wait()
	return errors.Join(problems...)
}

func waitUntil(ctx context.Context, when time.Time) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Until(when)):
		return nil
	}
}
