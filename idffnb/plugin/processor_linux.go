package plugin

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// processor is the kind of this machine's processor, or nil.
func processor() []byte {
	text, _ := os.ReadFile("/proc/cpuinfo") // without it nothing is known
	return processorOf(text)
}

// usableCores is the number of cores that the calling thread may use now, which is what XLA's compiler counts; runtime.NumCPU is that of the process when it began.
func usableCores() int {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return runtime.NumCPU()
	}
	return set.Count()
}
