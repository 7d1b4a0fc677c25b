package metrics

import (
	"fmt"
	"hash/fnv"
	"strings"
)

// schemaVersion is that of Grafana 10.4; newer ones bring it up to date themselves.
const schemaVersion = 39

// Dashboard is one of Grafana, as far as it is written here.
type Dashboard struct {
	UID           string     `json:"uid"`
	Title         string     `json:"title"`
	Description   string     `json:"description"`
	Tags          []string   `json:"tags"`
	SchemaVersion int        `json:"schemaVersion"`
	Editable      bool       `json:"editable"`
	Refresh       string     `json:"refresh"`
	Time          timeRange  `json:"time"`
	Templating    templating `json:"templating"`
	Annotations   list       `json:"annotations"`
	Panels        []panel    `json:"panels"`
}

type timeRange struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// list is one that is empty.
type list struct {
	List []struct{} `json:"list"`
}

type templating struct {
	List []variable `json:"list"`
}

type variable struct {
	Name  string `json:"name"`
	Label string `json:"label"`
	Type  string `json:"type"`
	Query string `json:"query"`
}

type panel struct {
	ID          int          `json:"id"`
	Type        string       `json:"type"`
	Title       string       `json:"title"`
	Description string       `json:"description,omitempty"`
	Position    position     `json:"gridPos"`
	Datasource  *datasource  `json:"datasource,omitempty"`
	Targets     []query      `json:"targets,omitempty"`
	Fields      *fieldConfig `json:"fieldConfig,omitempty"`
	Options     *options     `json:"options,omitempty"`
	// Collapsed and Panels are those of a row.
	Collapsed *bool    `json:"collapsed,omitempty"`
	Panels    *[]panel `json:"panels,omitempty"`
}

type position struct {
	X      int `json:"x"`
	Y      int `json:"y"`
	Width  int `json:"w"`
	Height int `json:"h"`
}

type datasource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

type query struct {
	RefID      string     `json:"refId"`
	Datasource datasource `json:"datasource"`
	Expression string     `json:"expr"`
	Legend     string     `json:"legendFormat"`
}

type fieldConfig struct {
	Defaults  fieldDefaults `json:"defaults"`
	Overrides []struct{}    `json:"overrides"`
}

type fieldDefaults struct {
	Unit     string    `json:"unit,omitempty"`
	Min      *int      `json:"min,omitempty"`
	Mappings []mapping `json:"mappings,omitempty"`
}

type mapping struct {
	Type    string                  `json:"type"`
	Options map[string]mappedResult `json:"options"`
}

type mappedResult struct {
	Index int    `json:"index"`
	Text  string `json:"text"`
	Color string `json:"color"`
}

type options struct {
	Legend      legend  `json:"legend"`
	Tooltip     tooltip `json:"tooltip"`
	MergeValues *bool   `json:"mergeValues,omitempty"`
	ShowValue   string  `json:"showValue,omitempty"`
	RowHeight   float64 `json:"rowHeight,omitempty"`
}

type legend struct {
	Show         bool     `json:"showLegend"`
	Mode         string   `json:"displayMode"`
	Placement    string   `json:"placement"`
	Calculations []string `json:"calcs"`
}

type tooltip struct {
	Mode string `json:"mode"`
	Sort string `json:"sort"`
}

// prometheus is the data source that the dashboard's variable names.
var prometheus = datasource{Type: "prometheus", UID: "${datasource}"}

// Who serves, as numbers.
const (
	servesActive = iota
	servesEither
	servesPassive
	servesNone
)

var serving = mapping{Type: "value", Options: map[string]mappedResult{
	fmt.Sprint(servesActive):  {servesActive, "active", "green"},
	fmt.Sprint(servesEither):  {servesEither, "one tier is out, and the metrics do not tell which", "yellow"},
	fmt.Sprint(servesPassive): {servesPassive, "passive", "orange"},
	fmt.Sprint(servesNone):    {servesNone, "no tier is healthy", "red"},
}}

