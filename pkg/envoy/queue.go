package envoy

import "time"

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

// action is what an event does, and to what. Most are methods of a simulation: a closure for
// each event would take longer than everything else.
type action struct {
	do doing
	on subject
}

type doing func(*simulation, subject)

// subject is what an event is about.
type subject struct {
	of         task
	with       reply
	connection *connection
	host       *host
}

// task is a request, or one of its attempts, that an event is planned for. When it happens,
// that may be over, and another request have its place.
type task struct {
	request *request
	index   int
	// attempt counts from 1; 0 stands for the whole request.
	attempt int
}

// whole is the task that ends with the request, and attempt the one that ends with the attempt
// that is under way.
func (r *request) whole() task   { return task{r, r.index, 0} }
func (r *request) attempt() task { return task{r, r.index, r.Attempts} }

func (t task) isOver() bool {
	r := t.request
	return r.done || r.index != t.index || t.attempt != 0 && (r.Attempts != t.attempt || !r.isTrying)
}

// queue has the events to come: a heap, and apart from it the deadlines of requests, which
// come in the order in which they are planned. The heap of container/heap takes three
// times as long.
type queue struct {
	heap    []event
	planned int
	actions []action
	// unused are the indexes of actions that are done.
	unused    []int
	deadlines [kindsOfDeadlines]deadlines
}

// deadlines are those of one kind, each as long after its beginning as the others.
type deadlines struct {
	list []deadline
	next int
}

type deadline struct {
	event
	of task
}

// The kinds of deadlines.
const (
	ofClient = iota
	ofRoute
	ofAttempt
	kindsOfDeadlines
)

// atDeadline is what is done where one is not met.
var atDeadline = [kindsOfDeadlines]doing{ofClient: (*simulation).abandon, ofRoute: (*simulation).timeOut, ofAttempt: (*simulation).perTryTimeout}

// emptied is a queue without events that uses the memory of this one.
func (q *queue) emptied() queue {
	empty := queue{heap: q.heap[:0], actions: q.actions[:0], unused: q.unused[:0]}
	for i, d := range q.deadlines {
		empty.deadlines[i].list = d.list[:0]
	}
	return empty
}

func (q *queue) add(at time.Duration, do doing, on subject) {
	index := len(q.actions)
	if last := len(q.unused) - 1; last >= 0 {
		index, q.unused = q.unused[last], q.unused[:last]
		q.actions[index] = action{do, on}
	} else {
		q.actions = append(q.actions, action{do, on})
	}
	q.planned++
	q.heap = append(q.heap, event{at, q.planned, index})
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
func (q *queue) addDeadline(kind int, at time.Duration, of task) {
	q.planned++
	d := &q.deadlines[kind]
	d.forget()
	if d.next == len(d.list) || len(d.list) == cap(d.list) && d.next > 0 { // the room of those that are past is used again
		d.list, d.next = d.list[:copy(d.list, d.list[d.next:])], 0
	}
	d.list = append(d.list, deadline{event{at: at, order: q.planned}, of})
}

// forget passes over those that are met.
func (d *deadlines) forget() {
	for d.next < len(d.list) && d.list[d.next].of.isOver() {
		d.next++
	}
}

// next removes the first event.
func (q *queue) next() (at time.Duration, planned action, ok bool) {
	least, ok := event{}, false
	if len(q.heap) > 0 {
		least, ok = q.heap[0], true
	}
	kind := -1
	for i := range q.deadlines {
		d := &q.deadlines[i]
		d.forget()
		if d.next < len(d.list) && (!ok || d.list[d.next].before(least)) {
			least, ok, kind = d.list[d.next].event, true, i
		}
	}
	switch {
	case !ok:
		return 0, action{}, false
	case kind >= 0:
		d := &q.deadlines[kind]
		of := d.list[d.next].of
		d.next++
		return least.at, action{atDeadline[kind], subject{of: of}}, true
	}
	q.unused = append(q.unused, least.action)
	q.removeFirst()
	return least.at, q.actions[least.action], true
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
