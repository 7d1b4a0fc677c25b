package command

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
)

// version is set at build time, by -ldflags '-X .../pkg/command.version=v1.2.3';
// a build by go install knows it from the module.
var version = ""

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "failover %s (API %s)\n", buildVersion(), v1alpha1.APIVersion)
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

func newSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of FailoverSpec",
		Long: `Schema prints the JSON Schema of FailoverSpec, for editors. With the YAML
language server, the first line of a spec names the file it was saved to:

  # yaml-language-server: $schema=failoverspec.schema.json`,
		Example: `  # Save the schema beside a spec
  failover schema > failoverspec.schema.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(v1alpha1.JSONSchema())
			return err
		},
	}
}