// servingNow is one of these numbers, by each Envoy.
func (s Subject) servingNow() string {
	cases := []string{fmt.Sprintf("0 * (%s == 0) + %d", s.of("membership_healthy"), servesNone)}
	for _, c := range []struct {
		holds string
		value int
	}{{s.servedFromPassive(), servesPassive}, {s.aTierFailsChecks(), servesEither}} {
		if c.holds != "" {
			cases = append(cases, fmt.Sprintf("0 * (\n%s\n) + %d", indent(c.holds), c.value))
		}
	}
	return strings.Join(append(cases, "0 * "+s.of("membership_healthy")), "\nor\n")
}

// graph is a panel about one failover, before it has a place.
type graph struct {
	title, description, unit string
	width                    int
	queries                  []query
}

const (
	full, half, third   = 24, 12, 8
	rowHeight           = 1
	graphHeight         = 7
	timelineHeight      = 5
	perEndpoint         = "From the metrics of each endpoint: empty without enablePerEndpointStats of EnvoyProxy."
	requests, perSecond = "reqps", "ops"
)

// rate is how much a counter of the cluster grows each second, at all Envoys.
func (s Subject) rate(metric, legend string) query {
	return query{Expression: fmt.Sprintf("sum (rate(%s[$__rate_interval]))", s.of(metric)), Legend: legend}
}

// total is the sum of a gauge, at all Envoys.
func (s Subject) total(metric, legend string) query {
	return query{Expression: fmt.Sprintf("sum (%s)", s.of(metric)), Legend: legend}
}

// byHost is how much a counter of each host of the tiers grows each second.
func (s Subject) byHost(metric string) []query {
	var queries []query
	for _, tier := range []struct {
		name string
		Tier
	}{{"active", s.Active}, {"passive", s.Standby}} {
		queries = append(queries, query{
			Expression: fmt.Sprintf("sum by (envoy_endpoint_hostname, envoy_endpoint_address) (rate(%s[$__rate_interval]))", s.ofHosts(tier.Tier, metric)),
			Legend:     tier.name + ": {{envoy_endpoint_hostname}} {{envoy_endpoint_address}}",
		})
	}
	return queries
}

// graphs are those of a failover, in rows of 24.
func (s Subject) graphs() []graph {
	byHost := graph{"Requests by tier and host", perEndpoint, requests, half, s.byHost("rq_total")}
	answers := graph{"Answers by status", "", requests, half, []query{{
		Expression: fmt.Sprintf("sum by (envoy_response_code) (rate(%s[$__rate_interval]))", s.of("upstream_rq")), Legend: "{{envoy_response_code}}",
	}}}
	failures := graph{"Attempts that fail", "", perSecond, half, []query{
		s.rate("upstream_cx_connect_fail", "no connection"), s.rate("upstream_cx_connect_timeout", "no connection in time"),
		s.rate("upstream_rq_timeout", "no answer in time"), s.rate("upstream_rq_per_try_timeout", "no answer to one attempt in time"), s.rate("upstream_cx_none_healthy", "no healthy host"),
	}}
	retries := graph{"Retries", "", perSecond, half, []query{
		s.rate("upstream_rq_retry", "sent again"), s.rate("upstream_rq_retry_success", "with success"), s.rate("upstream_rq_retry_overflow", "too many at a time"),
		s.rate("upstream_rq_retry_limit_exceeded", "given up"), s.rate("retry_or_shadow_abandoned", "body too large to send again"),
	}}
	hosts := graph{"Hosts", "Summed up over all Envoys.", "short", third, []query{s.total("membership_total", "known"), s.total("membership_healthy", "healthy")}}
	if s.Ejects {
		hosts.queries = append(hosts.queries, s.total("outlier_detection_ejections_active", "ejected"))
	}
	if s.Checks {
		hosts.queries = append(hosts.queries, s.total("health_check_healthy", "pass the active check"))
	}
	graphs := []graph{answers, retries, failures, hosts}
	if s.SeesConnections {
		byHost.title, byHost.unit, byHost.queries = "Connections by tier and host", perSecond, s.byHost("cx_total")
		failures.queries = failures.queries[:2]
		graphs = []graph{failures, hosts}
	}
	if s.tellsApart() {
		graphs = append([]graph{byHost}, graphs...)
	}
	if s.Ejects {
		graphs = append(graphs, graph{"Ejections", "", perSecond, third, []query{
			s.rate("outlier_detection_ejections_enforced_total", "ejected"), s.rate("outlier_detection_ejections_overflow", "not ejected, for maxEjectionPercent"),
		}})
	}
	if s.Checks {
		graphs = append(graphs, graph{"Active health checks", "", perSecond, third, []query{s.rate("health_check_attempt", "sent"), s.rate("health_check_failure", "failed")}})
	}
	return graphs
}

