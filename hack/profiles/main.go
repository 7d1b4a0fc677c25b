// Command profiles searches the settings near those of each profile, with the
// simulation, and writes what others would cost into docs/profiles.md. It takes some
// minutes, and writes the same each time.
//
//	go run ./hack/profiles
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
)

const (
	page  = "docs/profiles.md"
	begin = "<!-- Written by go run ./hack/profiles, from here -->\n"
	end   = "<!-- to here. -->\n"
)

func main() {
	quick := flag.Bool("quick", false, "a rough look in seconds: few situations, printed and not written")
	flag.Parse()
	if err := run(*quick); err != nil {
		fmt.Fprintln(os.Stderr, "profiles:", err)
		os.Exit(1)
	}
}

func run(quick bool) error {
	if quick {
		fmt.Print(figures(quickSituations()))
		return nil
	}
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	written, err := replaceFigures(string(text), figures(situations()))
	if err != nil {
		return err
	}
	return os.WriteFile(page, []byte(written), 0o644)
}

// replaceFigures puts figures into the page, where the last ones were.
func replaceFigures(text, figures string) (string, error) {
	before, rest, found := strings.Cut(text, begin)
	_, after, foundEnd := strings.Cut(rest, end)
	if !found || !foundEnd {
		return "", fmt.Errorf("%s lacks the lines %q and %q, between which the figures are", page, begin, end)
	}
	return before + begin + figures + end + after, nil
}

// figures are all tables.
func figures(in []situation) string {
	var text strings.Builder
	fmt.Fprintf(&text, "\n%s\nThere are %d situations, %d of them with one host a tier.\n", drillTable(), len(in), len(oneHost(in)))
	for _, p := range profiles() {
		all := search(append([]variant{{settings: p.settings}}, p.singles()...), in)
		fmt.Fprintf(&text, "\n#### %s: one setting at a time\n\n%s", p.title(), searchTable(all[0], all[1:]))

		for i := range all {
			all[i] = all[i].ofOneHost()
		}
		pairs := search(p.pairs(), oneHost(in))
		if shown := pairsToShow(all[0], all[1:], pairs); len(shown) > 0 {
			fmt.Fprintf(&text, "\n%s: of %d pairs of settings, with one host a tier, those that are better somewhere and worse nowhere, and\n"+
				"better in some outage than each of the two changes by itself:\n\n%s", p.title(), len(pairs), searchTable(all[0], shown))
		} else {
			fmt.Fprintf(&text, "\n%s: none of %d pairs of settings, with one host a tier, is better somewhere and worse nowhere.\n", p.title(), len(pairs))
		}
	}
	return text.String() + "\n"
}
