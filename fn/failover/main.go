// Command failover renders active/passive failover at a Kubernetes gateway. It
// is a KRM function and a command: see package command.
package main

import (
	"os"

	"github.com/failover-krm/failover/pkg/command"
)

func main() {
	os.Exit(command.Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
