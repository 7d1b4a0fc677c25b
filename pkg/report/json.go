package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"unicode"
	"unicode/utf16"

	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/envoy"
	"github.com/failover-krm/failover/pkg/envoygateway"
	"github.com/failover-krm/failover/pkg/simulate"
)

// jsonSchemaVersion changes when a field of the JSON changes its name or its meaning,
// or goes; not when one is added.
const jsonSchemaVersion = 1

// The JSON of a report. Lists are never null.
type (
	jsonReport struct {
		SchemaVersion int            `json:"schemaVersion"`
		Version       string         `json:"version"`
		Targets       []jsonTarget   `json:"targets"`
		Failovers     []jsonFailover `json:"failovers"`
		Findings      []jsonFinding  `json:"findings"`
		Unread        []jsonUnread   `json:"unread"`
		NotChecked    jsonNotChecked `json:"notChecked"`
		Counts        jsonCounts     `json:"counts"`
	}
	jsonTarget struct {
		Name         string `json:"name"`
		EnvoyGateway string `json:"envoyGateway"`
	}
	jsonPlace struct {
		File   string `json:"file"`
		Line   int    `json:"line,omitempty"`
		Column int    `json:"column,omitempty"`
	}
	jsonObject struct {
		APIVersion string `json:"apiVersion,omitempty"`
		Kind       string `json:"kind"`
		Namespace  string `json:"namespace,omitempty"`
		Name       string `json:"name"`
	}
	jsonFailover struct {
		Name string `json:"name"`
		jsonPlace
		Route    jsonObject    `json:"route"`
		Rule     int           `json:"rule"`
		Target   string        `json:"target"`
		Verdict  string        `json:"verdict"`
		Reason   string        `json:"reason"`
		Clusters []jsonCluster `json:"clusters"`
		Cost     *jsonCost     `json:"cost,omitempty"`
	}
	// jsonCost has outages as "failover simulate" does, in fewer runs.
	jsonCost struct {
		Counted string       `json:"counted"`
		Rate    float64      `json:"rate"`
		For     float64      `json:"for"`
		Outages []jsonOutage `json:"outages"`
	}
	jsonOutage struct {
		Kind     envoy.Kind          `json:"kind"`
		Sent     int                 `json:"sent"`
		Lost     simulate.Range[int] `json:"lost"`
		After    simulate.Range[int] `json:"lostAfter"`
		Failover simulate.Times      `json:"failover"`
		Failback simulate.Times      `json:"failback"`
		Slowest  simulate.Times      `json:"slowest"`
	}
	jsonCluster struct {
		Weight uint32 `json:"weight"`
		// Status is what is answered where no backend is behind the cluster.
		Status int        `json:"status,omitempty"`
		Tiers  []jsonTier `json:"tiers"`
	}
	jsonTier struct {
		Priority uint32        `json:"priority"`
		Backends []jsonBackend `json:"backends"`
	}
	jsonBackend struct {
		jsonObject
		Weight uint32     `json:"weight"`
		Hosts  []jsonHost `json:"hosts"`
	}
	jsonHost struct {
		Type    string `json:"type"`
		Address string `json:"address,omitempty"`
		Port    uint32 `json:"port,omitempty"`
		// Service is behind the address, and Pods how many there are; null for unknown.
		Service *jsonObject `json:"service,omitempty"`
		Pods    *int32      `json:"pods"`
	}
	jsonFinding struct {
		Severity string `json:"severity"`
		// Rule is empty for what an API server or Envoy Gateway says.
		Rule string `json:"rule"`
		jsonPlace
		Object     *jsonObject `json:"object,omitempty"`
		Field      string      `json:"field,omitempty"`
		Message    string      `json:"message"`
		Help       string      `json:"help,omitempty"`
		URL        string      `json:"url"`
		Suppressed bool        `json:"suppressed"`
		// Reason is that of the suppression.
		Reason string `json:"reason,omitempty"`
	}
	jsonUnread struct {
		File    string `json:"file"`
		Line    int    `json:"line,omitempty"`
		Message string `json:"message"`
	}
	jsonNotChecked struct {
		// Documents are counted by kind.
		Documents     map[string]int `json:"documents"`
		HelmTemplates []string       `json:"helmTemplates"`
	}
	jsonCounts struct {
		Files      int          `json:"files"`
		Documents  int          `json:"documents"`
		Checked    int          `json:"checked"`
		Unread     int          `json:"unread"`
		Failovers  jsonVerdicts `json:"failovers"`
		Errors     int          `json:"errors"`
		Warnings   int          `json:"warnings"`
		Infos      int          `json:"infos"`
		Suppressed int          `json:"suppressed"`
	}
	jsonVerdicts struct {
		Yes     int `json:"yes"`
		No      int `json:"no"`
		Unknown int `json:"unknown"`
	}
)

