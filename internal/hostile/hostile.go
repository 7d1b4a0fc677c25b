// Package hostile has texts that try to leave the place where they are shown, and
// manifests and diagrams that are full of them, for tests.
package hostile

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// parts are what texts are made of.
var parts = []string{
	`<script>alert(1)</script>`, `</text></svg><svg onload=alert(1)>`, `<![CDATA[`, `]]>`, `<!--`, `-->`, `<?xml version="1.0"?>`, `<!DOCTYPE x [<!ENTITY e "e">]>`, `&e;`, `&amp;`, `&#0;`, `&lt`, `<`, `>`, `&`,
	`"`, `'`, "`", `"]`, `"} end`, `"); click f0c "javascript:alert(1)"`, `"-->x`, `"]:::bad`, `end`, `subgraph x`, `%%{init: {"securityLevel": "loose"}}%%`, `%% comment`, `#quot;`, `#35;`, `;`, `<br/>`, `<img src=x onerror=alert(1)>`, "\"`**bold**`\"", `$$x$$`, `:::class`, `---`, `~~~`, `|x|`, `{{x}}`, `{{range .}}`, `%s%d%!v`,
	`style="fill:red"`, `url(javascript:1)`, `@import "x"`, `</style>`, `</title>`, `</desc>`, `href=//example.com`,
	"\x00", "\x07", "\x1b[31m", "\x1b]8;;http://example.com\x07", "\b\b\b", "\r", "\n", "\n\nflowchart LR", "\t", "\v", "\x7f", "\u0085", "\u2028", "\u2029",
	"\u202eabc", "\u202d", "\u2066", "\u2069", "\u200f", "\u061c", "\u200b", "\u200d", "\ufeff", "\u00ad", "\ufffd", "\uffff", "\U000e0041",
	strings.Repeat("\u0301", 40), "e\u0301", "\u20dd", strings.Repeat("\u0e49", 30), "\ufe0f",
	"שלום", "مرحبا", "﷽", "漢字かな", "ｗｉｄｅ", "👩‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "𒐫", "⸻", "ꧺ", "Ω≈ç√", "Жщю", "ﬁ",
	strings.Repeat("W", 300), strings.Repeat("i", 300), strings.Repeat("@", 120), strings.Repeat("漢", 120), strings.Repeat("a ", 200), strings.Repeat("a.", 200), strings.Repeat("👍", 60), "", " ", "   leading", "…",
}

// Texts returns so many texts, the same ones each time: each part by itself first, and then
// parts next to each other.
func Texts(count int) []string {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // it is for tests
	texts := make([]string, 0, count)
	for i := range count {
		if i < len(parts) {
			texts = append(texts, parts[i])
			continue
		}
		var text strings.Builder
		for range 2 + random.IntN(4) {
			text.WriteString(parts[random.IntN(len(parts))])
		}
		texts = append(texts, text.String())
	}
	return texts
}

// Manifests returns a failover for each text, which has it wherever a text goes.
func Manifests(texts []string) string {
	var manifests strings.Builder
	for i, text := range texts {
		quoted := strconv.QuoteToASCII(text) // which YAML reads as Go does
		manifests.WriteString(strings.NewReplacer("HOSTILE", quoted, "NUMBER", strconv.Itoa(i)).Replace(template))
	}
	return manifests.String()
}

// template has the text as HOSTILE, and the number of the failover as NUMBER.
const template = `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: rNUMBER, namespace: hostile, annotations: {failover.krm.dev/ignore: HOSTILE}}
spec:
  hostnames: [HOSTILE]
  parentRefs: [{name: HOSTILE, sectionName: HOSTILE}]
  rules:
  - name: HOSTILE
    matches:
    - path: {type: RegularExpression, value: HOSTILE}
      headers: [{name: x-text, value: HOSTILE}]
    backendRefs:
    - {group: gateway.envoyproxy.io, kind: Backend, name: aNUMBER}
    - {group: gateway.envoyproxy.io, kind: Backend, name: pNUMBER}
    - {group: gateway.envoyproxy.io, kind: Backend, name: HOSTILE}
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: Backend
metadata: {name: aNUMBER, namespace: hostile}
spec: {endpoints: [{fqdn: {hostname: HOSTILE, port: 80}}]}
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: Backend
metadata: {name: pNUMBER, namespace: hostile}
spec: {fallback: true, tls: {sni: HOSTILE}, endpoints: [{fqdn: {hostname: HOSTILE, port: 80}}]}
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: BackendTrafficPolicy
metadata: {name: HOSTILE, namespace: hostile}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: rNUMBER, sectionName: HOSTILE}]
  healthCheck: {active: {type: HTTP, http: {path: HOSTILE}}}
`
