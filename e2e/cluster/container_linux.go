package cluster

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/failover-krm/failover/e2e/sandbox"
)

// enterPod mounts what the pod's volumes hold, in a mount namespace that ip(8)
// has made, and becomes the program. Envoys share memory in /dev/shm with a
// former self, which must not be another pod's.
const enterPod = `set -e
mount -t tmpfs none /dev/shm
while [ "$1" != -- ]; do mount --bind "$1" "$2"; shift 2; done
shift
exec "$@"`

// invocation is how a process is started.
type invocation struct {
	program     string
	arguments   []string
	environment []string
}

func (r *podRuntime) invocation(ctx context.Context, p *pod) (invocation, error) {
	program, err := r.program(p.container.Image)
	if err != nil {
		return invocation{}, err
	}
	variables, err := p.variables()
	if err != nil {
		return invocation{}, err
	}
	mounts, err := r.mounts(ctx, p)
	if err != nil {
		return invocation{}, err
	}
	arguments := append([]string{"netns", "exec", p.link.namespace, "sh", "-c", enterPod, "sh"}, mounts...)
	arguments = append(arguments, "--", program)
	for _, argument := range p.container.Args {
		arguments = append(arguments, expand(argument, variables))
	}
	environment := []string{"PATH=" + os.Getenv("PATH")}
	for name, value := range variables {
		environment = append(environment, name+"="+value)
	}
	return invocation{program: "ip", arguments: arguments, environment: environment}, nil
}

// program returns the program that an image holds.
func (r *podRuntime) program(image string) (string, error) {
	name, _, _ := strings.Cut(path.Base(image), ":")
	switch name {
	case "echo-basic":
		return r.programs.EchoBasic, nil
	case "echo-server":
		return r.programs.EchoServer, nil
	case "envoy":
		return r.programs.Envoy, nil
	}
	return "", fmt.Errorf("image %s: no program is known for it", image)
}

// variables returns the environment that the container asks for.
func (p *pod) variables() (map[string]string, error) {
	variables := map[string]string{}
	for _, variable := range p.container.Env {
		switch {
		case variable.ValueFrom == nil:
			variables[variable.Name] = expand(variable.Value, variables)
		case variable.ValueFrom.FieldRef != nil:
			value, err := p.field(variable.ValueFrom.FieldRef.FieldPath)
			if err != nil {
				return nil, fmt.Errorf("variable %s: %w", variable.Name, err)
			}
			variables[variable.Name] = value
		default:
			return nil, fmt.Errorf("variable %s: only fieldRef is supported", variable.Name)
		}
	}
	return variables, nil
}

func (p *pod) field(fieldPath string) (string, error) {
	switch fieldPath {
	case "metadata.name":
		return p.name, nil
	case "metadata.namespace":
		return p.deployment.Namespace, nil
	case "status.podIP":
		return p.link.address.String(), nil
	}
	if key, ok := subscript(fieldPath, "metadata.annotations"); ok {
		return p.template.Annotations[key], nil
	}
	if key, ok := subscript(fieldPath, "metadata.labels"); ok {
		return p.template.Labels[key], nil
	}
	return "", fmt.Errorf("field %s is not supported", fieldPath)
}

// subscript returns key, if the path is map['key'].
func subscript(path, name string) (key string, ok bool) {
	key, ok = strings.CutPrefix(path, name+"['")
	if !ok {
		return "", false
	}
	return strings.CutSuffix(key, "']")
}

// expand replaces $(NAME) by the variable's value, as a kubelet does.
func expand(text string, variables map[string]string) string {
	pairs := make([]string, 0, 2*len(variables))
	for name, value := range variables {
		pairs = append(pairs, "$("+name+")", value)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// mounts writes the container's volumes and returns, in turn, where each is and
// where the container expects it.
func (r *podRuntime) mounts(ctx context.Context, p *pod) ([]string, error) {
	volumes := map[string]corev1.Volume{}
	for _, volume := range p.template.Spec.Volumes {
		volumes[volume.Name] = volume
	}
	var mounts []string
	for _, mount := range p.container.VolumeMounts {
		files, err := r.content(ctx, p.deployment.Namespace, volumes[mount.Name])
		if err != nil {
			return nil, fmt.Errorf("volume %s: %w", mount.Name, err)
		}
		directory := filepath.Join(sandbox.Directory, "volumes", p.link.namespace, mount.Name)
		if err := writeFiles(directory, files); err != nil {
			return nil, err
		}
		if err := os.MkdirAll(mount.MountPath, 0o755); err != nil {
			return nil, err
		}
		mounts = append(mounts, directory, mount.MountPath)
	}
	return mounts, nil
}

func (r *podRuntime) content(ctx context.Context, namespace string, volume corev1.Volume) (map[string][]byte, error) {
	switch {
	case volume.EmptyDir != nil:
		return nil, nil
	case volume.Secret != nil:
		secret, err := r.client.CoreV1().Secrets(namespace).Get(ctx, volume.Secret.SecretName, metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		return secret.Data, nil
	case volume.ConfigMap != nil:
		config, err := r.client.CoreV1().ConfigMaps(namespace).Get(ctx, volume.ConfigMap.Name, metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		files := map[string][]byte{}
		for name, content := range config.Data {
			files[name] = []byte(content)
		}
		return files, nil
	}
	return nil, fmt.Errorf("only emptyDir, secret and configMap are supported")
}
