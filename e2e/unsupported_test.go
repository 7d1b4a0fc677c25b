//go:build !linux

package e2e

import "testing"

func TestUnsupported(t *testing.T) {
	const reason = "the end-to-end suite needs Linux, for its network namespaces"
	if *required {
		t.Fatal(reason)
	}
	t.Skip(reason)
}
