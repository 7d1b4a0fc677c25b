package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"

	"github.com/failover-krm/failover/e2e/cluster"
	"github.com/failover-krm/failover/e2e/drill"
	"github.com/failover-krm/failover/e2e/manifests"
	"github.com/failover-krm/failover/pkg/api/v1alpha1"
)

// The ways of 'failover drill' to break a tier.
const (
	wayScale = "scale"
	wayPort  = "port"
	// wayOwn is a command of the user's own.
	wayOwn = "own"
)

// commandDrill is a drill by 'failover drill'.
type commandDrill struct {
	drill.Drill
	way string
}

func (d commandDrill) String() string { return d.Drill.String() + ", " + d.way }

// commandDrills are those that the command carries out. Of many, only the long form has all.
func commandDrills(long bool) []commandDrill {
	var all []commandDrill
	add := func(like drill.Drill, policies []manifests.Policy, faults ...cluster.Fault) {
		for _, policy := range policies {
			for _, fault := range faults {
				like.Policy, like.Fault, like.Rate = policy, fault, 0
				if fault != cluster.PortClosed {
					all = append(all, commandDrill{like, wayOwn})
					continue
				}
				all = append(all, commandDrill{like, wayScale})
				like.Rate = 10 // which makes another namespace of it
				all = append(all, commandDrill{like, wayPort})
			}
		}
	}
	http, grpc := drill.Drill{Method: http.MethodGet}, drill.Drill{Route: v1alpha1.RouteKindGRPC}
	three := []manifests.Policy{manifests.WorkshopPolicy, manifests.Safe, manifests.ZeroLoss}
	if !long {
		add(http, three, cluster.PortClosed)
		add(http, []manifests.Policy{manifests.Safe}, cluster.AnswersErrors)
		add(grpc, []manifests.Policy{manifests.Safe}, cluster.PortClosed, cluster.Unavailable)
		return all
	}
	add(http, append(three, manifests.SafeActive, manifests.ZeroLossActive), cluster.PortClosed, cluster.AnswersErrors, cluster.Hangs)
	add(grpc, []manifests.Policy{manifests.Safe, manifests.ZeroLoss}, cluster.PortClosed, cluster.Unavailable, cluster.Internal, cluster.Hangs)
	return all
}

