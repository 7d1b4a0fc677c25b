// Package page reads the commands that pages show, for the tests that run them.
//
// A page shows commands in blocks marked console. Where a line of a block begins with "$ ",
// such lines are the commands, and the others are what they print: a line "..." stands for
// lines that are left out. In any other block, every line belongs to a command.
package page

import (
	"regexp"
	"slices"
	"strings"
)

// LeftOut is the line that stands for lines of the output that a page leaves out.
const LeftOut = "..."

// Command is a command of a page.
type Command struct {
	// Section is the heading that it is below.
	Section string
	// Text is what the shell runs.
	Text string
	// Shown are the lines that it prints, as the page shows them.
	Shown []string
	// First is where these lines begin: an index into the lines of the page.
	First int
}

// Commands reads the commands of a page, whose lines these are.
func Commands(lines []string) []Command {
	var all []Command
	section := ""
	for i := 0; i < len(lines); i++ {
		if heading, isHeading := strings.CutPrefix(lines[i], "## "); isHeading {
			section = heading
		}
		fence := strings.TrimSpace(lines[i])
		if !strings.HasPrefix(fence, "```") {
			continue
		}
		indent, _, _ := strings.Cut(lines[i], "`")
		first := i + 1
		var block []string
		for i = first; i < len(lines) && strings.TrimSpace(lines[i]) != "```"; i++ {
			block = append(block, strings.TrimPrefix(lines[i], indent))
		}
		if fence == "```console" {
			all = append(all, commandsOfBlock(section, block, first)...)
		}
	}
	return all
}

// goesOn is a line that belongs to the command of the line before.
var goesOn = regexp.MustCompile(`^(\s|done\b)`)

func commandsOfBlock(section string, block []string, first int) []Command {
	var all []Command
	isSession := slices.ContainsFunc(block, func(line string) bool { return strings.HasPrefix(line, "$ ") })
	for i, line := range block {
		text, isCommand := strings.CutPrefix(line, "$ ")
		switch {
		case isCommand, !isSession && !goesOn.MatchString(line):
			all = append(all, Command{Section: section, Text: text, First: first + i + 1})
		case isSession:
			last := &all[len(all)-1]
			last.Shown = append(last.Shown, line)
		default:
			all[len(all)-1].Text += "\n" + line
		}
	}
	return all
}

// IsWhole tells whether the page shows all that the command prints.
func (c Command) IsWhole() bool { return len(c.Shown) > 0 && !slices.Contains(c.Shown, LeftOut) }

// Pattern matches the output that the page shows.
func (c Command) Pattern() *regexp.Regexp {
	var pattern strings.Builder
	for _, line := range c.Shown {
		if line == LeftOut {
			pattern.WriteString("(.*\n)*")
		} else {
			pattern.WriteString(regexp.QuoteMeta(line) + "\n")
		}
	}
	return regexp.MustCompile("^" + pattern.String() + "$")
}
