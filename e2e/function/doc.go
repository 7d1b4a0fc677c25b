// Package function runs failover as a KRM function by the real kustomize and the
// real kpt, by exec and as the image of the repository's Dockerfile.
//
// It needs no cluster. Run it with 'go test .' as root on Linux; what runs the
// image needs buildah, podman and runc.
package function