// faultServer breaks and restores hosts for those who ask by HTTP, as a command of
// 'failover drill' does.
func faultServer(t *testing.T, c *cluster.Cluster) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		of := types.NamespacedName{Namespace: r.FormValue("namespace"), Name: "active"}
		fault := cluster.Fault(r.FormValue("fault"))
		var err error
		if r.URL.Path == "/break" {
			_, err = c.Break(context.Background(), of, fault)
		} else {
			err = c.Restore(context.Background(), of, fault)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// arguments of 'failover drill' except the file and the report.
func (d commandDrill) arguments(faults string) []string {
	arguments := []string{"--yes", fmt.Sprintf("--rate=%g", d.RequestsPerSecond())}
	switch d.way {
	case wayOwn:
		for _, do := range []string{"break", "restore"} {
			ask := fmt.Sprintf("%s/%s?namespace=%s&fault=%s", faults, do, d.Namespace(), d.Fault)
			arguments = append(arguments, fmt.Sprintf("--%s=python3 -c 'import urllib.request; urllib.request.urlopen(\"%s\").read()'", do, ask))
		}
		arguments = append(arguments, "--outage="+string(d.Fault))
	default:
		arguments = append(arguments, "--way="+d.way)
	}
	if d.Route == v1alpha1.RouteKindGRPC {
		arguments = append(arguments, "--path=/e2e.Echo/Pod", "--active-is=body=^.?.?active-", "--passive-is=body=^.?.?passive-")
	}
	return arguments
}

// drillReport is what 'failover drill -o json' writes.
type drillReport struct {
	Result    string
	Lost      int
	Sent      int
	RateError string
	Reasons   map[string]int
	Windows   json.RawMessage
	Failover  *float64 `json:"failoverSeconds"`
	Failback  *float64 `json:"failbackSeconds"`
	Predicted *struct {
		Agrees                                 bool
		Lost, FailoverSeconds, FailbackSeconds predictedFigure
	}
	NoPredictionReason string
}

// predictedFigure is a range, in which null stands for never.
type predictedFigure struct {
	Min, Max *float64
	Agrees   bool
}

func (f predictedFigure) String() string {
	text := secondsOf(f.Min) + " to " + secondsOf(f.Max)
	if !f.Agrees {
		text += " (does not agree)"
	}
	return text
}

// sideBySideCommands is how many drills by the command a small machine can have at once: each
// is a process, and starts others.
const sideBySideCommands = 10

// TestDrillCommand drills by the shipped command: each way to break a tier, HTTP and gRPC.
// The cluster is afterwards as it was before, and what was measured is what was predicted.
func TestDrillCommand(t *testing.T) {
	c := startCluster(t)
	drills := commandDrills(*long)
	plain := make([]drill.Drill, 0, len(drills))
	for _, d := range drills {
		plain = append(plain, d.Drill)
	}
	startGateways(t, c, plain)
	faults := faultServer(t, c)
	directory := t.TempDir()
	_, cleanUp := startDrills(t, c, plain)
	defer cleanUp()

	before := make([]string, len(drills))
	for i, d := range drills {
		before[i] = namespaceOf(t, c, d.Namespace())
	}
	type outcome struct {
		stdout, stderr bytes.Buffer
		err            error
	}
	outcomes := make([]outcome, len(drills))
	for first := 0; first < len(drills); first += sideBySideCommands {
		var running sync.WaitGroup
		for i := first; i < min(first+sideBySideCommands, len(drills)); i++ {
			d := drills[i]
			file := filepath.Join(directory, d.Namespace()+".yaml")
			require.NoError(t, os.WriteFile(file, []byte(d.Spec(gatewayOf(d.Drill)).FailoverSpec()), 0o600))
			arguments := append([]string{"drill", "--output=json", "--report=html=" + file + ".html", "--log=" + file + ".jsonl"}, d.arguments(faults)...)
			cmd := c.Command(t.Context(), c.Failover(), append(arguments, file)...)
			cmd.Dir = directory
			cmd.Stdout, cmd.Stderr = &outcomes[i].stdout, &outcomes[i].stderr
			running.Go(func() {
				time.Sleep(time.Duration(i-first) * 150 * time.Millisecond) // no two break their tier at the same moment
				outcomes[i].err = cmd.Run()
			})
		}
		running.Wait()
	}

	agree := 0
	for i, d := range drills {
		t.Run(d.String(), func(t *testing.T) {
			require.NoError(t, outcomes[i].err, outcomes[i].stderr.String())
			var report drillReport
			require.NoError(t, json.Unmarshal(outcomes[i].stdout.Bytes(), &report))
			assert.Equal(t, "kept", report.Result)
			require.NotNil(t, report.Predicted, report.NoPredictionReason)
			t.Logf("lost %d of %d, failover %s, failback %s, predicted lost %s, failover %s, failback %s %s", report.Lost, report.Sent, secondsOf(report.Failover), secondsOf(report.Failback),
				report.Predicted.Lost, report.Predicted.FailoverSeconds, report.Predicted.FailbackSeconds, report.RateError)
			if report.Predicted.Agrees {
				agree++
			} else {
				t.Logf("%v %s\n%s", report.Reasons, report.Windows, outcomes[i].stderr.String())
			}
			assert.Equal(t, before[i], namespaceOf(t, c, d.Namespace()), "the objects of the namespace")
			assert.NoFileExists(t, filepath.Join(directory, "failover-drill-"+d.Namespace()+"-ha-failover-0.json"))
		})
	}
	// The commands take some time, and when exactly a tier is down is only seen from outside:
	// two of the few drills of the short form may miss it on a busy machine.
	share := 0.8
	if *long {
		share = 0.9
	}
	assert.GreaterOrEqual(t, float64(agree), share*float64(len(drills)), "drills that agree with what was predicted, of %d", len(drills))
	t.Logf("%d of %d agree", agree, len(drills))
}

func secondsOf(value *float64) string {
	if value == nil {
		return "never"
	}
	return fmt.Sprintf("%.2f", *value)
}

// namespaceOf has the objects of a namespace, without their status and what counts their changes.
func namespaceOf(t *testing.T, c *cluster.Cluster, namespace string) string {
	t.Helper()
	output := kubectl(t, c, "get deployments,services,backends,backendtrafficpolicies,httproutes,grpcroutes,gateways --output json --namespace "+namespace)
	var list struct{ Items []map[string]any }
	require.NoError(t, json.Unmarshal([]byte(output), &list))
	for _, item := range list.Items {
		delete(item, "status")
		metadata := item["metadata"].(map[string]any)
		for _, counted := range []string{"generation", "resourceVersion", "managedFields"} {
			delete(metadata, counted)
		}
	}
	text, err := json.MarshalIndent(list.Items, "", " ")
	require.NoError(t, err)
	return string(text)
}

// TestDrillIsEnded ends 'failover drill' in each of its phases by each signal. Active is
// restored: by the command itself or, where it was killed, by 'failover drill --restore'.
func TestDrillIsEnded(t *testing.T) {
	c := startCluster(t)
	faults := faultServer(t, c)
	phases := []struct {
		name, when string
		after      time.Duration
	}{
		{"calm", "calm:", time.Second},
		{"breaking", "active is broken:", 0},
		{"outage", "the break is done", time.Second},
		{"restoring", "active is being restored:", 0},
		{"failback", "active is restored", 100 * time.Millisecond},
	}
	signals := []struct {
		signal syscall.Signal
		code   int
	}{{syscall.SIGINT, 130}, {syscall.SIGTERM, 143}, {syscall.SIGKILL, -1}}
	type ending struct {
		commandDrill
		phase, signal int
	}
	var endings []ending
	var plain []drill.Drill
	for phase := range phases {
		for signal := range signals {
			d := commandDrill{drill.Drill{Method: http.MethodGet, Policy: manifests.Safe, Fault: cluster.PortClosed, Rate: float64(5 + phase + len(phases)*signal)}, []string{wayScale, wayPort, wayScale}[signal]}
			if phase == 2 && signal == 0 {
				d.way, d.Fault = wayOwn, cluster.AnswersErrors
			}
			endings = append(endings, ending{d, phase, signal})
			plain = append(plain, d.Drill)
		}
	}
	startGateways(t, c, plain)
	_, cleanUp := startDrills(t, c, plain)
	defer cleanUp()
	directory := t.TempDir()

	var running sync.WaitGroup
	problems := make([]error, len(endings))
	before := make([]string, len(endings))
	for i, d := range endings {
		before[i] = namespaceOf(t, c, d.Namespace())
		file := filepath.Join(directory, d.Namespace()+".yaml")
		require.NoError(t, os.WriteFile(file, []byte(d.Spec(gatewayOf(d.Drill)).FailoverSpec()), 0o600))
		arguments := append([]string{"drill", "--calm=2s", "--for=5s"}, d.arguments(faults)...)
		cmd := c.Command(t.Context(), c.Failover(), append(arguments, file)...)
		cmd.Dir = directory
		phase, signal := phases[d.phase], signals[d.signal]
		running.Go(func() {
			time.Sleep(time.Duration(i) * 200 * time.Millisecond)
			problems[i] = endAt(cmd, phase.when, phase.after, signal.signal, signal.code)
		})
	}
	running.Wait()
	for i, d := range endings {
		t.Run(phases[d.phase].name+"/"+signals[d.signal].signal.String(), func(t *testing.T) {
			require.NoError(t, problems[i])
			undo := filepath.Join(directory, "failover-drill-"+d.Namespace()+"-ha-failover-0.json")
			if _, err := os.Stat(undo); err == nil {
				require.Equal(t, syscall.SIGKILL, signals[d.signal].signal, "only a killed drill leaves something to restore")
				output, err := c.Command(t.Context(), c.Failover(), "drill", "--restore", undo).CombinedOutput()
				require.NoError(t, err, string(output))
			}
			assert.NoFileExists(t, undo)
			assert.Equal(t, before[i], namespaceOf(t, c, d.Namespace()))
			address, err := c.GatewayHost(t.Context(), gatewayOf(d.Drill))
			require.NoError(t, err)
			for _, target := range targetsOf(t, d.Drill, address) {
				waitUntilServed(t, target)
			}
		})
	}
}

// endAt starts a command, and sends it a signal some time after it has written a text. It
// returns what is wrong with how it ended.
func endAt(cmd *exec.Cmd, text string, after time.Duration, signal syscall.Signal, code int) error {
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	var said strings.Builder
	sent := false
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		fmt.Fprintln(&said, lines.Text())
		if !sent && strings.Contains(lines.Text(), text) {
			sent = true
			time.Sleep(after)
			if err := cmd.Process.Signal(signal); err != nil {
				return fmt.Errorf("%w: %s", err, said.String())
			}
		}
	}
	err = cmd.Wait()
	ended := cmd.ProcessState.ExitCode() // -1 after a signal that it does not handle
	switch {
	case !sent:
		return fmt.Errorf("never said %q: %w: %s", text, err, said.String())
	case ended != code:
		return fmt.Errorf("ended with %d, not %d: %w: %s", ended, code, err, said.String())
	}
	return nil
}
