package plugin

import "os"

// processor is the kind of this machine's processor, or nil.
func processor() []byte {
	text, _ := os.ReadFile("/proc/cpuinfo") // without it nothing is known
	return processorOf(text)
}
