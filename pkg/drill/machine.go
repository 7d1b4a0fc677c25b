package drill

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/failover-krm/failover/pkg/prober"
)

// schemaVersion is that of the JSON report. Fields are added under the same version.
const schemaVersion = 1

type jsonFigure struct {
	Least  *float64 `json:"min"`
	Most   *float64 `json:"max"`
	Agrees bool     `json:"agrees"`
}

type jsonReport struct {
	SchemaVersion int       `json:"schemaVersion"`
	Failover      string    `json:"failover"`
	Gateway       string    `json:"gateway"`
	EnvoyGateway  string    `json:"envoyGateway"`
	Date          time.Time `json:"date"`
	Result        Result    `json:"result"`
	Exceeded      []string  `json:"exceeded"`
	Aborted       string    `json:"aborted,omitempty"`
	Config        struct {
		Request         string   `json:"request"`
		Rate            float64  `json:"rate"`
		PatienceSeconds float64  `json:"patienceSeconds"`
		Break           []string `json:"break"`
		Restore         []string `json:"restore"`
		Outage          string   `json:"outage,omitempty"`
	} `json:"config"`
	Sent               int            `json:"sent"`
	Lost               int            `json:"lost"`
	Reasons            map[string]int `json:"reasons"`
	SentInOutage       int            `json:"sentInOutage"`
	LostInOutage       int            `json:"lostInOutage"`
	ByActive           int            `json:"byActive"`
	ByPassive          int            `json:"byPassive"`
	OutageSeconds      float64        `json:"outageSeconds"`
	FailoverSeconds    *float64       `json:"failoverSeconds"`
	FailbackSeconds    *float64       `json:"failbackSeconds"`
	SlowestSeconds     float64        `json:"slowestSeconds"`
	Slow               int            `json:"slow"`
	SlowLimitSeconds   float64        `json:"slowLimitSeconds"`
	ResolutionSeconds  float64        `json:"resolutionSeconds"`
	RateHeld           float64        `json:"rateHeld"`
	RateError          string         `json:"rateError,omitempty"`
	Phases             []jsonPhase    `json:"phases"`
	Windows            []jsonWindow   `json:"windows"`
	Events             []jsonEvent    `json:"events"`
	Predicted          *jsonPredicted `json:"predicted"`
	NoPredictionReason string         `json:"noPredictionReason,omitempty"`
}

type jsonPhase struct {
	Name         string  `json:"name"`
	BeginSeconds float64 `json:"beginSeconds"`
	EndSeconds   float64 `json:"endSeconds"`
	Sent         int     `json:"sent"`
	Lost         int     `json:"lost"`
}

type jsonWindow struct {
	BeginSeconds float64 `json:"beginSeconds"`
	EndSeconds   float64 `json:"endSeconds"`
	Lost         int     `json:"lost"`
}

type jsonEvent struct {
	AtSeconds float64 `json:"atSeconds"`
	Text      string  `json:"text"`
}

type jsonPredicted struct {
	Lost            jsonFigure `json:"lost"`
	FailoverSeconds jsonFigure `json:"failoverSeconds"`
	FailbackSeconds jsonFigure `json:"failbackSeconds"`
	Agrees          bool       `json:"agrees"`
}

// rounded is a time in seconds, to the millisecond.
func rounded(d time.Duration) float64 { return d.Round(time.Millisecond).Seconds() }

// orNull is nil for never.
func orNull(d time.Duration) *float64 {
	if d == prober.Never {
		return nil
	}
	value := rounded(d)
	return &value
}

func (f Figure) json() jsonFigure {
	value := func(of float64) *float64 {
		if of < 0 {
			return nil
		}
		return &of
	}
	return jsonFigure{value(f.Least), value(f.Most), f.Agrees()}
}

func texts(steps []Step) []string {
	texts := make([]string, 0, len(steps))
	for _, step := range steps {
		texts = append(texts, step.String())
	}
	return texts
}

