package drill_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/internal/hostile"
	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/compile"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/drill"
	"github.com/failover-krm/failover/pkg/envoy"
	"github.com/failover-krm/failover/pkg/prober"
	"github.com/failover-krm/failover/pkg/target"
)

var update = flag.Bool("update", false, "write the golden files")

const spec = `apiVersion: failover.krm.dev/v1alpha1
kind: FailoverSpec
metadata: {name: shop, namespace: web}
spec:
  target: envoy-gateway-1.9.1
  hostnames: [shop.example.com]
  active: {service: {name: shop, port: 8080}}
  passive: {service: {name: shop-standby, port: 8080}}
  policy: {profile: custom, healthCheck: {passive: {baseEjectionTime: 10s, interval: 2s, maxEjectionPercent: 100, consecutive5XxErrors: 1, consecutiveLocalOriginFailures: 1}}}
`

func failoverOf(t *testing.T, spec string) check.Failover {
	t.Helper()
	documents, err := document.Parse([]byte(spec), "shop.yaml")
	require.NoError(t, err)
	report, err := compile.Check(diagnostic.Subjects(documents), target.Default, check.Options{Complete: true})
	require.NoError(t, err)
	require.Len(t, report.Failovers, 1)
	return report.Failovers[0]
}

// outage is a drill of 60 seconds under that policy: active is down from second 10 to 30.
// A request is lost at once, and a second of them when the ejection lapses.
func outage(t *testing.T, change func(*drill.Outcome)) drill.Outcome {
	t.Helper()
	const interval = 50 * time.Millisecond
	plan := drill.Plan{
		Failover: failoverOf(t, spec), Gateway: "web/shop-gateway", Kind: envoy.Closed, Course: drill.DefaultCourse(),
		Target:  prober.HTTP{Address: "10.0.0.7:80", Host: "shop.example.com", Path: "/", Method: http.MethodGet},
		Break:   []drill.Step{{Kubectl: []string{"scale", "deployment/shop", "--namespace=web", "--current-replicas=1", "--replicas=0"}}},
		Restore: []drill.Step{{Kubectl: []string{"scale", "deployment/shop", "--namespace=web", "--replicas=1"}}},
	}
	outcome := drill.Outcome{
		Plan: plan, Start: time.Date(2026, 11, 27, 20, 0, 0, 0, time.UTC), Back: true,
		Times:  drill.Times{Broken: 10010 * time.Millisecond, InForce: 10100 * time.Millisecond, Restoring: 30010 * time.Millisecond, Restored: 30200 * time.Millisecond},
		Events: []drill.Event{{At: 0, Text: "calm: requests are sent"}, {At: 10010 * time.Millisecond, Text: "active is broken"}, {At: 30200 * time.Millisecond, Text: "active is restored"}},
	}
	for i := range 1200 {
		due := time.Duration(i) * interval
		request := prober.Request{Due: due, Sent: due, Latency: 2 * time.Millisecond, Answer: prober.Answer{Status: http.StatusOK, From: "active"}}
		switch {
		case due == 10050*time.Millisecond || due >= 22050*time.Millisecond && due < 23100*time.Millisecond:
			request.Answer = prober.Answer{Status: http.StatusServiceUnavailable}
		case due > 10050*time.Millisecond && due < 42*time.Second:
			request.Answer.From = "passive"
		}
		outcome.Requests = append(outcome.Requests, request)
	}
	change(&outcome)
	return outcome
}

func unchanged(*drill.Outcome) {}

