package schema

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// handPatterns are those that byHand knows.
var handPatterns = []string{durationPattern, dnsLabelPattern, dnsNamePattern, wildcardNamePattern, groupPattern, kindPattern}

// checkByHand holds byHand against the expressions.
func checkByHand(t *testing.T, text string) (matched int) {
	for _, pattern := range handPatterns {
		want := compiled(pattern).MatchString(text)
		if want {
			matched++
		}
		require.Equal(t, want, byHand(pattern)(text), "%s of %q", pattern, text)
	}
	return matched
}

func FuzzByHand(f *testing.F) {
	for _, text := range []string{
		"", "10s", "1h30m", "1m5ms", "100000s", "1h1h1h1h", "1h1h1h1h1h", "1ms1", "m", "10", "ſ", "shop", "a-b", "-a", "a-", "-", "Shop", "1a", "a.b", "a..b", ".a", "a.",
		"*.a", "*.", "*", "*.*.a", "a\n", "\n", "\u212a", "\xff", "a_b",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { checkByHand(t, text) })
}

// TestByHand takes random texts, of the characters that are in the patterns, and others.
func TestByHand(t *testing.T) {
	parts := []string{"a", "z", "A", "Z", "0", "9", "-", ".", "*.", "h", "m", "s", "ms", "12345", "\n", "_", "é", "\u212a"}
	random := rand.New(rand.NewPCG(1, 2))
	matched := 0
	for range 50_000 {
		var text strings.Builder
		some := parts[:len(parts)-random.IntN(len(parts)-1)] // fewer of those that match nowhere
		for range random.IntN(10) {
			text.WriteString(some[random.IntN(len(some))])
		}
		matched += checkByHand(t, text.String())
	}
	assert.Greater(t, matched, 10_000)
}

func TestPattern(t *testing.T) {
	assert.Nil(t, byHand("^a$"))
	for _, pattern := range append(handPatterns, "^a$") {
		compiledOnce := Pattern{Text: pattern}
		for range 2 {
			for _, text := range []string{"a", "A", "10s", ""} {
				assert.Equal(t, regexp.MustCompile(pattern).MatchString(text), compiledOnce.Matches(text), "%s of %q", pattern, text)
			}
		}
	}
}
