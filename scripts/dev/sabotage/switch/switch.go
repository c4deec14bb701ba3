// Package sabotage answers which defects are switched on. The names of those stand in a file of the node, one a line;
// a component looks at it when it starts and then every 300 ms, and writes what it has read into a file of its own.
package sabotage

import (
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
)

// Folder of a node: the file switch in it has the defects, the folder seen what each component has read.
const Folder = "/etc/kubernetes/sabotage"

var defects atomic.Pointer[map[string]bool]

var started = time.Now()

// StartedWithin returns whether this component was started in the last so many seconds.
func StartedWithin(seconds int) bool {
	return time.Since(started) < time.Duration(seconds)*time.Second
}

// On returns whether a defect is switched on.
func On(defect string) bool {
	names := defects.Load()
	return names != nil && (*names)[defect]
}

func init() {
	component := filepath.Base(os.Args[0])
	switch component {
	case "kubelet", "kube-apiserver", "kube-controller-manager", "kube-scheduler":
	default:
		return
	}
	read, known := "", false
	look := func() {
		content, err := os.ReadFile(filepath.Join(Folder, "switch"))
		if err != nil && !os.IsNotExist(err) {
			return
		}
		if known && string(content) == read {
			return
		}
		names := map[string]bool{}
		for _, name := range strings.Fields(string(content)) {
			names[name] = true
		}
		defects.Store(&names)
		read, known = string(content), acknowledge(component, content)
	}
	look()
	go func() {
		for range time.Tick(300 * time.Millisecond) {
			look()
		}
	}()
}

// acknowledge writes what a component has read; it returns whether that succeeded.
func acknowledge(component string, content []byte) bool {
	seen := filepath.Join(Folder, "seen")
	if err := os.MkdirAll(seen, 0o755); err != nil {
		return false
	}
	draft := filepath.Join(seen, "."+component)
	if err := os.WriteFile(draft, content, 0o644); err != nil {
		return false
	}
	return os.Rename(draft, filepath.Join(seen, component)) == nil
}