func (r Report) json(w io.Writer) {
	verdicts := r.verdicts()
	out := jsonReport{
		SchemaVersion: jsonSchemaVersion, Version: r.Version,
		Targets: []jsonTarget{}, Failovers: []jsonFailover{}, Findings: []jsonFinding{}, Unread: []jsonUnread{},
		NotChecked: jsonNotChecked{Documents: map[string]int{}, HelmTemplates: append([]string{}, r.HelmTemplates...)},
		Counts: jsonCounts{
			Files: r.Files, Documents: r.Documents, Checked: r.Checked, Unread: len(r.Unread),
			Failovers: jsonVerdicts{Yes: verdicts[check.Yes], No: verdicts[check.No], Unknown: verdicts[check.Unknown]},
			Errors:    diagnostic.Count(r.Diagnostics, diagnostic.Error), Warnings: diagnostic.Count(r.Diagnostics, diagnostic.Warning),
			Infos: diagnostic.Count(r.Diagnostics, diagnostic.Info), Suppressed: diagnostic.CountSuppressed(r.Diagnostics),
		},
	}
	maps.Copy(out.NotChecked.Documents, r.Others)
	for _, on := range r.Targets {
		out.Targets = append(out.Targets, jsonTarget{string(on), on.EnvoyGateway()})
	}
	for _, unread := range r.Unread {
		out.Unread = append(out.Unread, jsonUnread(unread))
	}
	writeJSON(w, out, list{"failovers", len(r.Failovers), func(i int) any { return jsonOfFailover(r.Failovers[i]) }},
		list{"findings", len(r.Diagnostics), func(i int) any { return jsonOfFinding(r.Diagnostics[i]) }})
}

func jsonOfFailover(failover check.Failover) jsonFailover {
	out := jsonFailover{
		Name: failover.Name(), jsonPlace: placeOf(failover.Subject, failover.Position), Route: jsonOfObject(failover.Route), Rule: failover.Rule,
		Target: string(failover.Target), Verdict: string(failover.Verdict), Reason: failover.Reason, Clusters: []jsonCluster{},
	}
	for _, cluster := range failover.Clusters {
		one := jsonCluster{Weight: cluster.Weight, Tiers: []jsonTier{}}
		if cluster.Unavailable {
			one.Status = cluster.Status
		}
		for _, tier := range cluster.Tiers {
			backends := []jsonBackend{}
			for _, backend := range tier.Backends {
				backends = append(backends, jsonBackend{jsonObject: jsonOfObject(backend.Ref), Weight: backend.Weight, Hosts: jsonOfHosts(backend.Hosts)})
			}
			one.Tiers = append(one.Tiers, jsonTier{tier.Priority, backends})
		}
		out.Clusters = append(out.Clusters, one)
	}
	if cost := failover.Cost(); cost != nil {
		out.Cost = &jsonCost{Counted: cost.Counted, Rate: cost.Rate, For: cost.For.Seconds()}
		for _, outage := range cost.Outages {
			out.Cost.Outages = append(out.Cost.Outages, jsonOutage{outage.Kind, outage.Sent, outage.Lost, outage.After, outage.Failover, outage.Failback, outage.Slowest})
		}
	}
	return out
}

