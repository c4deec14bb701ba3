# Starts a component of the control plane again, with arguments added to its own or without, and waits until it works.
# Arguments: COMPONENT [ARGUMENT…]
set -eu
component=$1
shift
folder=/etc/kubernetes/sabotage
manifest=/etc/kubernetes/manifests/$component.yaml
original=$folder/$component.yaml
mkdir -p $folder
[ -e "$original" ] || cp "$manifest" "$original"

kubectl() { command kubectl --kubeconfig /etc/kubernetes/admin.conf "$@" 2>/dev/null; }
holder() { kubectl get lease "$component" --namespace kube-system --output 'jsonpath={.spec.holderIdentity}'; }
works() {
	if [ "$component" = kube-apiserver ]; then
		kubectl get --raw /readyz >/dev/null
	else
		now=$(holder) && [ -n "$now" ] && [ "$now" != "$before" ]
	fi
}

before=$(holder || true)
rm -f "$folder/seen/$component"
# A label makes it another pod, which kubelet starts at once; a container that ends is started after a back-off.
awk -v component="$component" -v now="$(date +%s%N)" -v arguments="$*" '
	{ print }
	$0 ~ "^    component: " component "$" { print "    sabotage: \"" now "\"" }
	$0 ~ "^    - " component "$" { count = split(arguments, each, " "); for (i = 1; i <= count; i++) print "    - \"" each[i] "\"" }
' "$original" >$folder/manifest
mv $folder/manifest "$manifest"
looks=180
until [ -e "$folder/seen/$component" ] && works; do
	looks=$((looks - 1))
	if [ $looks -eq 0 ]; then
		echo "$component does not work within 90 s after it was started with: $*" >&2
		exit 1
	fi
	sleep 0.5
done
