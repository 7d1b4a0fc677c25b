//go:build js && wasm

// Command wasm is the playground's code in the browser: a worker calls failover(name,
// arguments as JSON), and gets JSON.
package main

import (
	"encoding/json"
	"fmt"
	"runtime/debug"
	"syscall/js"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/target"
	"github.com/failover-krm/failover/web/playground"
)

// collectLess trades memory, of which a page has enough, for time: one thread does all.
const collectLess = 400

func main() {
	debug.SetGCPercent(collectLess)
	page := &playground.Playground{}
	calls := map[string]func(json.RawMessage) (any, error){
		"choices":  func(json.RawMessage) (any, error) { return playground.Offer(), nil },
		"schema":   func(json.RawMessage) (any, error) { return json.RawMessage(v1alpha1.JSONSchema()), nil },
		"check":    with(func(a input) (any, error) { return page.Check(a.Text, a.Target) }),
		"explain":  with(func(a input) (any, error) { return page.Explain(a.Text, a.Target) }),
		"simulate": with(func(a playground.Outage) (any, error) { return page.Simulate(a) }),
		"set": with(func(a struct{ Text, Field, Value string }) (any, error) {
			return playground.Set(a.Text, a.Field, a.Value)
		}),
	}
	js.Global().Set("failover", js.FuncOf(func(_ js.Value, args []js.Value) any {
		return answer(calls[args[0].String()], args[1].String())
	}))
	select {}
}

// input is what is checked.
type input struct {
	Text   string
	Target target.Target
}

// with decodes the arguments of a call.
func with[T any](call func(T) (any, error)) func(json.RawMessage) (any, error) {
	return func(raw json.RawMessage) (any, error) {
		var arguments T
		if err := json.Unmarshal(raw, &arguments); err != nil {
			return nil, err
		}
		return call(arguments)
	}
}

// answer is the JSON of a call's result, or of its error. A fault of ours is an error
// of the call, so that the page goes on.
func answer(call func(json.RawMessage) (any, error), arguments string) (text string) {
	var reply struct {
		Result any    `json:"result,omitempty"`
		Error  string `json:"error,omitempty"`
	}
	defer func() {
		if fault := recover(); fault != nil {
			data, _ := json.Marshal(map[string]string{"error": fmt.Sprint("internal fault: ", fault)})
			text = string(data)
		}
	}()
	result, err := call(json.RawMessage(arguments))
	if err != nil {
		reply.Error = err.Error()
	} else {
		reply.Result = result
	}
	data, err := json.Marshal(reply)
	if err != nil {
		panic(err)
	}
	return string(data)
}
