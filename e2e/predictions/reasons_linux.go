package predictions

// late is a host that worked again later than was written down.
const late = "as many more requests were lost as the host came back later than its time stamp says"

// reasons are what is known of disagreements, by the drill's name.
var reasons = map[string]string{
	"random-6/hang/GET":                    late,
	"random-7/hang/GET, 50/s":              late,
	"random-9/hang/GET":                    late,
	"random-14/hang/GET, 5/s":              late,
	"random-19/hang/GET, 5/s":              late,
	"varied-11/hang/GET, 120 s, 1+2 hosts": late,
	"varied-33/500/GET, 10 s, 1+3 hosts":   "Envoy compares the merge window in whole milliseconds, and the simulation exact times",
}

// notKnown is what stands for the others.
const notKnown = "not known"
