package idffnb

import "strings"

// cudaAdvice is what to do about errors of a CUDA plugin that does not start, told by the words of libcuda and XLA in them, in lower case.
var cudaAdvice = []struct {
	signs  []string
	advice string
}{
	{[]string{"driver version is insufficient", "cuda_error_compat_not_supported"},
		"the driver is too old for this plugin: run `make cuda`, which takes the one that fits, or update the driver"},
	{[]string{"system_driver_mismatch"},
		"the driver's library and kernel module differ: reboot, or reinstall the driver"},
	{[]string{"no visible gpu", "no supported devices", "cuda_error_no_device"},
		"the driver shows no GPU to this program: see whether nvidia-smi lists one; in a container, start it with its GPUs (docker run --gpus all)"},
	{[]string{"ptxas", "libdevice", "cannot be loaded"},
		"NVIDIA's libraries lie not where the plugin looks: run `make cuda` again"},
	{[]string{"resource_exhausted", "out of memory"},
		"the GPU's memory is full before anything was computed: see with nvidia-smi which programs hold it"},
}

// explainCUDA adds the advice to the error's text, if there is one.
func explainCUDA(text string) string {
	for _, c := range cudaAdvice {
		for _, sign := range c.signs {
			if strings.Contains(strings.ToLower(text), sign) {
				return text + "; " + c.advice
			}
		}
	}
	return text
}
