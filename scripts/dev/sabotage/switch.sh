# Switches a node to one defect, or to none, and waits until its components have read that.
# Arguments: DEFECT COMPONENT…
set -eu
defect=$1
shift
folder=/etc/kubernetes/sabotage
mkdir -p $folder
printf '%s\n' "$defect" >$folder/.switch
mv $folder/.switch $folder/switch
for component in "$@"; do
	looks=150
	until cmp -s $folder/switch "$folder/seen/$component"; do
		looks=$((looks - 1))
		if [ $looks -eq 0 ]; then
			echo "$component has not read $folder/switch within 30 s" >&2
			exit 1
		fi
		sleep 0.2
	done
done
