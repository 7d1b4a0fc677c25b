package compile

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/failover-krm/failover/pkg/api/decode"
	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
)

// ignorePath is where an object says which findings are to be ignored.
var ignorePath = document.Path{{Name: "metadata"}, {Name: "annotations"}, {Name: v1alpha1.AnnotationIgnore, InBrackets: true}}

// ignore is an entry of the annotation on an object.
type ignore struct {
	subject      *diagnostic.Subject
	rule, reason string
	used         bool
}

// specName is what the objects that were rendered from a FailoverSpec know of it. They
// are written next to it.
type specName struct{ directory, name string }

// suppress marks the findings of rules that are ignored by an annotation of their
// object, or of the FailoverSpec that the object is rendered from. It adds what is wrong
// with these annotations.
func suppress(diagnostics []diagnostic.Diagnostic, subjects []*diagnostic.Subject) []diagnostic.Diagnostic {
	ofObject, ofSpec := map[*diagnostic.Subject][]*ignore{}, map[specName][]*ignore{}
	var ignores []*ignore
	var wrong []diagnostic.Diagnostic
	for _, subject := range subjects {
		entries, found := ignoresOf(subject)
		wrong = append(wrong, found...)
		if len(entries) == 0 {
			continue
		}
		ignores = append(ignores, entries...)
		ofObject[subject] = entries
		if decode.IsClaimed(subject.Field("apiVersion"), subject.Field("kind")) {
			name := specName{filepath.Dir(subject.File), subject.Field("metadata.name")}
			ofSpec[name] = append(ofSpec[name], entries...)
		}
	}
	if len(ignores) == 0 {
		return append(diagnostics, wrong...)
	}
	for i, found := range diagnostics {
		if found.Rule == "" || found.Subject == nil {
			continue
		}
		owner := specName{filepath.Dir(found.Subject.File), found.Subject.Field("metadata.annotations[" + v1alpha1.AnnotationOwner + "]")}
		for _, entry := range slices.Concat(ofObject[found.Subject], ofSpec[owner]) {
			if entry.rule == found.Rule {
				entry.used = true
				diagnostics[i].Suppressed = entry.reason
			}
		}
	}
	return slices.Concat(diagnostics, wrong, unused(ignores, diagnostics))
}

// ignoresOf reads the annotation of an object, and says what is wrong with it.
func ignoresOf(subject *diagnostic.Subject) (ignores []*ignore, wrong []diagnostic.Diagnostic) {
	text := subject.Field(ignorePath.String())
	report := func(rule, message string) {
		wrong = append(wrong, ofRule(rule, subject, message))
	}
	for _, entry := range strings.FieldsFunc(text, func(r rune) bool { return r == ';' || r == '\n' }) {
		rule, reason, _ := strings.Cut(entry, ":")
		rule, reason = strings.TrimSpace(rule), strings.TrimSpace(reason)
		switch {
		case rule == "" && reason == "":
		case !check.CanIgnore(rule):
			report(check.RuleIgnoreUnknownRule, fmt.Sprintf("%q is not a rule%s: write RULE: reason, with the id that a finding ends with", diagnostic.Shorten(rule), didYouMean(rule)))
		case reason == "":
			report(check.RuleIgnoreWithoutReason, fmt.Sprintf("%s has no reason, so its findings count: write %s: and why they do not matter here", rule, rule))
		default:
			ignores = append(ignores, &ignore{subject: subject, rule: rule, reason: reason})
		}
	}
	return ignores, wrong
}

func didYouMean(rule string) string {
	var ids []string
	for _, known := range check.Rules() {
		if check.CanIgnore(known.ID) {
			ids = append(ids, known.ID)
		}
	}
	if meant := document.Suggest(rule, ids); meant != "" {
		return fmt.Sprintf(" (did you mean %q?)", meant)
	}
	return ""
}

// unused says of each entry that ignores nothing which object of the same directory has
// a finding of its rule.
func unused(ignores []*ignore, diagnostics []diagnostic.Diagnostic) []diagnostic.Diagnostic {
	type place struct{ rule, directory string }
	first := map[place]*diagnostic.Subject{}
	for _, found := range diagnostics {
		if found.Rule == "" || found.Subject == nil || found.Suppressed != "" {
			continue
		}
		if at := (place{found.Rule, filepath.Dir(found.Subject.File)}); first[at] == nil {
			first[at] = found.Subject
		}
	}
	var wrong []diagnostic.Diagnostic
	for _, entry := range ignores {
		if entry.used {
			continue
		}
		advice := "remove it"
		if other := first[place{entry.rule, filepath.Dir(entry.subject.File)}]; other != nil {
			advice = fmt.Sprintf("put it on %s, which has one", diagnostic.DisplayName(other.ID()))
		}
		wrong = append(wrong, ofRule(check.RuleIgnoreUnused, entry.subject, fmt.Sprintf("%s has no finding at this object: %s", entry.rule, advice)))
	}
	return wrong
}

// ofRule returns a finding at the annotation.
func ofRule(id string, subject *diagnostic.Subject, message string) diagnostic.Diagnostic {
	rule, _ := check.Lookup(id)
	found := diagnostic.New(rule.Severity, subject, ignorePath, message)
	found.Rule = id
	return found
}
