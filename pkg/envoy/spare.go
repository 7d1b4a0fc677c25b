package envoy

// spare is what nothing uses any longer, so that the next of its kind has its place.
type spare struct {
	requests    []*request
	connections []*connection
}

// request returns one to fill.
func (s *spare) request() *request {
	if len(s.requests) == 0 {
		return &request{}
	}
	return pop(&s.requests)
}

// connection returns one to fill.
func (s *spare) connection() *connection {
	if len(s.connections) == 0 {
		return &connection{}
	}
	return pop(&s.connections)
}

func pop[T any](list *[]T) T {
	last := len(*list) - 1
	item := (*list)[last]
	*list = (*list)[:last]
	return item
}