func jsonOfHosts(hosts []envoygateway.Host) []jsonHost {
	out := []jsonHost{}
	for _, host := range hosts {
		one := jsonHost{Type: string(host.Type), Address: host.Address, Port: host.Port, Pods: host.Pods}
		if host.Service != nil {
			service := jsonOfObject(*host.Service)
			one.Service = &service
		}
		out = append(out, one)
	}
	return out
}

func jsonOfObject(object envoygateway.Object) jsonObject {
	return jsonObject{Kind: object.Kind, Namespace: object.Namespace, Name: object.Name}
}

func jsonOfFinding(found diagnostic.Diagnostic) jsonFinding {
	out := jsonFinding{
		Severity: string(found.Severity), Rule: found.Rule, jsonPlace: placeOf(found.Subject, found.Position), Field: found.Field.String(),
		Message: found.Message, URL: HelpURL(found.Rule), Suppressed: found.Suppressed != "", Reason: found.Suppressed,
	}
	if found.Subject != nil {
		id := found.Subject.ID()
		out.Object = &jsonObject{APIVersion: id.APIVersion, Kind: id.Kind, Namespace: id.Namespace, Name: id.Name}
	}
	if rule, isRule := check.Lookup(found.Rule); isRule {
		out.Help = rule.Fix
	}
	return out
}

func placeOf(subject *diagnostic.Subject, at document.Position) jsonPlace {
	switch {
	case subject == nil:
		return jsonPlace{}
	case !subject.HasLines:
		return jsonPlace{File: subject.File}
	default:
		return jsonPlace{subject.File, at.Line, at.Column}
	}
}

// list is a list of a document, whose items are made one by one: there may be many.
type list struct {
	name  string
	count int
	item  func(int) any
}

// writeJSON writes a document of plain structs, with the items of the lists in it that
// are empty.
func writeJSON(w io.Writer, document any, lists ...list) {
	for line := range bytes.Lines(append(encodeJSON(document, ""), '\n')) {
		text := bytes.TrimSpace(line)
		i := slices.IndexFunc(lists, func(list list) bool {
			return list.count > 0 && string(bytes.TrimSuffix(text, []byte(","))) == fmt.Sprintf("%q: []", list.name)
		})
		if i < 0 {
			_, _ = w.Write(line)
			continue
		}
		opening, closing, _ := bytes.Cut(line, []byte("[]"))
		indent := opening[:len(opening)-len(bytes.TrimLeft(opening, " "))]
		fmt.Fprintf(w, "%s[\n", opening)
		for j := range lists[i].count {
			separator := ","
			if j == lists[i].count-1 {
				separator = ""
			}
			fmt.Fprintf(w, "%s  %s%s\n", indent, encodeJSON(lists[i].item(j), string(indent)+"  "), separator)
		}
		fmt.Fprintf(w, "%s]%s", indent, closing)
	}
}

// encodeJSON writes JSON that is safe to be looked at: what would move a terminal's
// cursor or change what it shows is escaped, as within strings it can be.
func encodeJSON(value any, indent string) []byte {
	var plain bytes.Buffer
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent(indent, "  ")
	if err := encoder.Encode(value); err != nil {
		panic(err) // plain structs can be encoded
	}
	text := bytes.TrimSuffix(plain.Bytes(), []byte("\n"))
	isHarmless := func(r rune) bool { return r == '\n' || r == ' ' || unicode.IsPrint(r) }
	if bytes.IndexFunc(text, func(r rune) bool { return !isHarmless(r) }) < 0 {
		return text
	}
	var escaped bytes.Buffer
	for _, r := range string(text) {
		if isHarmless(r) {
			escaped.WriteRune(r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			fmt.Fprintf(&escaped, `\u%04x`, unit)
		}
	}
	return escaped.Bytes()
}
