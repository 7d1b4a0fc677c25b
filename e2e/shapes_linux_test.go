package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/e2e/drill"
	"github.com/failover-krm/failover/e2e/predictions"
)

// timesAgree is the share of drills whose times must be as predicted.
const timesAgree = 0.9

// TestShapes drills what a failover can be other than one rule of HTTP and one host a tier:
// several rules, each of which learns of an outage by itself, weighted and headless backends of which one is
// down, gRPC, TLS and TCP; and it changes spec.prefer under load. What is lost, and when
// the traffic moves, is what was predicted. A drill that disagrees is carried out twice
// more, and most of its runs must agree: where the machine has other work to do, Envoy may
// eject a host later. With -long it carries out more drills, three times each, and writes
// their table.
func TestShapes(t *testing.T) {
	c := startCluster(t)
	wanted := regexp.MustCompile(*only)
	drills := slices.DeleteFunc(drill.Shapes(*long), func(d drill.Drill) bool { return !wanted.MatchString(d.String()) })
	startGateways(t, c, drills)
	runs := 1
	if *long {
		runs = 3
	}
	rows := make([][]predictions.Repeated, len(drills))
	for i, d := range drills {
		rows[i] = make([]predictions.Repeated, d.RuleCount())
	}

	switching := prepareSwitchovers(t, c)
	var running sync.WaitGroup // without drills, which Envoy Gateway's work would delay
	for _, s := range switching {
		running.Go(func() { s.run(t.Context(), c) })
	}
	running.Wait()
	disagrees := func(of predictions.Repeated) bool { return !of.MostlyAgrees() }
	isDue := func(ofRules []predictions.Repeated) bool {
		held := len(ofRules[0])
		return held < runs || held < runs+repetitions && slices.ContainsFunc(ofRules, disagrees)
	}
	for range runs + 2*repetitions {
		var due []int
		for i := range drills {
			if isDue(rows[i]) {
				due = append(due, i)
			}
		}
		for batch := range slices.Chunk(due, sideBySideDrills) {
			var of []drill.Drill
			for _, i := range batch {
				of = append(of, drills[i])
			}
			for j, measured := range runDrills(t, c, of) {
				if measured.RateError != nil {
					continue
				}
				for rule, report := range measured.OfRules {
					measured.Report = report
					assert.Zero(t, report.LostBefore, "%s: lost requests before the outage: %s", of[j], report)
					found, err := predictions.Compare(of[j], measured, *envoyGatewayVersion, *patience)
					require.NoError(t, err)
					rows[batch[j]][rule] = append(rows[batch[j]][rule], found)
				}
			}
		}
	}
	var all []predictions.Comparison
	for i, d := range drills {
		t.Run(d.String(), func(t *testing.T) {
			for _, ofRule := range rows[i] {
				require.GreaterOrEqual(t, len(ofRule), runs, "runs whose rate was held")
				for _, found := range ofRule {
					t.Log("lost", found.Lost, "passive", found.ByPassive, "failover", found.Failover, "failback", found.Failback)
				}
				assert.True(t, ofRule.MostlyAgrees(), "lost requests, or those that passive served, are not as predicted in most runs")
				all = append(all, ofRule...)
			}
		})
	}
	// An ejection may lapse an interval earlier where the machine has other work to do.
	assert.GreaterOrEqual(t, predictions.Share(all, func(c predictions.Comparison) bool { return c.Failover.Agrees() }), timesAgree, "times to fail over")
	assert.GreaterOrEqual(t, predictions.Share(all, func(c predictions.Comparison) bool { return c.Failback.Agrees() }), timesAgree, "times to fail back")
	for _, s := range switching {
		t.Run("switchover/"+s.spec.Policy.Name, s.check)
	}
	if *long && *only == "" {
		writeShapes(t, slices.Concat(rows...), switching)
	}
}

// writeShapes writes its part of the page of the drills.
func writeShapes(t *testing.T, rows []predictions.Repeated, switching []*switchover) {
	t.Helper()
	for _, row := range rows {
		if len(row) == 0 {
			return // the page has all of them, or stays as it is
		}
	}
	path := filepath.Join("..", "docs", "drills.md")
	page, err := os.ReadFile(path)
	require.NoError(t, err)
	drills, _, _ := strings.Cut(string(page), shapesHeading)
	var switchovers strings.Builder
	for _, s := range switching {
		fmt.Fprintf(&switchovers, "| %s | %d | %d / 0 |\n", s.spec.Policy.Name, len(s.requests), s.lost())
	}
	text := drills + shapesHeading + fmt.Sprintf(shapesPart, *envoyGatewayVersion, predictions.ShapesTable(rows), switchRate, atWork, switchAfter, 2*switchAfter, switchovers.String())
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}

const shapesHeading = "\n## Other shapes: rules, hosts, gRPC, TLS, TCP, and a switchover\n"

const shapesPart = `
The same minute, under Envoy Gateway %s, for failovers that are not one rule of HTTP with one host a tier. A figure is
measured / predicted by the [simulation](simulation.md), which is told when the outage was really in force; in bold where they differ by
more than 2 requests or 5 %%, or by more than 0.3 s. *By passive* is how many of the outage's 400 requests it answered.

- *2 rules* are two of one HTTPRoute, with 20 requests a second each. Each is a cluster of Envoy's that **learns of the outage
  separately, so both lose requests**: a line for each.
- *weighted* is a tier of two backends, of weight 90 and 10, of which the first is broken. *headless* is one of three pods behind a
  headless Service, of which one is broken.
- A *GRPCRoute* gets unary calls with a deadline of 5 s. *One connection* is that of a client which keeps it, and so always has the
  same thread of Envoy; otherwise each call has a new one. In *unavailable* and *internal* the server answers that.
- A *TLSRoute* and a *TCPRoute* get new connections, each with a small exchange.
- *safe-active* and *zero-loss-active* have an active check: by gRPC (grpc: {}), and of connections (tcp: {}) for TLS and TCP.

%s
And spec.prefer, changed by kubectl apply under %d requests a second that take %s each: to passive after %s, and back to active after %s.

| policy | requests | lost |
|---|---|---|
%s
Written by ` + "`make drills`" + `.
`
