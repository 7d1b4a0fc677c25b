package command

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/failover-krm/failover/pkg/adopt"
	"github.com/failover-krm/failover/pkg/api/decode"
	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/compile"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/encode"
	"github.com/failover-krm/failover/pkg/target"
)

// stdoutName is what stands for stdout in place of a directory.
const stdoutName = "-"

// adoptFlags are those of adopt.
type adoptFlags struct {
	target, output string
}

func newAdopt() *cobra.Command {
	flags := adoptFlags{target: string(target.Default)}
	cmd := &cobra.Command{
		Use:   "adopt [FILE|DIR|-]...",
		Short: "Write the FailoverSpecs of existing manifests",
		Long: `Adopt writes FailoverSpecs for existing manifests. Each failover among them becomes one
FailoverSpec, and rendering it gives the same objects again, with the same names.
Services and Deployments stay where they are, unless they have the form of a workload. It reads what "kubectl get -o yaml" prints too.

Parts for which a FailoverSpec has no field are listed with file and line. With --output,
each of these is a patch next to the specs, in a directory that kustomize builds. A failover
that cannot be adopted stays as it is, with the reason: see docs/adopt.md.

The exit code is 0, or 1 where nothing is adopted or the API server would refuse
a manifest, or 2 where an input cannot be read.`,
		Example: `  # Print the specs for the manifests of a directory
  failover adopt manifests/

  # From a cluster, with patches for what a spec cannot say (add tlsroutes and tcproutes where it has them)
  kubectl get gateways,httproutes,grpcroutes,httproutefilters,backends,backendtrafficpolicies,services,deployments -A -o yaml |
    failover adopt -o failovers/ -
  kustomize build --enable-alpha-plugins --enable-exec failovers/`,
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			args, err := inputs(cmd, args)
			if err != nil {
				return err
			}
			if err := oneOf("--target", flags.target, words(target.All())); err != nil {
				return err
			}
			if flags.output == stdoutName {
				flags.output = ""
			}
			return runAdopt(args, flags, cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVar(&flags.target, "target", flags.target, "distribution and version that runs the manifests, such as envoy-gateway-1.9: 'failover target' lists them")
	cmd.Flags().StringVarP(&flags.output, "output", "o", "", "directory, new or empty, for the specs, the patches and a kustomization.yaml; by default, or as -, the specs go to stdout")
	_ = cmd.RegisterFlagCompletionFunc("target", cobra.FixedCompletions(words(target.All()), cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.MarkFlagDirname("output")
	return cmd
}

func runAdopt(args []string, flags adoptFlags, stdin io.Reader, stdout, stderr io.Writer) error {
	if err := emptyDirectory(flags.output); err != nil {
		return err
	}
	documents, err := readManifests(args, stdin, forManifests)
	if err != nil {
		return err
	}
	subjects := diagnostic.Subjects(documents)
	checked, err := compile.Check(subjects, target.Target(flags.target), check.Options{})
	if err != nil {
		return err
	}
	if refused := refusedIn(checked.Diagnostics); len(refused) > 0 {
		_ = diagnostic.WriteText(stderr, refused)
		return &failure{exitWrong, errors.New("nothing is adopted: fix the errors above")}
	}
	result, err := adopt.Adopt(checked, target.Target(flags.target))
	if err != nil {
		return err
	}
	diagnostic.Sort(result.Diagnostics, subjects)
	_ = diagnostic.WriteText(stderr, result.Diagnostics)
	switch {
	case len(checked.Failovers) == 0:
		return &failure{exitWrong, fmt.Errorf("no failover found in %s: no rule of a route on a Gateway has, in these files, a Backend with \"fallback: true\", or backends whose names say active and passive: give the files of the route's Backends too", strings.Join(sourceNames(args), ", "))}
	case len(result.Adopted) == 0:
		return &failure{exitWrong, errors.New("nothing is adopted: see above")}
	case flags.output != "":
		return writeAdopted(result.Adopted, flags.output)
	}
	if slices.ContainsFunc(result.Adopted, func(adopted adopt.Adopted) bool { return len(adopted.Patches) > 0 }) {
		fmt.Fprintln(stderr, "info: the patches are not written: give --output DIR")
	}
	var texts [][]byte
	for _, adopted := range result.Adopted {
		text, err := yamlOf(adopted.Spec)
		if err != nil {
			return err
		}
		texts = append(texts, text)
	}
	if _, err := stdout.Write(bytes.Join(texts, []byte("---\n"))); err != nil {
		return unusable("%w", err)
	}
	return nil
}

// refusedIn returns what the API server or Envoy Gateway would refuse; the rest is what
// rules have found, and what is wrong with records of drills, which only check reads.
func refusedIn(diagnostics []diagnostic.Diagnostic) []diagnostic.Diagnostic {
	return slices.DeleteFunc(slices.Clone(diagnostics), func(found diagnostic.Diagnostic) bool {
		isOfRecord := found.Subject != nil && decode.ClaimsDrill(found.Subject.Node)
		return found.Rule != "" || found.Severity != diagnostic.Error || isOfRecord
	})
}

// emptyDirectory refuses a directory that has something in it.
func emptyDirectory(name string) error {
	if name == "" {
		return nil
	}
	entries, err := os.ReadDir(name)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return unusable("--output: %w", err)
	case len(entries) > 0:
		return unusable("--output %q: is not empty, and failover overwrites no files there: give a new directory", name)
	}
	return nil
}

// kustomization is a kustomization.yaml, as far as adopt writes one.
type kustomization struct {
	APIVersion string           `json:"apiVersion"`
	Kind       string           `json:"kind"`
	Generators []string         `json:"generators"`
	Patches    []kustomizePatch `json:"patches,omitempty"`
}

type kustomizePatch struct {
	Path   string          `json:"path"`
	Target *kustomizeOther `json:"target,omitempty"`
}

// kustomizeOther selects the object that a JSON patch is for.
type kustomizeOther struct {
	Group     string `json:"group,omitempty"`
	Version   string `json:"version"`
	Kind      string `json:"kind"`
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
}

// deletion is a patch that deletes an object.
type deletion struct {
	Patch      string `json:"$patch"`
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"metadata"`
}

// functionAnnotation makes a FailoverSpec a generator of kustomize.
const functionAnnotation, functionValue = "config.kubernetes.io/function", "exec: {path: failover}"

// kustomizationFile is the name that kustomize looks for.
const kustomizationFile = "kustomization.yaml"

// writeAdopted writes the specs, a file each, the patches, and a kustomization with them.
func writeAdopted(all []adopt.Adopted, directory string) error {
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return unusable("--output: %w", err)
	}
	files := map[string][]byte{kustomizationFile: {}} // no spec may have its name
	add := func(name string, content any) (err error) {
		files[name], err = yamlOf(content)
		return err
	}
	whole := kustomization{APIVersion: "kustomize.config.k8s.io/v1beta1", Kind: "Kustomization"}
	for _, adopted := range all {
		// The name of a spec may be there in several namespaces, or be that of another file.
		prefix, name := "", adopted.Spec.Name+".yaml"
		if files[name] != nil {
			prefix = cmp.Or(adopted.Spec.Namespace, v1alpha1.DefaultNamespace) + "-"
			name = prefix + name
		}
		spec := *adopted.Spec
		spec.Annotations = map[string]string{functionAnnotation: functionValue}
		maps.Copy(spec.Annotations, adopted.Spec.Annotations)
		whole.Generators = append(whole.Generators, name)
		if err := add(name, &spec); err != nil {
			return err
		}
		for _, patch := range adopted.Patches {
			file := prefix + patch.File(adopted.Spec.Name)
			content, listed := patchFile(file, patch)
			whole.Patches = append(whole.Patches, listed)
			if err := add(file, content); err != nil {
				return err
			}
		}
	}
	if err := add(kustomizationFile, &whole); err != nil {
		return err
	}
	for name, text := range files {
		write := func(w io.Writer) error { _, err := w.Write(text); return err }
		if err := writeFile(filepath.Join(directory, name), write); err != nil {
			return unusable("--output: %w", err)
		}
	}
	return nil
}

// patchFile returns what a file of a patch has, and how a kustomization lists it.
func patchFile(file string, patch adopt.Patch) (any, kustomizePatch) {
	if patch.Deletes() {
		content := &deletion{Patch: "delete", APIVersion: patch.APIVersion, Kind: patch.Kind}
		content.Metadata.Name, content.Metadata.Namespace = patch.Name, patch.Namespace
		return content, kustomizePatch{Path: file}
	}
	group, version, isNamed := strings.Cut(patch.APIVersion, "/")
	if !isNamed {
		group, version = "", patch.APIVersion
	}
	return &patch.Operations, kustomizePatch{Path: file, Target: &kustomizeOther{Group: group, Version: version, Kind: patch.Kind, Name: patch.Name, Namespace: patch.Namespace}}
}

// yamlOf writes what a pointer leads to as a YAML document.
func yamlOf(pointer any) ([]byte, error) {
	node, err := encode.Struct(pointer)
	if err != nil {
		return nil, err
	}
	return encode.Text(node)
}
