package krm

import (
	"cmp"
	"slices"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/api/decode"
	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/compile"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/target"
)

// Check is the KRM function that changes nothing: it checks the items of
// a ResourceList, and answers with them and the results: what it found, and a verdict
// on each failover. What a FailoverCheck says as functionConfig counts more than asked.
func Check(resourceListNode *yaml.Node, asked v1alpha1.CheckSpec) (Answer, error) {
	list, diagnostics := readResourceList(resourceListNode, nil)
	if diagnostic.Failed(diagnostics) {
		return Answer{Diagnostics: diagnostics, Failed: true}, nil
	}
	return list.check(asked)
}

// hasCheck tells whether functionConfig is a FailoverCheck.
func (l *resourceList) hasCheck() bool {
	return l.functionConfig != nil && decode.ClaimsCheck(l.functionConfig)
}

func (l *resourceList) check(asked v1alpha1.CheckSpec) (Answer, error) {
	if l.hasCheck() {
		config, errs := decode.FailoverCheck(l.functionConfig)
		if len(errs) > 0 {
			diagnostics := diagnostic.Errors(sourceOf(l.functionConfig).Subject, errs)
			return l.answer(diagnostics, diagnostics, v1alpha1.FailOnError)
		}
		asked = overlaid(asked, config.Spec)
	}
	report, err := compile.Check(l.checked(asked.Ignore), cmp.Or(asked.Target, target.Default), check.Options{Complete: asked.Complete})
	if err != nil {
		return Answer{}, err
	}
	failOn := cmp.Or(asked.FailOn, v1alpha1.FailOnError)
	told := slices.DeleteFunc(report.Diagnostics, func(d diagnostic.Diagnostic) bool {
		// Orchestrators keep the results of every run, and print them each time.
		return d.Rule != "" && d.Severity == diagnostic.Info && failOn != v1alpha1.FailOn(diagnostic.Info)
	})
	results := slices.Clone(told)
	for _, failover := range report.Failovers {
		results = append(results, diagnostic.New(failover.Severity, failover.Subject, nil, failover.String()))
	}
	return l.answer(results, told, failOn)
}

// overlaid returns what one says, where it says something, otherwise the other.
func overlaid(asked, config v1alpha1.CheckSpec) v1alpha1.CheckSpec {
	return v1alpha1.CheckSpec{
		Target:   cmp.Or(config.Target, asked.Target),
		FailOn:   cmp.Or(config.FailOn, asked.FailOn),
		Complete: config.Complete || asked.Complete,
		Ignore:   slices.Concat(asked.Ignore, config.Ignore),
	}
}

// checked returns the items that are in no file that is ignored.
func (l *resourceList) checked(ignore []string) []*diagnostic.Subject {
	var subjects []*diagnostic.Subject
	for _, item := range l.items.Content {
		subject := sourceOf(item).Subject
		isIgnored := func(pattern string) bool { return document.FilePattern(pattern).Matches(subject.File) }
		if subject.File == "" || !slices.ContainsFunc(ignore, isIgnored) {
			subjects = append(subjects, subject)
		}
	}
	return subjects
}
