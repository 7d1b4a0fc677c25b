package envoy

import "time"

// event is what happens at a time.
type event struct {
	at time.Duration
	// order makes events of the same time happen in the order they were planned in.
	order int
	do    func()
}

func (e event) before(other event) bool {
	return e.at < other.at || e.at == other.at && e.order < other.order
}

// queue is a heap of events. That of container/heap takes three times as long.
type queue struct {
	heap    []event
	planned int
}

func (q *queue) add(at time.Duration, do func()) {
	q.planned++
	q.heap = append(q.heap, event{at, q.planned, do})
	child := len(q.heap) - 1
	for child > 0 {
		parent := (child - 1) / 2
		if !q.heap[child].before(q.heap[parent]) {
			break
		}
		q.heap[child], q.heap[parent] = q.heap[parent], q.heap[child]
		child = parent
	}
}

// next removes the first event.
func (q *queue) next() event {
	first, last := q.heap[0], len(q.heap)-1
	q.heap[0] = q.heap[last]
	q.heap[last] = event{}
	q.heap = q.heap[:last]
	parent := 0
	for {
		least := parent
		for child := 2*parent + 1; child <= 2*parent+2 && child < last; child++ {
			if q.heap[child].before(q.heap[least]) {
				least = child
			}
		}
		if least == parent {
			return first
		}
		q.heap[parent], q.heap[least] = q.heap[least], q.heap[parent]
		parent = least
	}
}
