package idffnb

import "strings"

// explainCUDA adds to an error of a CUDA plugin that does not start what to do about it.
func explainCUDA(text string) string {
	low := strings.ToLower(text)
	for _, c := range []struct{ sign, advice string }{
		{"driver version is insufficient", "the driver is too old for this plugin: run `make cuda`, which takes the one that fits, or update the driver"},
		{"cuda_error_compat_not_supported", "the driver is too old for this plugin: run `make cuda`, which takes the one that fits, or update the driver"},
		{"system_driver_mismatch", "the driver's library and kernel module differ: reboot, or reinstall the driver"},
		{"no visible gpu", "the driver shows no GPU to this program: see whether nvidia-smi lists one; in a container, start it with its GPUs (docker run --gpus all)"},
		{"no supported devices", "the driver shows no GPU to this program: see whether nvidia-smi lists one; in a container, start it with its GPUs (docker run --gpus all)"},
		{"cuda_error_no_device", "the driver shows no GPU to this program: see whether nvidia-smi lists one; in a container, start it with its GPUs (docker run --gpus all)"},
		{"ptxas", "NVIDIA's libraries lie not where the plugin looks: run `make cuda` again"},
		{"libdevice", "NVIDIA's libraries lie not where the plugin looks: run `make cuda` again"},
		{"cannot be loaded", "NVIDIA's libraries lie not where the plugin looks: run `make cuda` again"},
		{"resource_exhausted", "the GPU's memory is full before anything was computed: see with nvidia-smi which programs hold it"},
	} {
		if strings.Contains(low, c.sign) {
			return text + "; " + c.advice
		}
	}
	return text
}
