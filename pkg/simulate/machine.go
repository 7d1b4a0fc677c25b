package simulate

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"time"

	"github.com/failover-krm/failover/pkg/envoy"
)

// The JSON of what outages cost. Times are in seconds, and null for never.
type (
	jsonOutput struct {
		Failovers []jsonFailover `json:"failovers"`
	}
	jsonFailover struct {
		Name    string       `json:"name"`
		Counted string       `json:"counted"`
		Hosts   []int        `json:"hosts"`
		Note    string       `json:"note,omitempty"`
		Outages []jsonOutage `json:"outages"`
	}
	jsonOutage struct {
		Kind     envoy.Kind    `json:"kind"`
		Sent     int           `json:"sent"`
		Lost     Range[int]    `json:"lost"`
		After    Range[int]    `json:"lostAfter"`
		Failover Times         `json:"failover"`
		Failback Times         `json:"failback"`
		Slowest  Times         `json:"slowest"`
		Requests []jsonRequest `json:"requests,omitempty"`
	}
	jsonRequest struct {
		At       float64      `json:"at"`
		Latency  float64      `json:"latency"`
		Status   int          `json:"status"`
		Tier     *int         `json:"tier"`
		Attempts int          `json:"attempts"`
		Lost     envoy.Reason `json:"lost,omitempty"`
	}
)

// WriteJSON writes all as JSON, with every request of the first run where asked for.
func WriteJSON(w io.Writer, failovers []Failover, requests bool) error {
	output := jsonOutput{Failovers: []jsonFailover{}}
	for _, failover := range failovers {
		written := jsonFailover{Name: failover.Name, Counted: failover.Counted(), Hosts: append([]int{}, failover.Hosts...), Note: failover.Note, Outages: []jsonOutage{}}
		for _, outage := range failover.Outages {
			result := jsonOutage{Kind: outage.Kind, Sent: outage.Sent, Lost: outage.Lost, After: outage.After, Failover: outage.Failover, Failback: outage.Failback, Slowest: outage.Slowest}
			if requests {
				result.Requests = requestsOf(outage.First)
			}
			written.Outages = append(written.Outages, result)
		}
		output.Failovers = append(output.Failovers, written)
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(output)
}

func requestsOf(run envoy.Result) []jsonRequest {
	rounded := func(d time.Duration) float64 { return d.Round(time.Millisecond).Seconds() }
	requests := make([]jsonRequest, 0, len(run.Requests))
	for _, request := range run.Requests {
		written := jsonRequest{At: rounded(request.Sent), Latency: rounded(request.Latency), Status: request.Status, Attempts: request.Attempts, Lost: request.Reason}
		if request.Tier >= 0 {
			written.Tier = &request.Tier
		}
		requests = append(requests, written)
	}
	return requests
}

// WriteCSV writes a line for each failover and kind of outage. What never happens is
// empty.
func WriteCSV(w io.Writer, failovers []Failover) error {
	writer := csv.NewWriter(w)
	rows := [][]string{{
		"failover", "outage", "sent", "lost_min", "lost_median", "lost_max", "failover_min", "failover_median", "failover_max",
		"failback_min", "failback_median", "failback_max", "slowest_min", "slowest_median", "slowest_max",
	}}
	for _, failover := range failovers {
		for _, outage := range failover.Outages {
			row := []string{failover.Name, string(outage.Kind), strconv.Itoa(outage.Sent), strconv.Itoa(outage.Lost.Min), strconv.Itoa(outage.Lost.Median), strconv.Itoa(outage.Lost.Max)}
			for _, times := range []Times{outage.Failover, outage.Failback, outage.Slowest} {
				for _, value := range []*float64{times.Min, times.Median, times.Max} {
					cell := ""
					if value != nil {
						cell = strconv.FormatFloat(*value, 'f', -1, 64)
					}
					row = append(row, cell)
				}
			}
			rows = append(rows, row)
		}
	}
	if err := writer.WriteAll(rows); err != nil {
		return err
	}
	return writer.Error()
}
