package drill

import (
	"context"
	"strings"
	"time"

	"k8s.io/utils/ptr"

	"github.com/failover-krm/failover/pkg/kubectl"
)

// Step is a command that breaks or restores something: of kubectl, or of the shell.
type Step struct {
	// Kubectl has the arguments of kubectl.
	Kubectl []string `json:"kubectl,omitempty"`
	// Shell is a command line for the shell.
	Shell string `json:"shell,omitempty"`
	// OnlyAtZero names a workload by the arguments of kubectl get. The step is left out where
	// that has replicas: somebody else has scaled it.
	OnlyAtZero []string `json:"onlyAtZero,omitempty"`
}

// String writes it as one would type it.
func (s Step) String() string {
	if s.Shell != "" {
		return s.Shell
	}
	words := []string{"kubectl"}
	for _, word := range s.Kubectl {
		if strings.ContainsAny(word, ` "{}$*`) {
			word = "'" + word + "'"
		}
		words = append(words, word)
	}
	text := strings.Join(words, " ")
	if len(s.OnlyAtZero) > 0 {
		text += ", if it is still at 0"
	}
	return text
}

// commandLimit is how long kubectl may take to break something. It is not interrupted: what
// the API server has begun to do would still come, after active is restored.
const commandLimit = 30 * time.Second

func (s Step) run(ctx context.Context, k kubectl.Kubectl) error {
	if s.Shell != "" {
		return kubectl.Shell(ctx, s.Shell)
	}
	if len(s.OnlyAtZero) > 0 {
		var found workload
		if isThere, err := k.Get(ctx, &found, s.OnlyAtZero...); err != nil || isThere && ptr.Deref(found.Spec.Replicas, 1) != 0 {
			return err
		}
	}
	_, err := k.Run(ctx, s.Kubectl...)
	return err
}

func runAll(ctx context.Context, k kubectl.Kubectl, steps []Step) error {
	for _, step := range steps {
		if err := step.run(ctx, k); err != nil {
			return err
		}
	}
	return nil
}

// Undo is what restores the active tier. It is kept before anything is broken.
type Undo struct {
	// Failover is whose tier it is.
	Failover string `json:"failover"`
	// Cluster has the flags of kubectl that name the cluster.
	Cluster []string `json:"cluster"`
	// Restore has the commands, each of which may be run again.
	Restore []Step `json:"restore"`
}

// Keeper keeps what restores the active tier where it outlives the program.
type Keeper interface {
	// Keep fails where something is kept already: an earlier drill was not finished.
	Keep(undo Undo) error
	// Forget is called once the tier is restored.
	Forget() error
}

// retryAfter is the time between two attempts to restore.
const retryAfter = time.Second

// Run restores, and tries again until it succeeds or the context ends. It tells of each failed
// attempt.
func (u Undo) Run(ctx context.Context, k kubectl.Kubectl, failed func(error)) error {
	for {
		err := runAll(ctx, k, u.Restore)
		if err == nil || ctx.Err() != nil {
			return err
		}
		failed(err)
		select {
		case <-ctx.Done():
			return err
		case <-time.After(retryAfter):
		}
	}
}
