package main

// The generator reads the sources of this package through its own module.
import _ "github.com/failover-krm/failover/pkg/api/v1alpha1"
