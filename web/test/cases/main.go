// Cases prints, as JSON, what the playground is given by its tests: random FailoverSpecs,
// each with what the command renders of it, and manifests full of texts that try to
// leave their place.
package main

import (
	"bytes"
	"encoding/json"
	"log"
	"os"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/failover-krm/failover/internal/hostile"
	"github.com/failover-krm/failover/internal/randomspec"
	"github.com/failover-krm/failover/pkg/command"
	"github.com/failover-krm/failover/pkg/target"
)

const (
	specs = 50
	// texts is how many there are, of which each of the manifests has so many.
	texts, together = 300, 3
)

type spec struct {
	Text string `json:"text"`
	YAML string `json:"yaml"`
}

func main() {
	var cases struct {
		Specs   []spec   `json:"specs"`
		Hostile []string `json:"hostile"`
	}
	targets := target.All()
	for number := range specs {
		text, err := yaml.Marshal(randomspec.New(number, targets[number%len(targets)]))
		if err != nil {
			log.Fatal(err)
		}
		var stdout, stderr bytes.Buffer
		if code := command.Run([]string{"render", "-"}, strings.NewReader(string(text)), &stdout, &stderr); code != 0 {
			log.Fatalf("spec %d: exit code %d: %s", number, code, stderr.String())
		}
		cases.Specs = append(cases.Specs, spec{string(text), stdout.String()})
	}
	for all := hostile.Texts(texts); len(all) > 0; all = all[min(together, len(all)):] {
		cases.Hostile = append(cases.Hostile, hostile.Manifests(all[:min(together, len(all))]))
	}
	if err := json.NewEncoder(os.Stdout).Encode(cases); err != nil {
		log.Fatal(err)
	}
}
