// Hostile prints, as JSON, diagrams that are full of texts which try to leave their place.
package main

import (
	"encoding/json"
	"log"
	"os"

	"github.com/failover-krm/failover/internal/hostile"
	"github.com/failover-krm/failover/pkg/diagram"
)

// count is how many texts there are.
const count = 300

func main() {
	type diagrams struct {
		Text    string `json:"text"`
		Graph   string `json:"graph"`
		Outage  string `json:"outage"`
		Mermaid string `json:"mermaid"`
	}
	all := make([]diagrams, 0, count)
	for _, text := range hostile.Texts(count) {
		views := []diagram.View{hostile.View(text)}
		all = append(all, diagrams{text, string(diagram.SVG(views)), string(diagram.Outage(hostile.Run(text))), string(diagram.Mermaid(views))})
	}
	if err := json.NewEncoder(os.Stdout).Encode(all); err != nil {
		log.Fatal(err)
	}
}
