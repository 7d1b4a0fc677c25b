#!/bin/sh
# Applies all FailoverSpecs of a directory in one namespace, as the ApplySet of a
# name, and deletes what that ApplySet had earlier and no longer has. See README.md.
#
#   sh applyset.sh NAMESPACE NAME DIR [KUBECTL-FLAG]...
set -eu
namespace=$1
name=$2
directory=$3
shift 3

# A failing render ends the script here; in a pipe its status would be lost.
objects=$(failover render -n "$namespace" "$directory")

# The Secret that stands for the ApplySet is made by kubectl and holds no data.
printf '%s\n' "$objects" | KUBECTL_APPLYSET=true kubectl apply -n "$namespace" -f - --prune --applyset="secrets/$name" "$@"
