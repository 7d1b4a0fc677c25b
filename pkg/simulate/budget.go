package simulate

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Budget is what outages may cost at most. The zero value permits everything.
type Budget struct {
	// Lost is a number of requests, or, with a per cent sign, a part of those that are
	// sent while the outage lasts. It is empty for no limit.
	Lost string
	// Failover and Failback are nil for no limit.
	Failover, Failback *time.Duration
}

// Validate tells all that is wrong with a budget.
func (b Budget) Validate() error {
	var errs []error
	if _, _, ok := b.lost(); !ok && b.Lost != "" {
		errs = append(errs, fmt.Errorf("--max-lost %q: must be a whole number of requests, such as 5, or a part of those that are sent in the outage, from 0%% to 100%%, such as 0.1%%", b.Lost))
	}
	for _, limit := range []struct {
		flag  string
		value *time.Duration
	}{{"max-failover", b.Failover}, {"max-failback", b.Failback}} {
		if limit.value != nil && *limit.value < 0 {
			errs = append(errs, fmt.Errorf("--%s %s: must be 0s or longer", limit.flag, *limit.value))
		}
	}
	return errors.Join(errs...)
}

func (b Budget) lost() (value float64, isPercent, ok bool) {
	text, isPercent := strings.CutSuffix(b.Lost, "%")
	value, err := strconv.ParseFloat(text, 64)
	isWhole, isShare := value == math.Trunc(value) && !math.IsInf(value, 0), value <= 100
	return value, isPercent, err == nil && value >= 0 && (isPercent && isShare || !isPercent && isWhole)
}

// MostLost is how many of the requests that are sent while an outage lasts may be lost, if
// there is a limit.
func (b Budget) MostLost(sent int) (limit float64, isLimited bool) {
	value, isPercent, ok := b.lost()
	if isPercent {
		value *= float64(sent) / 100
	}
	return value, ok && b.Lost != ""
}

// Untested says, for each failover that is not simulated, why there is nothing that the budget
// could be held against. Without a budget there is nothing to say.
func (b Budget) Untested(failovers []Failover) []string {
	var untested []string
	for _, failover := range failovers {
		if b != (Budget{}) && len(failover.Outages) == 0 {
			untested = append(untested, fmt.Sprintf("%s: the budget is not tested: %s", failover.Name, failover.Note))
		}
	}
	return untested
}

// Exceeded says, for each outage that costs more, what it costs at worst.
func (b Budget) Exceeded(failovers []Failover) []string {
	var exceeded []string
	for _, failover := range failovers {
		for _, outage := range failover.Outages {
			say := func(flag, limit, cost string) {
				exceeded = append(exceeded, fmt.Sprintf("%s: %s: %s, and --%s is %s", failover.Name, outage.Kind, cost, flag, limit))
			}
			if limit, isLimited := b.MostLost(outage.Sent); isLimited && float64(outage.Lost.Max) > limit {
				say("max-lost", b.Lost, fmt.Sprintf("loses up to %d %s, of %s", outage.Lost.Max, failover.Counted(), outage.of()))
			}
			for _, limit := range []struct {
				flag, what string
				value      *time.Duration
				times      Times
			}{
				{"max-failover", "fails over", b.Failover, outage.Failover},
				{"max-failback", "fails back", b.Failback, outage.Failback},
			} {
				switch {
				case limit.value == nil:
				case limit.times.Min == nil:
					say(limit.flag, limit.value.String(), "never "+limit.what)
				case limit.times.Max == nil:
					say(limit.flag, limit.value.String(), "never "+limit.what+" in some runs")
				case *limit.times.Max > limit.value.Seconds():
					say(limit.flag, limit.value.String(), fmt.Sprintf("%s after up to %.1f s", limit.what, *limit.times.Max))
				}
			}
		}
	}
	return exceeded
}

// of says what the lost requests are of.
func (o Outage) of() string {
	of := fmt.Sprintf("%d in the outage", o.Sent)
	switch {
	case o.After.Max > 0:
		of += " and those after it"
	case o.Lost.Max > o.During.Max:
		of += " and those that it cut off"
	}
	return of
}
