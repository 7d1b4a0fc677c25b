package schema

import (
	"regexp"
	"strings"
	"sync"
)

// Pattern is a regular expression that a string must match. It is compiled when the first
// string is matched.
type Pattern struct {
	// Text is the expression.
	Text string

	once    sync.Once
	matches func(text string) bool
}

// Matches tells whether a string matches the pattern.
func (p *Pattern) Matches(text string) bool {
	p.once.Do(func() {
		if p.matches = byHand(p.Text); p.matches == nil {
			p.matches = compiled(p.Text).MatchString
		}
	})
	return p.matches(text)
}

// compiledPatterns has each expression that a process has met: several schemas have a Pattern
// of the same text.
var compiledPatterns sync.Map

func compiled(pattern string) *regexp.Regexp {
	if known, ok := compiledPatterns.Load(pattern); ok {
		return known.(*regexp.Regexp)
	}
	expression := regexp.MustCompile(pattern)
	compiledPatterns.Store(pattern, expression)
	return expression
}

// The patterns of well-known types.
const (
	durationPattern     = `^([0-9]{1,5}(h|m|s|ms)){1,4}$`
	dnsLabelPattern     = `^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	dnsNamePattern      = `^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`
	wildcardNamePattern = `^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`
	groupPattern        = `^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`
	kindPattern         = `^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$`
	quantityPattern     = `^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$`
)

// byHand returns a function that does what a pattern does, for those that nearly all values
// are matched with: to match an expression takes several times as long. It is nil for others.
func byHand(pattern string) func(text string) bool {
	switch pattern {
	case durationPattern:
		return isDuration
	case dnsLabelPattern:
		return isDNSLabel
	case dnsNamePattern:
		return isDNSName
	case wildcardNamePattern:
		return func(text string) bool { return isDNSName(strings.TrimPrefix(text, "*.")) }
	case groupPattern:
		return func(text string) bool { return text == "" || isDNSName(text) }
	case kindPattern:
		return func(text string) bool { return isWord(text, true) && !isDigit(text[0]) }
	default:
		return nil
	}
}

func isDuration(text string) bool {
	const mostParts, mostDigits = 4, 5
	for range mostParts {
		unit := strings.TrimLeft(text, "0123456789")
		digits := len(text) - len(unit)
		if digits == 0 || digits > mostDigits || strings.IndexAny(unit, "hms") != 0 {
			return false
		}
		if text = strings.TrimPrefix(unit, "ms"); len(text) == len(unit) {
			text = unit[1:]
		}
		if text == "" {
			return true
		}
	}
	return false
}

func isDNSName(text string) bool {
	for label := range strings.SplitSeq(text, ".") {
		if !isDNSLabel(label) {
			return false
		}
	}
	return true
}

func isDNSLabel(text string) bool { return isWord(text, false) }

// isWord tells whether a text is of letters and digits, with dashes between them.
func isWord(text string, withCapitals bool) bool {
	for i := range len(text) {
		char := text[i]
		isLetter := 'a' <= char && char <= 'z' || withCapitals && 'A' <= char && char <= 'Z'
		isInside := char == '-' && i > 0 && i < len(text)-1
		if !isLetter && !isDigit(char) && !isInside {
			return false
		}
	}
	return text != ""
}

func isDigit(char byte) bool { return '0' <= char && char <= '9' }
