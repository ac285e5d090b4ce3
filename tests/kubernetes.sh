#!/bin/sh
# kubernetes.sh - what the tests against a real cluster need: says what is missing; `build DIR` makes what no package has
# SPDX-License-Identifier: Apache-2.0
# etcd is Debian's etcd-server, kubectl a package of its own. kube-apiserver, kube-controller-manager and helm are built
# from their Go modules, in about ten minutes. Then: CLGUARD_KUBE=DIR make check TESTS=tests/participant_helm.py
set -eu
version=1.33.4 helm=3.18.6

missing() {
	PATH="${CLGUARD_KUBE:-/nonexistent}:$PATH"
	for program in etcd kubectl openssl kube-apiserver kube-controller-manager helm; do
		command -v $program >/dev/null || echo "$program is missing"
	done
}

# The staging modules of k8s.io/kubernetes are published as v0 of the same minor and patch number.
write_module() {
	staging="api apiextensions-apiserver apimachinery apiserver cli-runtime client-go cloud-provider cluster-bootstrap
	code-generator component-base component-helpers controller-manager cri-api cri-client csi-translation-lib
	dynamic-resource-allocation endpointslice externaljwt kms kube-aggregator kube-controller-manager kube-proxy
	kube-scheduler kubectl kubelet metrics mount-utils pod-security-admission sample-apiserver sample-cli-plugin
	sample-controller"
	printf 'module clguardtools\n\ngo 1.24.0\n\nrequire k8s.io/kubernetes v%s\n\n' $version
	for module in $staging; do
		echo "replace k8s.io/$module => k8s.io/$module v0.${version#1.}"
	done
}

build() {
	mkdir -p "$1/kubernetes" "$1/helm-module"
	export GOFLAGS=-mod=mod CGO_ENABLED=0
	cd "$1/kubernetes"
	write_module >go.mod
	printf '//go:build tools\npackage tools\n\nimport (\n\t_ "k8s.io/kubernetes/cmd/kube-apiserver"\n\t_ "k8s.io/kubernetes/cmd/kube-controller-manager"\n)\n' >tools.go
	go mod tidy
	for program in kube-apiserver kube-controller-manager; do
		go build -trimpath -o ../$program k8s.io/kubernetes/cmd/$program
	done
	cd ../helm-module
	printf 'module clguardtools\n\ngo 1.24.0\n\nrequire helm.sh/helm/v3 v%s\n' $helm >go.mod
	printf '//go:build tools\npackage tools\n\nimport _ "helm.sh/helm/v3/cmd/helm"\n' >tools.go
	go mod tidy
	go build -trimpath -o ../helm helm.sh/helm/v3/cmd/helm
}

case "${1:-}" in
build) build "$(realpath -m "${2:?usage: kubernetes.sh [build DIR]}")" ;;
"") missing ;;
*) echo "usage: kubernetes.sh [build DIR]" >&2; exit 2 ;;
esac
