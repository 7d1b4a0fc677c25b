#!/bin/sh
# Applies all FailoverSpecs of a directory in one namespace, and deletes what
# failover rendered there earlier and no longer renders. See README.md.
#
#   sh apply-prune.sh NAMESPACE DIR [KUBECTL-FLAG]...
set -eu
namespace=$1
directory=$2
shift 2

# A failing render ends the script here; in a pipe its status would be lost.
objects=$(failover render -n "$namespace" "$directory")

# The kinds are all that failover renders, in the order in which they are
# deleted: what refers before what is referred to.
printf '%s\n' "$objects" | kubectl apply -n "$namespace" -f - --prune \
  -l app.kubernetes.io/managed-by=failover \
  --prune-allowlist=gateway.networking.k8s.io/v1/HTTPRoute \
  --prune-allowlist=gateway.envoyproxy.io/v1alpha1/HTTPRouteFilter \
  --prune-allowlist=gateway.envoyproxy.io/v1alpha1/BackendTrafficPolicy \
  --prune-allowlist=gateway.networking.k8s.io/v1/Gateway \
  --prune-allowlist=gateway.envoyproxy.io/v1alpha1/Backend \
  --prune-allowlist=apps/v1/Deployment \
  --prune-allowlist=core/v1/Service \
  "$@"
