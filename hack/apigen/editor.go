package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// forEditors adds to a schema descriptions in Markdown, which editors show.
func forEditors(schema object) {
	if text, ok := schema["description"].(string); ok {
		schema["markdownDescription"] = markdown(text, schema["default"])
	}
	properties, _ := schema["properties"].(object)
	for _, property := range properties {
		forEditors(property.(object))
	}
	for _, key := range []string{"items", "additionalProperties"} {
		if child, ok := schema[key].(object); ok {
			forEditors(child)
		}
	}
}

// addSnippets offers whole specs in an empty file, and what a tier can be.
func addSnippets(spec object) {
	spec["defaultSnippets"] = inSchema(wholeSpecs)
	for _, tier := range []string{"active", "passive"} {
		at(spec, "spec", tier)["defaultSnippets"] = inSchema(tierSnippets)
	}
}

// oneOf has an editor say where a tier or a backend has no source, or two, and a spec two
// kinds of route. failover itself says it with the field and what to do.
func oneOf(spec object) {
	sources := []string{"workload", "service", "serviceImport", "endpoints"}
	for _, name := range []string{"active", "passive"} {
		tier := at(spec, "spec", name)
		tier["oneOf"] = eitherOf("A tier has exactly one of", append(slices.Clone(sources), "backends"))
		at(tier, "backends")["items"].(object)["oneOf"] = eitherOf("A backend has exactly one of", sources)
	}
	routes := []string{"matches", "rules", "grpcRoute", "tlsRoute", "tcpRoute"}
	const message = "A spec has at most one of"
	at(spec, "spec")["oneOf"] = append(eitherOf(message, routes), without(message, routes, routes))
}

// eitherOf has an alternative for each name: it is there, and the others are not.
func eitherOf(message string, names []string) []any {
	var alternatives []any
	for _, name := range names {
		others := slices.DeleteFunc(slices.Clone(names), func(other string) bool { return other == name })
		alternative := without(message, names, others)
		alternative["required"] = []any{name}
		alternatives = append(alternatives, alternative)
	}
	return alternatives
}

// without is the schema of an object that lacks some of the names.
func without(message string, names, absent []string) object {
	properties := object{}
	for _, name := range absent {
		properties[name] = false
	}
	last := len(names) - 1
	return object{
		"properties": properties,
		// Visual Studio Code and the YAML language server show it in place of their own.
		"errorMessage": fmt.Sprintf("%s %s and %s.", message, strings.Join(names[:last], ", "), names[last]),
	}
}

var (
	listItem = regexp.MustCompile(`^\s*(?:[*-]|\d+\.)\s+`)
	indented = regexp.MustCompile(`^(?:\t| {2,})\S`)
	// generatorMark is for the generator of Gateway API's CRDs, not for people.
	generatorMark = regexp.MustCompile(`</?gateway:[^\n]*`)
	code          = regexp.MustCompile("`[^`]*`")
)

// markdown returns a comment as an editor shows it best: a line for a paragraph and for
// an item of a list, examples as code, nothing that reads as HTML; and the default.
func markdown(comment string, byDefault any) string {
	var blocks []string
	for paragraph := range strings.SplitSeq(generatorMark.ReplaceAllString(comment, ""), "\n\n") {
		if block := markdownBlock(strings.Trim(paragraph, "\n")); block != "" {
			blocks = append(blocks, block)
		}
	}
	if byDefault != nil && !strings.Contains(comment, "Default:") {
		blocks = append(blocks, fmt.Sprintf("Default: `%v`", byDefault))
	}
	return strings.Join(blocks, "\n\n")
}

// markdownBlock joins the lines of a paragraph that an editor shows as one.
func markdownBlock(paragraph string) string {
	var block strings.Builder
	inList, inCode := false, false
	for i, line := range strings.Split(paragraph, "\n") {
		isItem := listItem.MatchString(line)
		isCode := indented.MatchString(line) && !inList && !isItem || inCode && indented.MatchString(line)
		inList = inList && !isCode || isItem && !isCode
		if inCode && !isCode {
			block.WriteString("\n```")
		}
		switch {
		case isCode && !inCode:
			block.WriteString("\n```\n" + line)
		case isCode:
			block.WriteString("\n" + line)
		case i == 0:
			block.WriteString(escapeHTML(strings.TrimSpace(line)))
		case isItem || inCode:
			block.WriteString("\n" + escapeHTML(line))
		default:
			block.WriteString(" " + escapeHTML(strings.TrimSpace(line)))
		}
		inCode = isCode
	}
	if inCode {
		block.WriteString("\n```")
	}
	return strings.TrimLeft(block.String(), "\n")
}

// escapeHTML keeps `<name>` from being taken for a tag, outside of code.
func escapeHTML(line string) string {
	var escaped strings.Builder
	end := 0
	for _, span := range code.FindAllStringIndex(line, -1) {
		escaped.WriteString(strings.ReplaceAll(line[end:span[0]], "<", `\<`) + line[span[0]:span[1]])
		end = span[1]
	}
	return escaped.String() + strings.ReplaceAll(line[end:], "<", `\<`)
}
