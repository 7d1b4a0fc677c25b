package translation
import ("testing";"github.com/failover-krm/failover/pkg/envoygateway")
func TestTmp(t *testing.T){
 for _, v := range envoyGateways {
	c := &comparison{envoyGateway: v, skipped: map[string]int{}}
	base := rendered(t)
	for _, s := range base { c.add(t, s) }
	n:=len(c.sets)
	for _, s := range upstream(t, moduleDirectory(t, v)) { p:=s.prefixed("x-"); if err:=p.prepare(t,v); err!=nil { t.Log(s.name, err) }; c.add(t,s) }
	t.Log(n, len(c.sets), c.skipped)
	for _, s := range mutated(base, 1000) { c.add(t, s) }
	t.Log(n, len(c.sets), c.skipped)
	out := map[string]int{}
	for _, s := range c.sets { r := envoygateway.Translate(s.typed(t), envoygateway.Options{EnvoyGateway: v, Refusals: refusals, ServiceRouting: true}); _ = ofModel(r)
	 for _, ro := range r.Routes { for _, p := range ro.Parents { out["parent "+string(p.Reason)]++ }; for _, ru := range ro.Rules { if ru.Refused!=nil {out["refused"]++}; for _, a := range ru.Attachments { out[string(a.Outcome)]++; for _, ca := range a.Causes { out["cause "+string(ca.Reason)]++ } } } }
	 for _, p := range r.Policies { for _, ta := range p.Targets { if ta.Attached {out["policy attached"]++}; if ta.Ignored!=nil {out["policy "+string(ta.Ignored.Reason)]++}; out["overrides"]+=len(ta.Overridden) } }
	}
	t.Log(out)
 }
}
