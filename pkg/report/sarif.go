package report

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/diagnostic"
)

// What SARIF 2.1.0 has of a report: a part of
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html. Lists that are
// there without omitempty are never null.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		// ColumnKind says how columns are counted: by characters.
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		Version        string      `json:"version"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID                   string             `json:"id"`
		ShortDescription     sarifText          `json:"shortDescription"`
		FullDescription      sarifText          `json:"fullDescription"`
		Help                 sarifText          `json:"help"`
		HelpURI              string             `json:"helpUri"`
		DefaultConfiguration sarifConfiguration `json:"defaultConfiguration"`
	}
	sarifConfiguration struct {
		Level string `json:"level"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifInvocation struct {
		ExecutionSuccessful        bool                `json:"executionSuccessful"`
		ToolExecutionNotifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
	}
	sarifNotification struct {
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
	}
	sarifResult struct {
		RuleID              string             `json:"ruleId"`
		RuleIndex           int                `json:"ruleIndex"`
		Level               string             `json:"level"`
		Message             sarifText          `json:"message"`
		Locations           []sarifLocation    `json:"locations"`
		PartialFingerprints map[string]string  `json:"partialFingerprints"`
		Suppressions        []sarifSuppression `json:"suppressions,omitempty"`
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Justification string `json:"justification"`
	}
	sarifLocation struct {
		PhysicalLocation sarifPhysicalLocation `json:"physicalLocation"`
	}
	sarifPhysicalLocation struct {
		ArtifactLocation sarifArtifactLocation `json:"artifactLocation"`
		Region           sarifRegion           `json:"region"`
	}
	sarifArtifactLocation struct {
		URI       string `json:"uri"`
		URIBaseID string `json:"uriBaseId,omitempty"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn,omitempty"`
	}
)

// The ids of what has no rule: errors of the API server and Envoy Gateway, and what
// there is to say of a manifest as well.
const (
	ruleInvalidManifest = "invalid-manifest"
	ruleManifestNote    = "manifest-note"
)

func (r Report) sarif(w io.Writer, options Options) {
	run := sarifRun{
		Tool: sarifTool{sarifDriver{
			Name: "failover", Version: r.Version, InformationURI: "https://github.com/failover-krm/failover", Rules: []sarifRule{},
		}},
		Invocations: []sarifInvocation{{ExecutionSuccessful: len(r.Unread) == 0}},
		ColumnKind:  "unicodeCodePoints",
		Results:     []sarifResult{},
	}
	for _, unread := range r.Unread {
		run.Invocations[0].ToolExecutionNotifications = append(run.Invocations[0].ToolExecutionNotifications, sarifNotification{
			Level: "error", Message: sarifText{unread.Message}, Locations: []sarifLocation{sarifLocationOf(options.InRepository(unread.File), unread.Line, 0)},
		})
	}
	indexes := map[string]int{}
	for _, found := range r.Diagnostics {
		id := sarifRuleID(found)
		if _, isKnown := indexes[id]; !isKnown {
			indexes[id] = len(run.Tool.Driver.Rules)
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRuleOf(found))
		}
	}
	log := sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}}
	writeJSON(w, log, list{"results", len(r.Diagnostics), func(i int) any {
		return sarifResultOf(r.Diagnostics[i], indexes, options)
	}})
}

func sarifResultOf(found diagnostic.Diagnostic, indexes map[string]int, options Options) sarifResult {
	id := sarifRuleID(found)
	result := sarifResult{
		RuleID: id, RuleIndex: indexes[id], Level: sarifLevel(found.Severity), Message: sarifText{found.Text()},
		Locations:           []sarifLocation{},
		PartialFingerprints: map[string]string{"ruleObjectField/v1": fingerprint(id, found)},
	}
	if place := placeOf(found.Subject, found.Position); place.File != "" {
		result.Locations = append(result.Locations, sarifLocationOf(options.InRepository(place.File), place.Line, place.Column))
	}
	if found.Suppressed != "" {
		result.Suppressions = []sarifSuppression{{Kind: "inSource", Justification: found.Suppressed}}
	}
	return result
}

// sarifRuleID is the id of the rule that found something, or of what stands for one.
func sarifRuleID(found diagnostic.Diagnostic) string {
	switch {
	case found.Rule != "":
		return found.Rule
	case found.Severity == diagnostic.Error:
		return ruleInvalidManifest
	default:
		return ruleManifestNote
	}
}

func sarifRuleOf(found diagnostic.Diagnostic) sarifRule {
	rule, isRule := check.Lookup(found.Rule)
	switch id := sarifRuleID(found); {
	case isRule:
	case id == ruleInvalidManifest:
		rule = check.Rule{
			ID: id, Severity: diagnostic.Error, Summary: "The API server or Envoy Gateway refuses the manifest.",
			Explanation: "The API server of the target refuses the object, or accepts it and its Envoy Gateway refuses it; the message says what follows.",
			Fix:         "Write a value that the message allows.",
		}
	default:
		rule = check.Rule{
			ID: id, Severity: diagnostic.Info, Summary: "The manifest has something that you should know.",
			Explanation: "The manifest is accepted, with an assumption where it has no value.",
			Fix:         "Write the value, if the assumption is wrong.",
		}
	}
	return sarifRule{
		ID: rule.ID, ShortDescription: sarifText{rule.Summary}, FullDescription: sarifText{rule.Explanation}, Help: sarifText{rule.Fix},
		HelpURI: HelpURL(found.Rule), DefaultConfiguration: sarifConfiguration{sarifLevel(rule.Severity)},
	}
}

func sarifLevel(severity diagnostic.Severity) string {
	if severity == diagnostic.Info {
		return "note"
	}
	return string(severity)
}

// sarifLocationOf returns a place in a file of the repository, or in one elsewhere.
// The first line stands for a file without lines.
func sarifLocationOf(file string, line, column int) sarifLocation {
	artifact := sarifArtifactLocation{URIBaseID: "%SRCROOT%"}
	slashed := filepath.ToSlash(file)
	if filepath.IsAbs(file) {
		absolute := url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(slashed, "/")}
		artifact = sarifArtifactLocation{URI: absolute.String()}
	} else {
		relative := url.URL{Path: slashed}
		artifact.URI = relative.String()
	}
	return sarifLocation{sarifPhysicalLocation{artifact, sarifRegion{max(line, 1), column}}}
}

// fingerprint is what a finding is known by when its lines move. The values in a message
// are no part of it, unless there is no rule to tell findings of a field apart.
func fingerprint(rule string, found diagnostic.Diagnostic) string {
	parts := []string{rule, found.Object(), found.Field.String()}
	if found.Rule == "" {
		parts = append(parts, found.Message)
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])
}
