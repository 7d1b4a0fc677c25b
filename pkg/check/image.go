package check

import (
	"regexp"
	"sync"
)

// imageGrammar is that of github.com/distribution/reference, by which the kubelet reads an
// image. That library compiles its expressions in every process that links it, for a
// millisecond; a test holds this one against it.
var imageGrammar = sync.OnceValue(func() *regexp.Regexp {
	const (
		label     = `[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?`
		registry  = `(?:` + label + `(?:\.` + label + `)*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?`
		component = `[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*`
		tag       = `[\w][\w.-]{0,127}`
		digest    = `sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128}`
	)
	return regexp.MustCompile(`^(?:` + registry + `/)?` + component + `(?:/` + component + `)*(?::` + tag + `)?(?:@(?:` + digest + `))?$`)
})

// imageID is what a runtime takes for the id of an image, and no name.
var imageID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-f0-9]{64}$`) })

// isImage tells whether a text names an image.
func isImage(text string) bool {
	return imageGrammar().MatchString(text) && !imageID().MatchString(text)
}
