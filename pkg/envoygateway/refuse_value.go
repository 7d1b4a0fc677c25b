package envoygateway

import (
	"fmt"
	"math"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation/field"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// duration reads a duration; nothing where there is none, or where it can't be
// read, which is the API server's to say.
func duration(value *gwapiv1.Duration) *time.Duration {
	if value == nil {
		return nil
	}
	parsed, err := time.ParseDuration(string(*value))
	if err != nil {
		return nil
	}
	return &parsed
}

// longerThan refuses a duration that is not longer than a limit.
func longerThan(limit time.Duration, value *gwapiv1.Duration, consequence Consequence, path *field.Path) []Refusal {
	if parsed := duration(value); parsed != nil && *parsed <= limit {
		return refusal(consequence, field.Invalid(path, string(*value), fmt.Sprintf("must be longer than %s", short(limit))))
	}
	return nil
}

// short writes a duration as a manifest has it.
func short(value time.Duration) string {
	if value == 0 {
		return "0s"
	}
	return value.String()
}

// quantity refuses a number of bytes outside a range.
func quantity(value *resource.Quantity, minimum, maximum int64, path *field.Path) []Refusal {
	if value == nil {
		return nil
	}
	bytes, fits := value.AsInt64()
	if fits && bytes >= minimum && bytes <= maximum {
		return nil
	}
	return refusal(DirectResponse500, field.Invalid(path, value.String(), fmt.Sprintf("must be between %d and %d bytes", minimum, maximum)))
}

// maxUint32 is the largest number of bytes of a buffer of Envoy.
const maxUint32 = int64(math.MaxUint32)

// regularExpression refuses what is not a regular expression of RE2, which is the
// syntax of Go and of Envoy.
func regularExpression(value string, consequence Consequence, path *field.Path) []Refusal {
	if _, err := regexp.Compile(value); err != nil {
		return refusal(consequence, field.Invalid(path, value, fmt.Sprintf(
			"must be a regular expression in the syntax of RE2, which has no look-around and no back-references: %v", err)))
	}
	return nil
}

// notEmpty refuses an empty text.
func notEmpty(value string, consequence Consequence, path *field.Path) []Refusal {
	if value == "" {
		return refusal(consequence, field.Required(path, "must not be empty"))
	}
	return nil
}

// headerText refuses a text that can't be in a header.
func headerText(value string, path *field.Path) []Refusal {
	if strings.ContainsAny(value, "\x00\r\n") {
		return refusal(Frozen, field.Invalid(path, value, "must not contain line breaks or NUL"))
	}
	return nil
}

// isAddress tells whether a text is an IP address.
func isAddress(text string) bool {
	_, err := netip.ParseAddr(text)
	return err == nil
}
