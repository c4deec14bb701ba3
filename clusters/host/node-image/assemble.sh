#!/bin/sh
# Runs in a privileged container of the base root file system and turns it into a
# kind node image: links for the programs, /kind/version, and the container images
# of the control plane, of the pod sandbox and of the specs' pods, imported into
# containerd. The container is committed afterwards.
#
#   assemble.sh VERSION ETCD_TAG PAUSE_TAG POD_IMAGE
set -eu
version=$1 etcd_tag=$2 pause_tag=$3 pod_image=$4

work=/assemble
programs='etcd kube-apiserver kube-controller-manager kube-proxy kube-scheduler kubeadm kubectl kubelet'
for program in $programs; do
	ln -sf kubernetes "/usr/local/bin/$program"
done
mkdir -p /kind /etc/kubernetes/manifests /etc/cni/net.d /opt/cni
printf '%s' "$version" >/kind/version
ln -sfn /usr/lib/cni /opt/cni/bin

case $(uname -m) in
x86_64) architecture=amd64 ;;
aarch64) architecture=arm64 ;;
*) architecture=$(uname -m) ;;
esac

sha256() { sha256sum "$1" | cut -d' ' -f1; }

# image FOLDER CONFIG TAG...: packs FOLDER as the only layer of an image in
# docker-archive form and imports it under every TAG.
image() {
	folder=$1 config=$2
	shift 2
	archive=$work/archive
	rm -rf "$archive" && mkdir -p "$archive"
	tar -C "$folder" --sort=name --mtime=@0 --owner=0 --group=0 -cf "$archive/layer.tar" .
	jq -n --arg architecture "$architecture" --arg layer "sha256:$(sha256 "$archive/layer.tar")" --argjson config "$config" \
		'{architecture: $architecture, os: "linux", config: $config, rootfs: {type: "layers", diff_ids: [$layer]}}' >"$archive/config.json"
	jq -n '[{Config: "config.json", RepoTags: $ARGS.positional, Layers: ["layer.tar"]}]' --args "$@" >"$archive/manifest.json"
	tar -C "$archive" -cf "$work/image.tar" .
	# Not unpacked here: containerd does that at first use, on the node's own /var.
	ctr --namespace k8s.io images import --no-unpack "$work/image.tar"
	rm -rf "$archive" "$work/image.tar" "$folder"
}

mkdir -p $work
containerd >$work/containerd.log 2>&1 &
containerd=$!
tries=0
until ctr version >/dev/null 2>&1; do
	tries=$((tries + 1))
	if [ $tries -gt 100 ]; then
		cat $work/containerd.log >&2
		exit 1
	fi
	sleep 0.1
done

mkdir -p $work/control-plane/usr/local/bin $work/control-plane/tmp
cp /usr/local/bin/kubernetes $work/control-plane/usr/local/bin/
for program in etcd kube-apiserver kube-controller-manager kube-proxy kube-scheduler; do
	ln -s kubernetes "$work/control-plane/usr/local/bin/$program"
done
image $work/control-plane '{"Env": ["PATH=/usr/local/bin"]}' \
	"registry.k8s.io/etcd:$etcd_tag" \
	"registry.k8s.io/kube-apiserver:$version" \
	"registry.k8s.io/kube-controller-manager:$version" \
	"registry.k8s.io/kube-proxy:$version" \
	"registry.k8s.io/kube-scheduler:$version"

mkdir -p $work/pause
cp /usr/bin/catatonit $work/pause/pause
image $work/pause '{"Entrypoint": ["/pause", "-P"], "User": "65535:65535"}' "registry.k8s.io/pause:$pause_tag"

mkdir -p $work/pod/bin $work/pod/etc $work/pod/tmp $work/pod/root
chmod 1777 $work/pod/tmp
cp /bin/busybox $work/pod/bin/
for applet in $(/bin/busybox --list); do
	[ "$applet" = busybox ] || ln -s busybox "$work/pod/bin/$applet"
done
echo 'root:x:0:0:root:/root:/bin/sh' >$work/pod/etc/passwd
echo 'root:x:0:' >$work/pod/etc/group
image $work/pod '{"Env": ["PATH=/bin"], "Cmd": ["sh"]}' "$pod_image"

ctr --namespace k8s.io images list --quiet
kill $containerd
wait $containerd || true
rm -rf $work /run/containerd
