// Command failover renders active/passive failover at a Kubernetes gateway. It
// is a KRM function and a command: see package command.
package main

import (
	"os"
	"runtime/debug"

	"github.com/failover-krm/failover/pkg/command"
)

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200) // a process that ends soon has better things to do: see docs/performance.md
	}
	os.Exit(command.Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