// DashboardOf returns a dashboard of all failovers: who serves each, and a row about each.
func DashboardOf(title string, subjects []Subject) *Dashboard {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(title)) // it never fails
	d := &Dashboard{
		UID: fmt.Sprintf("failover-%x", hash.Sum64()), Title: title, Description: "Written by failover dashboard.", Tags: []string{"envoy", "failover"},
		SchemaVersion: schemaVersion, Editable: true, Refresh: "30s", Time: timeRange{"now-1h", "now"},
		Templating:  templating{[]variable{{Name: "datasource", Label: "Data source", Type: "datasource", Query: "prometheus"}}},
		Annotations: list{[]struct{}{}},
	}
	next := 0
	id := func() int { next++; return next }
	y := 0
	isCollapsed := len(subjects) > 1
	if isCollapsed {
		all := timeline("Who serves now", nil)
		for _, s := range subjects {
			all.Targets = append(all.Targets, query{Expression: s.servingNow(), Legend: s.Name + ", at {{instance}}"})
		}
		place(&all, id(), position{0, y, full, timelineHeight + len(subjects)})
		d.Panels = append(d.Panels, all)
		y += timelineHeight + len(subjects)
	}
	for _, s := range subjects {
		row := panel{ID: id(), Type: "row", Title: s.Name, Position: position{0, y, full, rowHeight}, Collapsed: &isCollapsed}
		y += rowHeight
		who := timeline("Who serves now", []query{{Expression: s.servingNow(), Legend: "{{instance}}"}})
		place(&who, id(), position{0, y, full, timelineHeight})
		panels := []panel{who}
		below, x := y+timelineHeight, 0
		for _, g := range s.graphs() {
			if x+g.width > full {
				x, below = 0, below+graphHeight
			}
			p := g.panel()
			place(&p, id(), position{x, below, g.width, graphHeight})
			panels = append(panels, p)
			x += g.width
		}
		if isCollapsed {
			row.Panels = &panels
			d.Panels = append(d.Panels, row)
			continue
		}
		row.Panels = &[]panel{}
		d.Panels = append(append(d.Panels, row), panels...)
		y = below + graphHeight
	}
	return d
}

// place gives a panel its place, and its queries their letters.
func place(p *panel, id int, at position) {
	p.ID, p.Position, p.Datasource = id, at, &prometheus
	for i := range p.Targets {
		p.Targets[i].RefID, p.Targets[i].Datasource = refID(i), prometheus
	}
}

// refID is A to Z, then A1 and so on.
func refID(i int) string {
	letter := string(rune('A' + i%26))
	if i < 26 {
		return letter
	}
	return fmt.Sprint(letter, i/26)
}

func timeline(title string, queries []query) panel {
	merge := true
	return panel{
		Type: "state-timeline", Title: title, Targets: queries,
		Description: "For each Envoy, which learns only from its own requests. With an active check, and without enablePerEndpointStats of EnvoyProxy, the metrics do not tell which tier is out.",
		Fields:      &fieldConfig{Defaults: fieldDefaults{Mappings: []mapping{serving}}, Overrides: []struct{}{}},
		Options:     &options{Legend: legend{false, "list", "bottom", []string{}}, Tooltip: tooltip{"single", "none"}, MergeValues: &merge, ShowValue: "auto", RowHeight: 0.9},
	}
}

func (g graph) panel() panel {
	zero := 0
	return panel{
		Type: "timeseries", Title: g.title, Description: g.description, Targets: g.queries,
		Fields:  &fieldConfig{Defaults: fieldDefaults{Unit: g.unit, Min: &zero}, Overrides: []struct{}{}},
		Options: &options{Legend: legend{true, "list", "bottom", []string{}}, Tooltip: tooltip{"multi", "desc"}},
	}
}
