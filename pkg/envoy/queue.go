package envoy

import (
	"slices"
	"time"
)

// event is what happens at a time. It has no pointer, so that moving it in the heap
// costs the garbage collector nothing.
type event struct {
	at time.Duration
	// order makes events of the same time happen in the order they were planned in.
	order int
	// action is the index of what is done.
	action int
}

func (e event) before(other event) bool {
	return e.at < other.at || e.at == other.at && e.order < other.order
}

// queue has the events to come: a heap, and beside it the deadlines of requests, which
// come in the order in which they are planned. The heap of container/heap takes three
// times as long.
type queue struct {
	heap    []event
	planned int
	actions []func()
	// unused are the indexes of actions that are done.
	unused    []int
	deadlines [kindsOfDeadlines]deadlines
}

// deadlines are those of one kind, each as long after its request as the others.
type deadlines struct {
	list []deadline
	next int
}

type deadline struct {
	event
	request *request
}

// The kinds of deadlines.
const (
	ofClient = iota
	ofRoute
	kindsOfDeadlines
)

func (q *queue) add(at time.Duration, do func()) {
	action := len(q.actions)
	if last := len(q.unused) - 1; last >= 0 {
		action, q.unused = q.unused[last], q.unused[:last]
		q.actions[action] = do
	} else {
		q.actions = append(q.actions, do)
	}
	q.planned++
	q.heap = append(q.heap, event{at, q.planned, action})
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

// addDeadline plans one, which must not be before another one of its kind.
func (q *queue) addDeadline(kind int, at time.Duration, r *request) {
	q.planned++
	d := &q.deadlines[kind]
	d.forget()
	if len(d.list) == cap(d.list) && d.next > 0 { // most are past: their room is used again
		d.list, d.next = slices.Delete(d.list, 0, d.next), 0
	}
	d.list = append(d.list, deadline{event{at: at, order: q.planned}, r})
}

// forget passes over those whose requests have ended.
func (d *deadlines) forget() {
	for d.next < len(d.list) && d.list[d.next].request.done {
		d.next++
	}
}

// next removes the first event: an action, or the deadline of a request.
func (q *queue) next() (at time.Duration, do func(), kind int, r *request, ok bool) {
	least, ok := event{}, false
	if len(q.heap) > 0 {
		least, ok = q.heap[0], true
	}
	kind = -1
	for i := range q.deadlines {
		d := &q.deadlines[i]
		d.forget()
		if d.next < len(d.list) && (!ok || d.list[d.next].before(least)) {
			least, ok, kind = d.list[d.next].event, true, i
		}
	}
	switch {
	case !ok:
		return 0, nil, 0, nil, false
	case kind >= 0:
		d := &q.deadlines[kind]
		r = d.list[d.next].request
		d.next++
		return least.at, nil, kind, r, true
	}
	do = q.actions[least.action]
	q.actions[least.action] = nil
	q.unused = append(q.unused, least.action)
	q.removeFirst()
	return least.at, do, 0, nil, true
}

func (q *queue) removeFirst() {
	last := len(q.heap) - 1
	q.heap[0] = q.heap[last]
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
			return
		}
		q.heap[parent], q.heap[least] = q.heap[least], q.heap[parent]
		parent = least
	}
}
