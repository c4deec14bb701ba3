# Prints whether kubelet leaves its node the label kubernetes.io/hostname when it starts again: it sets it as its flags
# say, else to the name of the host. Nothing where all is well. Argument: the present value
set -u
[ "$(uname -n | tr '[:upper:]' '[:lower:]')" = "$1" ] && exit
for process in /proc/[0-9]*; do
	case $(cat "$process/comm" 2>/dev/null) in
	kubelet | k3s-server | k3s-agent | k3s | rke2 | k0s | kubelite) ;;
	*) continue ;;
	esac
	case "$(tr '\0' ' ' <"$process/cmdline" 2>/dev/null)" in
	*[=,\ ]"kubernetes.io/hostname=$1"[,\ ]* | *"--hostname-override=$1 "* | *"--hostname-override $1 "*) exit ;;
	esac
done
echo "kubelet would not start with its label kubernetes.io/hostname=$1"
