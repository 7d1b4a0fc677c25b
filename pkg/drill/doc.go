// Package drill makes an outage on purpose, on a live cluster: it breaks the active tier of a
// failover, watches what becomes of requests, restores the tier, and reports.
package drill
