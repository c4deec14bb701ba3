# Makes a container image of a node: the files of another image, and programs that come as a tar archive.
# Arguments: NAME BASE ARCHIVE. The entrypoint is the provisioner, as in the published image.
set -eu
name=$1 base=$2 archive=$3
work=$(mktemp -d /var/lib/lpv-image.XXXXXX)
mounted=
trap '[ -z "$mounted" ] || ctr --namespace k8s.io images unmount --rm "$work/base" >/dev/null; rm -rf "$work" "$archive"' EXIT
sum() { sha256sum "$1" | cut -d' ' -f1; }

mkdir "$work/base" "$work/image"
# A name of its own for the mount's lease: two makers on one node must not meet.
ctr --namespace k8s.io images mount "$base" "$work/base" >/dev/null
mounted=yes
tar -C "$work/base" --owner=0 --group=0 -cf "$work/image/base.tar" .
mv "$archive" "$work/image/programs.tar"
case $(uname -m) in
x86_64) architecture=amd64 ;;
aarch64) architecture=arm64 ;;
*) architecture=$(uname -m) ;;
esac
printf '{"architecture":"%s","os":"linux","config":{"Env":["PATH=/bin:/sbin"],"Entrypoint":["/local-provisioner"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s","sha256:%s"]}}' \
	"$architecture" "$(sum "$work/image/base.tar")" "$(sum "$work/image/programs.tar")" >"$work/image/config.json"
printf '[{"Config":"config.json","RepoTags":["%s"],"Layers":["base.tar","programs.tar"]}]' "$name" >"$work/image/manifest.json"
tar -C "$work/image" -cf "$work/image.tar" .
ctr --namespace k8s.io images import "$work/image.tar" >/dev/null
