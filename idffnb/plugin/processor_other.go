//go:build !linux

package plugin

import (
	"os/exec"
	"runtime"
)

// processor is the kind of this machine's processor, or nil.
func processor() []byte {
	if runtime.GOOS != "darwin" {
		return nil
	}
	text, _ := exec.Command("/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string").Output() // without it nothing is known
	return text
}

// usableCores is the number of cores that this process may use.
func usableCores() int { return runtime.NumCPU() }