func (r Report) writeJSON(w io.Writer) error {
	report := jsonReport{
		SchemaVersion: schemaVersion, Failover: r.Plan.Failover.Name(), Gateway: r.Plan.Gateway, EnvoyGateway: r.Plan.Failover.EnvoyGateway,
		Date: r.Start.UTC().Truncate(time.Second), Result: r.Result, Exceeded: append([]string{}, r.Exceeds...), Aborted: r.Aborted,
		Sent: r.Sent, Lost: r.Lost, Reasons: r.Reasons, SentInOutage: r.During, LostInOutage: r.LostDuring, ByActive: r.ByActive, ByPassive: r.ByPassive,
		OutageSeconds: rounded(r.End - r.Begin), FailoverSeconds: orNull(r.Failover), FailbackSeconds: orNull(r.Failback),
		SlowestSeconds: rounded(r.Slowest), Slow: r.Slow, SlowLimitSeconds: rounded(r.SlowLimit),
		ResolutionSeconds: rounded(r.Resolution), RateHeld: r.RateHeld, NoPredictionReason: r.NoPrediction,
		Phases: []jsonPhase{}, Windows: []jsonWindow{}, Events: []jsonEvent{},
	}
	if r.RateError != nil {
		report.RateError = r.RateError.Error()
	}
	report.Config.Request, report.Config.Rate, report.Config.PatienceSeconds = r.Plan.request(), r.Plan.Course.Rate, rounded(r.Plan.Course.Patience)
	report.Config.Break, report.Config.Restore, report.Config.Outage = texts(r.Plan.Break), texts(r.Plan.Restore), string(r.Plan.Kind)
	for _, phase := range r.Phases {
		report.Phases = append(report.Phases, jsonPhase{phase.Name, rounded(phase.Begin), rounded(phase.End), phase.Sent, phase.Lost})
	}
	for _, window := range r.Windows {
		report.Windows = append(report.Windows, jsonWindow{rounded(window.Begin), rounded(window.End), window.Lost})
	}
	for _, event := range r.Events {
		report.Events = append(report.Events, jsonEvent{rounded(event.At), event.Text})
	}
	if p := r.Prediction; p != nil {
		report.Predicted = &jsonPredicted{p.Lost.json(), p.Failover.json(), p.Failback.json(), p.Agrees()}
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(report)
}

// hit is a request as vegeta writes it in JSON, and its tier and phase.
type hit struct {
	Attack    string              `json:"attack"`
	Sequence  int                 `json:"seq"`
	Code      int                 `json:"code"`
	Timestamp time.Time           `json:"timestamp"`
	Latency   time.Duration       `json:"latency"`
	BytesOut  int                 `json:"bytes_out"`
	BytesIn   int                 `json:"bytes_in"`
	Error     string              `json:"error"`
	Body      []byte              `json:"body"`
	Method    string              `json:"method"`
	URL       string              `json:"url"`
	Headers   map[string][]string `json:"headers"`
	Tier      string              `json:"tier"`
	Phase     string              `json:"phase"`
}

// WriteLog writes each request as a line of JSON that vegeta reads.
func (r Report) WriteLog(w io.Writer) error {
	encoder := json.NewEncoder(w)
	url := "http://" + r.Plan.Target.Host + r.Plan.Target.Path
	if r.Plan.Target.TLS != nil {
		url = "https" + strings.TrimPrefix(url, "http")
	}
	for i, request := range r.Requests {
		line := hit{
			Attack: r.Plan.Failover.Name(), Sequence: i, Code: request.Answer.Status, Timestamp: r.Start.Add(request.Due), Latency: request.Latency,
			Method: r.Plan.Target.Method, URL: url, Tier: request.Answer.From, Phase: r.phaseAt(request.Due),
		}
		if request.Lost() {
			line.Error = request.Reason()
		}
		if err := encoder.Encode(line); err != nil {
			return err
		}
	}
	return nil
}

func (r Report) phaseAt(at time.Duration) string {
	for _, phase := range r.Phases {
		if at >= phase.Begin && at < phase.End {
			return phase.Name
		}
	}
	return ""
}

type junitSuite struct {
	XMLName   xml.Name    `xml:"testsuite"`
	Name      string      `xml:"name,attr"`
	Tests     int         `xml:"tests,attr"`
	Failures  int         `xml:"failures,attr"`
	Time      string      `xml:"time,attr"`
	Timestamp string      `xml:"timestamp,attr"`
	Cases     []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Time    string        `xml:"time,attr"`
	Failure *junitFailure `xml:"failure"`
	Output  string        `xml:"system-out,omitempty"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// writeJUnit writes a test for the budget, and one for each figure that was predicted.
func (r Report) writeJUnit(w io.Writer) error {
	var length time.Duration
	if len(r.Requests) > 0 {
		length = r.Requests[len(r.Requests)-1].Due
	}
	inTime := fmt.Sprintf("%.1f", length.Seconds())
	suite := junitSuite{Name: "failover drill", Time: inTime, Timestamp: r.Start.UTC().Format("2006-01-02T15:04:05")}
	add := func(name, problem, output string) {
		test := junitCase{Name: name, Class: r.Plan.Failover.Name(), Time: inTime, Output: output}
		if problem != "" {
			test.Failure = &junitFailure{problem, problem}
			suite.Failures++
		}
		suite.Cases = append(suite.Cases, test)
	}
	var text strings.Builder
	if err := r.writeText(&text); err != nil {
		return err
	}
	problem := strings.Join(r.Exceeds, "; ")
	if r.Result == Interrupted {
		problem = "the drill was interrupted"
	}
	add("budget", problem, text.String())
	if r.Prediction != nil {
		for _, row := range r.rows() {
			problem := ""
			if row.agrees == "no" {
				problem = fmt.Sprintf("measured %s, predicted %s", row.measured, row.predicted)
			}
			add(row.name+": as predicted", problem, "")
		}
	}
	suite.Tests = len(suite.Cases)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(suite); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
