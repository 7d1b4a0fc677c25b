package predictions

import (
	"slices"

	"github.com/failover-krm/failover/e2e/drill"
)

// Drills are those that are compared.
func Drills() []drill.Drill {
	const random, varied = 75, 36
	return slices.Concat(drill.All(), drill.Varied(), drill.Random(random), drill.RandomVaried(varied))
}
