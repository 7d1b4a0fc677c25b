package check

import (
	"regexp"
	"sync"
)

// imageGrammar is that of github.com/distribution/reference, by which the kubelet reads an
// image. That library compiles its expressions in every process that links it, for a
// millisecond; a test holds this one against it. How long a tag and a digest are is not part of it:
// with repetitions that are counted, it takes ten times as long.
var imageGrammar = sync.OnceValue(func() *regexp.Regexp {
	const (
		label     = `[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?`
		registry  = `(?:` + label + `(?:\.` + label + `)*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?`
		component = `[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*`
		tag       = `\w[\w.-]*`
		digest    = `(sha256|sha384|sha512):([a-f0-9]+)`
	)
	return regexp.MustCompile(`^(?:` + registry + `/)?` + component + `(?:/` + component + `)*(?::(` + tag + `))?(?:@` + digest + `)?$`)
})

// longestTag is the number of characters that a tag may have, and digestLengths are those that a
// digest has.
const longestTag = 128

var digestLengths = map[string]int{"sha256": 64, "sha384": 96, "sha512": 128}

// imageID is what a runtime takes for the id of an image, and no name.
var imageID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-f0-9]{64}$`) })

// isImage tells whether a text names an image.
func isImage(text string) bool {
	parts := imageGrammar().FindStringSubmatch(text)
	if parts == nil || imageID().MatchString(text) {
		return false
	}
	tag, algorithm, digest := parts[1], parts[2], parts[3]
	return len(tag) <= longestTag && len(digest) == digestLengths[algorithm]
}

// isImage remembers what isImage tells: the Deployments of a set share a few images.
func (s *set) isImage(text string) bool {
	is, known := s.images[text]
	if !known {
		is = isImage(text)
		s.images[text] = is
	}
	return is
}
