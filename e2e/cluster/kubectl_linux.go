package cluster

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Script runs a script of sh as the cluster's administrator, who has kubectl and
// failover on the PATH, and returns what it wrote; an error tells the exit code.
func (c *Cluster) Script(ctx context.Context, script string, arguments ...string) (string, error) {
	output, err := c.Command(ctx, "sh", append([]string{script}, arguments...)...).CombinedOutput()
	return string(output), err
}

// Command is a program that the cluster's administrator runs.
func (c *Cluster) Command(ctx context.Context, program string, arguments ...string) *exec.Cmd {
	programs := filepath.Dir(c.programs.Kubectl) + ":" + filepath.Dir(c.programs.Failover)
	cmd := exec.CommandContext(ctx, program, arguments...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+c.kubeconfig(), "HOME="+c.directory, "PATH="+programs+":"+os.Getenv("PATH"))
	return cmd
}

// Failover is the path of the program that is tested.
func (c *Cluster) Failover() string { return c.programs.Failover }

// Kubectl runs kubectl as the cluster's administrator and returns what it wrote
// on its standard output; an error tells what it wrote on the other one.
func (c *Cluster) Kubectl(ctx context.Context, input string, arguments ...string) (string, error) {
	kubectl := exec.CommandContext(ctx, c.programs.Kubectl, arguments...)
	kubectl.Env = append(os.Environ(), "KUBECONFIG="+c.kubeconfig(), "HOME="+c.directory)
	kubectl.Stdin = strings.NewReader(input)
	var output, complaint strings.Builder
	kubectl.Stdout, kubectl.Stderr = &output, &complaint
	if err := kubectl.Run(); err != nil {
		return output.String(), fmt.Errorf("kubectl %s: %w: %s", strings.Join(arguments, " "), err, complaint.String())
	}
	return output.String(), nil
}

// Apply does what 'kubectl apply --filename -' does with the manifests.
func (c *Cluster) Apply(ctx context.Context, manifests string) error {
	_, err := c.Kubectl(ctx, manifests, "apply", "--filename", "-")
	return err
}

func (c *Cluster) kubeconfig() string {
	return filepath.Join(c.directory, "kubeconfig")
}

// DryRun asks the API server whether it would create an object at the path of
// its resource, as strictly as for kubectl, and returns why not.
func (c *Cluster) DryRun(ctx context.Context, path string, object []byte) error {
	return c.client.Discovery().RESTClient().Post().AbsPath(path).
		Param("dryRun", "All").Param("fieldValidation", "Strict").
		SetHeader("Content-Type", "application/json").Body(object).Do(ctx).Error()
}
