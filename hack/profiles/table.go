package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/failover-krm/failover/pkg/envoy"
)

// table is one of Markdown.
type table struct {
	text    strings.Builder
	columns int
}

func (t *table) row(cells ...string) {
	fmt.Fprintf(&t.text, "| %s |\n", strings.Join(cells, " | "))
	if t.columns == 0 {
		t.columns = len(cells)
		fmt.Fprintf(&t.text, "|%s\n", strings.Repeat("---|", t.columns))
	}
}

// drill is the outage of docs/drills.md.
func drill(kind envoy.Kind) situation {
	return situation{kind: kind, length: 20 * time.Second, rate: 20, hosts: 1, runs: fewRuns}
}

// drillTable has the values of each profile, and what it loses in the outage of the
// drills. A test compares it with the page, so that a change of a profile asks for a new
// search.
func drillTable() string {
	var t table
	all := profiles()
	row := func(name string, cell func(profile) string) {
		cells := []string{name}
		for _, p := range all {
			cells = append(cells, cell(p))
		}
		t.row(cells...)
	}
	row("", profile.title)
	for _, f := range fields {
		row("`"+f.name+"`", func(p profile) string { return f.current(p.settings) })
	}
	for _, kind := range kinds() {
		row("lost: "+string(kind), func(p profile) string { return lost([]outcome{drill(kind).run(p.settings)}) })
	}
	return t.text.String()
}

func kindNames() []string {
	var names []string
	for _, kind := range kinds() {
		names = append(names, string(kind))
	}
	return names
}

// searchTable has a row for each variant.
func searchTable(profile found, others []found) string {
	var t table
	columns := append([]string{"setting", "value"}, kindNames()...)
	columns = append(columns, "flapping")
	for _, length := range lengths {
		columns = append(columns, "back, "+short(length))
	}
	t.row(append(columns, "longest", "repeated", "slowest answer", "lost: better, worse", "failback: better, worse")...)
	t.row(append(profile.cells(), "", "")...)
	for _, other := range others {
		t.row(append(other.cells(), other.losses(profile).String(), other.failbacks(profile).String())...)
	}
	return t.text.String()
}

// cells are the name of a variant, and its figures.
func (f found) cells() []string {
	cells := f.names()
	for _, kind := range kinds() {
		cells = append(cells, lost(where(f.outcomes, func(o outcome) bool { return o.kind == kind })))
	}
	cells = append(cells, lost([]outcome{f.flapping}))
	for _, length := range lengths {
		cells = append(cells, failback(where(f.outcomes, func(o outcome) bool { return o.length == length })))
	}
	return append(cells, longestFailback(f.outcomes), number(mean(f.outcomes, meanRepeated)), slowestAnswer(f.outcomes))
}

// names are the settings and values of a variant.
func (v variant) names() []string {
	if len(v.changes) == 0 {
		return []string{"as it is", ""}
	}
	var names, values []string
	for _, c := range v.changes {
		names, values = append(names, "`"+c.field+"`"), append(values, c.value)
	}
	return []string{strings.Join(names, ", "), strings.Join(values, ", ")}
}

// pairsToShow are those that are better than the profile somewhere, and worse nowhere,
// and that are better in some outage than each of their two settings by itself.
func pairsToShow(profile found, singles, pairs []found) []found {
	return slices.DeleteFunc(slices.Clone(pairs), func(pair found) bool {
		return !pair.isBetter(profile) || slices.ContainsFunc(singles, func(single found) bool {
			return slices.Contains(pair.changes, single.changes[0]) && pair.losses(single).better+pair.failbacks(single).better == 0
		})
	})
}

func (f found) losses(profile found) comparison {
	return compare(profile.outcomes, f.outcomes, meanLost, lostDiffers)
}

func (f found) failbacks(profile found) comparison {
	return compare(profile.outcomes, f.outcomes, meanFailback, failbackDiffers)
}

// isBetter tells that a variant is better somewhere, and worse nowhere.
func (f found) isBetter(profile found) bool {
	losses, failbacks := f.losses(profile), f.failbacks(profile)
	before, after := meanLost(profile.flapping), meanLost(f.flapping)
	return losses.worse+failbacks.worse == 0 && losses.better+failbacks.better > 0 && (after <= before || !lostDiffers(before, after))
}

func where(all []outcome, is func(outcome) bool) []outcome {
	return slices.DeleteFunc(slices.Clone(all), func(o outcome) bool { return !is(o) })
}

// mean is that of the situations in which there is a figure.
func mean(of []outcome, figure func(outcome) float64) float64 {
	total, count := 0., 0
	for _, o := range of {
		if value := figure(o); !math.IsNaN(value) {
			total += value
			count++
		}
	}
	return total / float64(count)
}

// meanLost is what a run of a situation loses.
func meanLost(o outcome) float64 { return float64(o.lost) / float64(o.runs) }

func meanRepeated(o outcome) float64 { return float64(o.repeated) / float64(o.runs) }

// meanFailback is the seconds to fail back: not a number where nothing failed over, and
// infinite where a run never did.
func meanFailback(o outcome) float64 {
	total := 0.
	for _, failback := range o.failbacks {
		if failback == envoy.Never {
			return math.Inf(1)
		}
		total += failback.Seconds()
	}
	return total / float64(len(o.failbacks))
}

// lost shows the mean, and the most of a run.
func lost(of []outcome) string {
	most := 0
	for _, o := range of {
		most = max(most, o.most)
	}
	if most == 0 {
		return "0"
	}
	return fmt.Sprintf("%s (%d)", number(mean(of, meanLost)), most)
}

func failback(of []outcome) string { return seconds(mean(of, meanFailback)) }

func longestFailback(of []outcome) string {
	var longest time.Duration
	for _, o := range of {
		for _, failback := range o.failbacks {
			if failback == envoy.Never {
				return seconds(math.Inf(1))
			}
			longest = max(longest, failback)
		}
	}
	return seconds(longest.Seconds())
}

func slowestAnswer(of []outcome) string {
	var slowest time.Duration
	for _, o := range of {
		slowest = max(slowest, o.slowest)
	}
	return seconds(slowest.Seconds())
}

func seconds(value float64) string {
	switch {
	case math.IsNaN(value):
		return ""
	case math.IsInf(value, 1):
		return "never"
	}
	return number(value) + " s"
}

func number(value float64) string {
	if value < 10 {
		return fmt.Sprintf("%.1f", value)
	}
	return fmt.Sprintf("%.0f", value)
}

// short is a length as people write it.
func short(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%d s", int(d.Seconds()))
	}
	return fmt.Sprintf("%d min", int(d.Minutes()))
}

// comparison is in how many situations a variant is better than the profile, and in how
// many it is worse.
type comparison struct{ better, worse int }

func (c comparison) String() string { return fmt.Sprintf("%d, %d", c.better, c.worse) }

func compare(profile, variant []outcome, figure func(outcome) float64, differs func(a, b float64) bool) (c comparison) {
	for i := range profile {
		before, after := figure(profile[i]), figure(variant[i])
		switch {
		case !differs(before, after): // also where one of them is not a number
		case after < before:
			c.better++
		default:
			c.worse++
		}
	}
	return c
}

// part of a figure is what may be chance.
const part = 0.1

// lostDiffers tells whether a difference is more than chance. Where a profile loses
// nothing, any is.
func lostDiffers(a, b float64) bool {
	return (a == 0) != (b == 0) || math.Abs(a-b) >= max(1, part*a)
}

func failbackDiffers(a, b float64) bool { return math.Abs(a-b) > max(0.5, part*a) }
