package command

import (
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/target"
)

// version and commit are set at build time, by -ldflags '-X .../pkg/command.version=v1.2.3';
// other builds know the version from the module, or the commit from the clone.
var version, commit string

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, the commit and the versions of Envoy Gateway that it knows",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "failover %s (API %s)\nCommit: %s\nEnvoy Gateway: %s\n",
				buildVersion(), v1alpha1.APIVersion, buildCommit(), strings.Join(target.EnvoyGateways(), ", "))
			return err
		},
	}
}

func buildVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

func buildCommit() string {
	if commit != "" {
		return commit
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				return setting.Value
			}
		}
	}
	return "unknown"
}

// schemas has the JSON Schema of each kind.
var schemas = map[string]func() []byte{v1alpha1.Kind: v1alpha1.JSONSchema, v1alpha1.CheckKind: v1alpha1.CheckJSONSchema}

func newSchema() *cobra.Command {
	kinds := []string{v1alpha1.Kind, v1alpha1.CheckKind}
	return &cobra.Command{
		Use:   "schema [KIND]",
		Short: "Print the JSON Schema of FailoverSpec or FailoverCheck",
		Long: `Schema prints the JSON Schema of FailoverSpec, or of FailoverCheck, for editors.
With the YAML language server, the first line of a spec names the file it was
saved to:

  # yaml-language-server: $schema=failoverspec.schema.json`,
		Example: `  # Save the schema next to a spec
  failover schema > failoverspec.schema.json

  # The schema of the functionConfig with which the function checks
  failover schema FailoverCheck`,
		Args:      cobra.MaximumNArgs(1),
		ValidArgs: kinds,
		RunE: func(cmd *cobra.Command, args []string) error {
			kind := v1alpha1.Kind
			if len(args) > 0 {
				kind = args[0]
			}
			if err := oneOf("kind", kind, kinds); err != nil {
				return err
			}
			_, err := cmd.OutOrStdout().Write(schemas[kind]())
			return err
		},
	}
}
