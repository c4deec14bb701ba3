# Restarts kubelet, with feature gates added to its configuration or without, and waits until it works.
# Arguments: [GATE=true|false…]
set -eu
folder=/etc/kubernetes/sabotage
configuration=/var/lib/kubelet/config.yaml
original=$folder/kubelet.yaml
mkdir -p $folder
[ -e $original ] || cp $configuration $original
rm -f $folder/seen/kubelet
cp $original $configuration
if [ $# -gt 0 ]; then
	printf 'featureGates:\n' >>$configuration
	for gate in "$@"; do printf '  %s: %s\n' "${gate%=*}" "${gate#*=}" >>$configuration; done
fi
systemctl restart kubelet
looks=120
until [ -e $folder/seen/kubelet ] && curl --silent --fail --output /dev/null http://127.0.0.1:10248/healthz; do
	looks=$((looks - 1))
	if [ $looks -eq 0 ]; then
		echo "kubelet does not work within 60 s after it was started with: $*" >&2
		exit 1
	fi
	sleep 0.5
done
