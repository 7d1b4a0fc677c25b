// Package diagram draws failovers and outages: what package check says of a failover,
// and what became of each request of an outage, as SVG, Mermaid and text. It is pure:
// values in, bytes out, the same bytes for the same values.
package diagram