func TestReportFigures(t *testing.T) {
	limit := func(d time.Duration) *time.Duration { return &d }
	tests := []struct {
		name       string
		change     func(*drill.Outcome)
		lost       int
		failover   time.Duration
		failback   time.Duration
		windows    int
		result     drill.Result
		exceeds    []string
		noForecast string
	}{
		{
			name: "as the policy promises", change: unchanged,
			lost: 22, failover: 52 * time.Millisecond, failback: 11802 * time.Millisecond, windows: 2, result: drill.Kept,
		},
		{
			name: "within its budget",
			change: func(o *drill.Outcome) {
				o.Plan.Course.Budget.Lost, o.Plan.Course.Budget.Failover, o.Plan.Course.Budget.Failback = "6%", limit(time.Second), limit(20*time.Second)
			},
			lost: 22, failover: 52 * time.Millisecond, failback: 11802 * time.Millisecond, windows: 2, result: drill.Kept,
		},
		{
			name: "beyond all of its budget",
			change: func(o *drill.Outcome) {
				o.Plan.Course.Budget.Lost, o.Plan.Course.Budget.Failover, o.Plan.Course.Budget.Failback = "1", limit(50*time.Millisecond), limit(time.Second)
			},
			lost: 22, failover: 52 * time.Millisecond, failback: 11802 * time.Millisecond, windows: 2, result: drill.Exceeded,
			exceeds: []string{"22 requests were lost, and --max-lost is 1", "fails over after 0.1 s, and --max-failover is 50ms", "fails back after 11.8 s, and --max-failback is 1s"},
		},
		{
			name: "a run of passive that is broken within a second does not count",
			change: func(o *drill.Outcome) {
				for i := range o.Requests {
					if due := o.Requests[i].Due; due > 10500*time.Millisecond && due < 11*time.Second {
						o.Requests[i].Answer = prober.Answer{Status: http.StatusServiceUnavailable}
					}
				}
			},
			lost: 31, failover: 952 * time.Millisecond, failback: 11802 * time.Millisecond, windows: 2, result: drill.Kept,
		},
		{
			name: "never fails over nor back",
			change: func(o *drill.Outcome) {
				for i := range o.Requests {
					if o.Requests[i].Due > 10*time.Second {
						o.Requests[i].Answer = prober.Answer{Status: http.StatusServiceUnavailable}
					}
				}
			},
			lost: 999, failover: prober.Never, failback: prober.Never, windows: 1, result: drill.Kept,
		},
		{
			name: "somebody else restores active",
			change: func(o *drill.Outcome) {
				for i := range o.Requests {
					if due := o.Requests[i].Due; due > 15*time.Second && due < 42*time.Second {
						o.Requests[i].Answer = prober.Answer{Status: http.StatusOK, From: "active"}
					}
				}
			},
			lost: 1, failover: 52 * time.Millisecond, failback: 2 * time.Millisecond, windows: 1, result: drill.Kept,
			noForecast: "something else restored it",
		},
		{
			name: "active hangs, and answers what still waits when it is restored",
			change: func(o *drill.Outcome) {
				for i := range o.Requests {
					request := &o.Requests[i]
					switch {
					case request.Due < 10*time.Second || request.Due > 30200*time.Millisecond:
						request.Answer.From = "active"
					case request.Due > 25*time.Second:
						request.Latency = 30150*time.Millisecond - request.Due
						request.Answer = prober.Answer{Status: http.StatusOK, From: "active"}
					default:
						request.Latency, request.Answer, request.Err = 5*time.Second, prober.Answer{}, context.DeadlineExceeded
					}
				}
				o.Plan.Kind = envoy.Hang
			},
			lost: 300, failover: prober.Never, failback: 0, windows: 1, result: drill.Kept,
		},
		{
			name: "interrupted", change: func(o *drill.Outcome) { o.Interrupted = true },
			lost: 22, failover: 52 * time.Millisecond, failback: 11802 * time.Millisecond, windows: 2, result: drill.Interrupted, noForecast: "the drill was interrupted",
		},
		{
			name: "an unknown kind of outage", change: func(o *drill.Outcome) { o.Plan.Kind = "" },
			lost: 22, failover: 52 * time.Millisecond, failback: 11802 * time.Millisecond, windows: 2, result: drill.Kept, noForecast: "give --outage",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			report := outage(t, test.change).Report()
			assert.Equal(t, test.lost, report.Lost)
			assert.Equal(t, test.failover, report.Failover)
			assert.Equal(t, test.failback, report.Failback)
			assert.Len(t, report.Windows, test.windows)
			assert.Equal(t, test.result, report.Result)
			assert.Equal(t, test.exceeds, report.Exceeds)
			require.NoError(t, report.RateError)
			if test.noForecast == "" {
				assert.NotNil(t, report.Prediction)
			} else {
				assert.Nil(t, report.Prediction)
				assert.Contains(t, report.NoPrediction, test.noForecast)
			}
			sent := 0
			for _, phase := range report.Phases {
				sent += phase.Sent
			}
			assert.Equal(t, 1200, sent, "each request is of one phase")
			assert.LessOrEqual(t, report.Lost, report.Sent)
		})
	}
}

func TestReportGolden(t *testing.T) {
	report := outage(t, unchanged).Report()
	assert.True(t, report.Prediction.Agrees(), "%v", report.Prediction)
	forms := map[string]func(io.Writer) error{"report.jsonl": report.WriteLog, "record.yaml": func(w io.Writer) error { return report.WriteRecord(w, nil) }}
	for _, format := range drill.Formats() {
		forms["report."+string(format)] = func(w io.Writer) error { return report.Write(w, format) }
	}
	for name, write := range forms {
		t.Run(name, func(t *testing.T) {
			var text strings.Builder
			require.NoError(t, write(&text))
			golden := filepath.Join("testdata", name)
			got := text.String()
			if name == "report.jsonl" {
				got = strings.Join(strings.SplitAfter(got, "\n")[199:204], "") // those around the beginning
			}
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			assert.Equal(t, string(want), got)
		})
	}
}

