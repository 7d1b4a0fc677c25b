package drill

import (
	"github.com/failover-krm/failover/pkg/diagram"
	"github.com/failover-krm/failover/pkg/envoy"
	"github.com/failover-krm/failover/pkg/prober"
)

// Recording is what a drill measured, to be written down and drawn.
func (m Measured) Recording(of Drill, envoyGateway string) diagram.Measured {
	recording := diagram.Measured{
		Name: "policy " + of.Policy.Name, Kind: envoy.Kind(of.Fault), Method: of.Method, Rate: of.RequestsPerSecond(),
		EnvoyGateway: envoyGateway, Tiers: []string{"active", "passive"},
		Begin: m.Outage.Broken.Milliseconds(), End: m.Outage.Restored.Milliseconds(),
	}
	for _, request := range m.Requests {
		recording.Requests = append(recording.Requests, [4]int64{
			request.Due.Milliseconds(), request.Latency.Milliseconds(), int64(request.Answer.Status), tierOf(request),
		})
	}
	return recording
}

// tierOf is the index of the tier that answered; -1 for none.
func tierOf(request prober.Request) int64 {
	for i, tier := range []string{"active", "passive"} {
		if isOf(tier)(request.Answer.From) {
			return int64(i)
		}
	}
	return -1
}
