package drill

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// Mark is how an answer shows that it is of a tier.
type Mark struct {
	// kind is header, json or body, and key the name of the header or field.
	kind, key string
	pattern   *regexp.Regexp
}

const markForm = `must be header:NAME=REGEXP, json:FIELD.FIELD=REGEXP or body=REGEXP, such as json:pod=^shop-`

// ParseMark reads the value of --active-is or --passive-is.
func ParseMark(text string) (Mark, error) {
	where, expression, found := strings.Cut(text, "=")
	kind, key, _ := strings.Cut(where, ":")
	isKnown := kind == "body" && key == "" || (kind == "header" || kind == "json") && key != ""
	if !found || !isKnown || expression == "" {
		return Mark{}, fmt.Errorf("%q %s", text, markForm)
	}
	flags := ""
	if kind == "body" {
		flags = "(?s)" // a body of several lines, or a message of gRPC, is one text
	}
	pattern, err := regexp.Compile(flags + expression)
	if err != nil {
		return Mark{}, fmt.Errorf("%q: %w", text, err)
	}
	return Mark{kind, key, pattern}, nil
}

// String writes it as it is given.
func (m Mark) String() string {
	if m.kind == "body" {
		return "body=" + strings.TrimPrefix(m.pattern.String(), "(?s)")
	}
	return m.kind + ":" + m.key + "=" + m.pattern.String()
}

// in tells whether an answer has the mark.
func (m Mark) in(header http.Header, body []byte) bool {
	switch m.kind {
	case "header":
		return slices.ContainsFunc(header.Values(m.key), m.pattern.MatchString)
	case "json":
		value, found := fieldOf(body, m.key)
		return found && m.pattern.MatchString(value)
	}
	return m.pattern.Match(body)
}

// fieldOf is a field of a JSON object, as text.
func fieldOf(body []byte, path string) (string, bool) {
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return "", false
	}
	for key := range strings.SplitSeq(path, ".") {
		object, isObject := value.(map[string]any)
		if !isObject {
			return "", false
		}
		var found bool
		if value, found = object[key]; !found {
			return "", false
		}
	}
	if text, isText := value.(string); isText {
		return text, true
	}
	return fmt.Sprint(value), true
}

// Marks tell the tier of an answer.
type Marks struct {
	Active, Passive []Mark
}

// The names of the tiers.
const (
	active  = "active"
	passive = "passive"
	// both is for an answer that has the marks of both tiers.
	both = "both"
)

// from is the tier that sent an answer. With the marks of only one tier, whatever does not
// have them is of the other.
func (m Marks) from(header http.Header, body []byte) string {
	has := func(marks []Mark) bool {
		return slices.ContainsFunc(marks, func(mark Mark) bool { return mark.in(header, body) })
	}
	isActive, isPassive := has(m.Active), has(m.Passive)
	switch {
	case len(m.Passive) == 0:
		isPassive = !isActive
	case len(m.Active) == 0:
		isActive = !isPassive
	}
	switch {
	case isActive && isPassive:
		return both
	case isActive:
		return active
	case isPassive:
		return passive
	}
	return ""
}
