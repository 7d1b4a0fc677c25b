package e2e

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/e2e/cluster"
	"github.com/failover-krm/failover/e2e/drill"
	"github.com/failover-krm/failover/e2e/manifests"
	"github.com/failover-krm/failover/e2e/prober"
)

// change is what is done to the Deployment of three pods behind a headless Service, under
// load.
type change struct {
	name string
	// policy is that of the FailoverSpec, as YAML.
	policy string
	// preStop is for how many seconds a pod goes on when it is to end.
	preStop int
	// isScaled tells that the Deployment is scaled to 0 and back; else it is rolled.
	isScaled bool
	// losesNothing and keepsActive are what is promised.
	losesNothing, keepsActive bool
}

// withoutRetry is the profile safe but for its retry.
const withoutRetry = "{profile: safe, retry: {numRetries: 0}}"

// changes are those of docs/hosts.md.
var changes = []change{
	{name: "rolled", policy: withoutRetry},
	{name: "rolled-safe", policy: "{profile: safe}"},
	{name: "rolled-prestop", policy: withoutRetry, preStop: 10, losesNothing: true, keepsActive: true},
	{name: "rolled-safe-prestop", policy: "{profile: safe}", preStop: 10, losesNothing: true, keepsActive: true},
	{name: "scaled-safe", policy: "{profile: safe}", isScaled: true},
	{name: "scaled-prestop", policy: withoutRetry, preStop: 10, isScaled: true, losesNothing: true},
}

const (
	changeRate = 20
	// changeWork is how long each request takes, so that some are always under way.
	changeWork = "200ms"
	// changeAfter is when the Deployment is changed, and changeBack when it is scaled back.
	changeAfter = 2 * time.Second
	changeBack  = 16 * time.Second
	changeEnd   = 25 * time.Second
)

// TestChangedPods rolls a Deployment of three pods behind a headless Service to a new version
// under load, and scales it to 0 and back: with and without retries, and with pods that go
// on until Envoy has seen in the DNS that they are leaving.
func TestChangedPods(t *testing.T) {
	c := startCluster(t)
	startGateways(t, c, []drill.Drill{{}})
	for _, of := range changes {
		t.Run(of.name, func(t *testing.T) {
			t.Parallel()
			target := of.start(t, c)
			defer kubectl(t, c, "delete httproute,backendtrafficpolicy,backend,deployment,service --all --namespace "+of.namespace())
			report := of.run(t, c, target)
			t.Log(of.row(report))
			assert.Zero(t, report.LostBefore, report)
			assert.NotEqual(t, prober.Never, report.Failback, "active serves in the end")
			if of.losesNothing {
				assert.Zero(t, report.Lost, report)
			}
			if of.keepsActive {
				assert.Equal(t, prober.Never, report.Failover, "passive is not needed")
			}
			if of.isScaled {
				assert.NotEqual(t, prober.Never, report.Failover, "passive takes over")
			}
		})
	}
}

func (of change) namespace() string { return "changed-" + of.name }

// containerEnd is the last line of a container that failover renders.
var containerEnd = regexp.MustCompile(`(?m)^( +)imagePullPolicy: IfNotPresent$`)

// start applies the failover, and returns where it answers, once Envoy knows all pods.
func (of change) start(t *testing.T, c *cluster.Cluster) prober.Target {
	t.Helper()
	gateway := gatewayOf(drill.Drill{})
	headless := strings.Replace(manifests.Echo, "{", "{clusterIP: None, replicas: 3, readinessProbe: {httpGet: {path: /healthz, port: 3000}}, ", 1)
	spec := fmt.Sprintf(`apiVersion: failover.krm.dev/v1alpha1
kind: FailoverSpec
metadata: {name: ha-failover, namespace: %s}
spec:
  hostnames: [%s.example.com]
  gateway: {namespace: %s, name: %s}
  active: {name: active, workload: %s}
  passive: {name: passive, workload: %s}
  policy: %s
`, of.namespace(), of.namespace(), gateway.Namespace, gateway.Name, headless, manifests.Echo, of.policy)
	rendered := render(t, spec)
	if of.preStop > 0 {
		rendered = containerEnd.ReplaceAllString(rendered, fmt.Sprintf("$0\n${1}lifecycle: {preStop: {sleep: {seconds: %d}}}", of.preStop))
	}
	require.NoError(t, c.Apply(t.Context(), manifests.Namespace(of.namespace())))
	require.NoError(t, c.Apply(t.Context(), rendered))
	address, err := c.GatewayHost(t.Context(), gateway)
	require.NoError(t, err)
	target := prober.Target{Address: address, Host: of.namespace() + ".example.com", Path: "/?delay=" + changeWork}
	waitUntilServed(t, target)
	name := fmt.Sprintf("httproute/%s/ha-failover/rule/0", of.namespace())
	require.Eventually(t, func() bool { return hostsOf(t, c, gateway)[name] == 4 }, time.Minute, time.Second, "three pods and the standby")
	return target
}

// run changes the pods under load. The outage of the report is from the change to its end.
func (of change) run(t *testing.T, c *cluster.Cluster, target prober.Target) prober.Report {
	t.Helper()
	outage := prober.Outage{Active: isActive, Passive: isPassive}
	start := time.Now()
	changed := make(chan error, 1)
	at := func(when time.Duration, arguments string) error {
		time.Sleep(time.Until(start.Add(when)))
		_, err := c.Kubectl(t.Context(), "", strings.Fields(arguments+" --namespace "+of.namespace())...)
		return err
	}
	go func() {
		outage.Broken, outage.InForce = changeAfter, changeAfter
		if !of.isScaled {
			err := at(changeAfter, "set env deployment/active VERSION=2")
			if err == nil {
				err = at(0, "rollout status deployment/active --timeout 20s")
			}
			outage.Restored = time.Since(start)
			changed <- err
			return
		}
		err := at(changeAfter, "scale deployment/active --replicas 0")
		if err == nil {
			err = at(changeBack, "scale deployment/active --replicas 3")
		}
		outage.Restored = time.Since(start)
		changed <- err
	}()
	requests := prober.Probe{Target: target, Rate: changeRate, Duration: changeEnd, Patience: *patience}.Run(t.Context(), start)
	require.NoError(t, <-changed)
	return prober.NewReport(requests, outage)
}

// row is the report as a row of docs/hosts.md.
func (of change) row(report prober.Report) string {
	return fmt.Sprintf("%s: %s; changed at %s and done at %s", of.name, report, prober.Seconds(report.Outage.Broken), prober.Seconds(report.Outage.Restored))
}
