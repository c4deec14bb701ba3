# Restarts kubelet, with feature gates added to its configuration or without.
# Arguments: [GATE=true|false…]
set -eu
folder=/etc/kubernetes/sabotage
configuration=/var/lib/kubelet/config.yaml
original=$folder/kubelet.yaml
mkdir -p $folder
[ -e $original ] || cp $configuration $original
cp $original $configuration
if [ $# -gt 0 ]; then
	printf 'featureGates:\n' >>$configuration
	for gate in "$@"; do printf '  %s: %s\n' "${gate%=*}" "${gate#*=}" >>$configuration; done
fi
systemctl restart kubelet
