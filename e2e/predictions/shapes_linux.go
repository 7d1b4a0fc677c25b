package predictions

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	live "github.com/failover-krm/failover/pkg/drill"
)

// Repeated are the comparisons of a drill that was carried out several times.
type Repeated []Comparison

// MostlyAgrees tells whether, in more than half of the runs, what was lost and what passive
// served was as predicted.
func (r Repeated) MostlyAgrees() bool {
	return Share(r, func(c Comparison) bool { return c.Lost.Agrees() && c.ByPassive.Agrees() }) > 0.5
}

// ShapesTable has a row for each drill, with measured and predicted figures. Where runs
// differ, it shows the range.
func ShapesTable(rows []Repeated) string {
	var table strings.Builder
	table.WriteString("| route | policy | broken by | also | runs | lost | by passive | failover (s) | failback (s) |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, row := range rows {
		d := row[0].Drill
		besides := d.Besides()
		if d.Kept {
			besides = "one connection"
		}
		fmt.Fprintf(&table, "| %s | %s | %s | %s | %d | %s | %s | %s | %s |\n", cmp.Or(d.Route, v1alpha1.RouteKindHTTP), d.Policy.Name, d.Fault, besides, len(row),
			row.figure(func(c Comparison) Figure { return c.Lost }), row.figure(func(c Comparison) Figure { return c.ByPassive }),
			row.figure(func(c Comparison) Figure { return c.Failover }), row.figure(func(c Comparison) Figure { return c.Failback }))
	}
	return table.String()
}

// figure is measured / predicted, in bold where they do not agree in some run.
func (r Repeated) figure(of func(Comparison) Figure) string {
	var measured, predicted []float64
	agrees := true
	for _, comparison := range r {
		f := of(comparison)
		measured, predicted = append(measured, f.Measured), append(predicted, f.Least, f.Most)
		agrees = agrees && f.Agrees()
	}
	text := span(measured) + " / " + span(predicted)
	if !agrees {
		return "**" + text + "**"
	}
	return text
}

// span writes the least and the most of numbers.
func span(numbers []float64) string { return live.FigureOf(0, numbers, 0).Predicted() }
