package main

import (
	"bytes"
	"path"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/failover-krm/failover/pkg/command"
)

const (
	commandPages = "docs/cli"
	manualPages  = "docs/man"
)

// commandFiles returns a page of Markdown and one of man for each command.
func commandFiles() (map[string][]byte, error) {
	root := command.Root()
	root.DisableAutoGenTag = true // it has the date
	files := map[string][]byte{}
	return files, addCommand(files, root)
}

func addCommand(files map[string][]byte, cmd *cobra.Command) error {
	cmd.Long = strings.ReplaceAll(cmd.Long, "\n  ", "\n    ") // what is indented is code, in Markdown by four spaces
	var page, manual bytes.Buffer
	if err := doc.GenMarkdownCustom(cmd, &page, func(link string) string { return strings.ReplaceAll(link, "_", "-") }); err != nil {
		return err
	}
	date := time.Unix(0, 0).UTC()
	if err := doc.GenMan(cmd, &doc.GenManHeader{Source: "failover", Manual: "failover", Date: &date}, &manual); err != nil {
		return err
	}
	name := strings.ReplaceAll(cmd.CommandPath(), " ", "-")
	files[path.Join(commandPages, name+".md")] = commandPage(page.String())
	files[path.Join(manualPages, name+".1")] = bytes.Replace(manual.Bytes(), []byte(date.Format(`"Jan 2006"`)), []byte(`""`), 1)
	for _, child := range cmd.Commands() {
		if !child.IsAvailableCommand() || child.IsAdditionalHelpTopicCommand() {
			continue
		}
		if err := addCommand(files, child); err != nil {
			return err
		}
	}
	return nil
}

// commandPage makes a page of its own of what cobra writes as a part of one: its title
// is of the first level.
func commandPage(markdown string) []byte {
	var page strings.Builder
	inCode := false
	for line := range strings.Lines(markdown) {
		if strings.HasPrefix(line, "```") {
			inCode = !inCode
		}
		if !inCode && strings.HasPrefix(line, "##") {
			line = line[1:]
		}
		page.WriteString(line)
	}
	return []byte(strings.TrimRight(page.String(), "\n") + "\n")
}