// TestRecords: a record takes the place of those of the same failover, and of no others.
func TestRecords(t *testing.T) {
	const of = "apiVersion: failover.krm.dev/v1alpha1\nkind: FailoverDrill\nmetadata: {name: %s, namespace: %s}\n" +
		"spec: {kind: %s, rule: %d, date: \"2026-01-01T00:00:00Z\", result: kept, outage: an old one, for: 20s, sent: 800, lost: 0}\n"
	same := fmt.Sprintf(of, "shop", "web", "HTTPRoute", 0)
	report := outage(t, unchanged).Report()
	var alone strings.Builder
	require.NoError(t, report.WriteRecord(&alone, nil))
	for name, other := range map[string]string{
		"kind":      fmt.Sprintf(of, "shop", "web", "GRPCRoute", 0),
		"namespace": fmt.Sprintf(of, "shop", "shops", "HTTPRoute", 0),
		"name":      "# who drilled it\n" + fmt.Sprintf(of, "orders", "web", "HTTPRoute", 0),
		"rule":      fmt.Sprintf(of, "shop", "web", "HTTPRoute", 1),
	} {
		t.Run("of another "+name, func(t *testing.T) {
			for before, after := range map[string]string{
				other:                  other + "---\n" + alone.String(),
				same + "---\n" + other: alone.String() + "---\n" + other,
				other + "---\n" + same + "---\n" + same + "\n": other + "---\n" + alone.String(),
			} {
				records, err := drill.ParseRecords([]byte(before), "shop.drill.yaml")
				require.NoError(t, err)
				var text strings.Builder
				require.NoError(t, report.WriteRecord(&text, records))
				assert.Equal(t, after, text.String())
			}
		})
	}
	for name, text := range map[string]string{"another kind": same + "---\nkind: HTTPRoute\n", "a wrong record": strings.Replace(same, "kept", "good", 1), "no YAML": "a: [\n"} {
		_, err := drill.ParseRecords([]byte(text), "shop.drill.yaml")
		assert.ErrorContains(t, err, "shop.drill.yaml:", name)
	}
}

// TestReportIsHarmless: whatever a name or an answer is, it is text in each form.
func TestReportIsHarmless(t *testing.T) {
	for _, text := range hostile.Texts(100) {
		report := outage(t, func(o *drill.Outcome) {
			o.Plan.Kind = ""
			o.Plan.Gateway, o.Plan.Target.Path, o.Plan.Target.Host = text, "/"+text, text
			o.Plan.Failover.Route.Name = text
			o.Events = append(o.Events, drill.Event{Text: text})
			o.Plan.Break = []drill.Step{{Shell: text}}
		}).Report()
		var page strings.Builder
		require.NoError(t, report.Write(&page, drill.HTML))
		assertHarmlessHTML(t, page.String())
		for _, format := range []drill.Format{drill.JSON, drill.JUnit, drill.Markdown, drill.Text} {
			var out strings.Builder
			require.NoError(t, report.Write(&out, format))
			switch format {
			case drill.JSON:
				assert.True(t, json.Valid([]byte(out.String())))
			case drill.JUnit:
				require.NoError(t, xml.Unmarshal([]byte(out.String()), new(struct{})))
			case drill.Markdown:
				assert.NotRegexp(t, `<[a-zA-Z!/]`, out.String())
			case drill.Text:
				assert.NotContains(t, out.String(), "\x1b")
			}
		}
	}
}

// assertHarmlessHTML reads a page as XML, which it is except for its first line and the elements
// that have no end, and looks for elements and attributes that are not the report's own.
func assertHarmlessHTML(t *testing.T, page string) {
	t.Helper()
	known := map[string]bool{}
	for name := range strings.FieldsSeq("html head meta title style body main h1 p table tr th td svg desc g rect path text tspan circle") {
		known[name] = true
	}
	decoder := xml.NewDecoder(strings.NewReader(page))
	decoder.Strict, decoder.AutoClose = false, xml.HTMLAutoClose
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
		if element, isElement := token.(xml.StartElement); isElement {
			assert.True(t, known[element.Name.Local], "element %s", element.Name.Local)
			for _, attribute := range element.Attr {
				assert.False(t, strings.HasPrefix(strings.ToLower(attribute.Name.Local), "on"), "attribute %s", attribute.Name.Local)
				assert.NotContains(t, []string{"href", "src"}, attribute.Name.Local)
			}
		}
	}
}

func TestParseMark(t *testing.T) {
	for _, text := range []string{"header:X-Tier=^active$", "json:pod=^shop-", "json:a.b=1", "body=active"} {
		mark, err := drill.ParseMark(text)
		require.NoError(t, err)
		assert.Equal(t, text, mark.String())
	}
	for _, text := range []string{"", "pod=^shop", "json=x", "header:=x", "json:pod", "json:pod=", "body:x=y", "json:pod=("} {
		_, err := drill.ParseMark(text)
		assert.ErrorContains(t, err, `"`+text+`"`)
	}
}
