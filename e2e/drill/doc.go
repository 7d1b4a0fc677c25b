// Package drill breaks the active tier of a failover on purpose and reports what
// that did to the requests of a probe.
package drill
