package idffnb

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// Memory is how much of it something took at the most, and where that number is from. PJRT's own statistics of a device are not to be had through go-xla v0.4.1, so it is what the operating system and NVIDIA's
// driver tell.
type Memory struct {
	Bytes int64  `json:"bytes"` // 0: not known
	Of    string `json:"of"`    // whose memory, e.g. "the program's memory"
}

// String is e.g. "7.4 GB of the program's memory", or "memory not known".
func (m Memory) String() string {
	if m.Bytes == 0 {
		return "memory not known"
	}
	return fmt.Sprintf("%.1f GB of %s", float64(m.Bytes)/1e9, m.Of)
}

// memoryMeter measures the peak of memory: on the CPU this process's resident memory (VmHWM of /proc/self/status) beyond what it had before; on a GPU what nvidia-smi says that this process holds there, or, where
// it does not tell (as in containers), what is in use on the GPU in all. XLA's pool there grows and does not shrink, so that what is held at the end is the peak; it may be larger than what a step needs.
type memoryMeter struct {
	gpu    bool
	before int64
}

func newMemoryMeter(info BackendInfo) *memoryMeter {
	m := &memoryMeter{gpu: info.Name == "cuda"}
	if !m.gpu {
		m.before, _ = statusBytes("VmRSS")
	}
	return m
}

// restart forgets the peak so far. Where the kernel does not allow it, the peak includes what came before: the compiler.
func (m *memoryMeter) restart() {
	if !m.gpu {
		_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
	}
}

func (m *memoryMeter) peak() Memory {
	if m.gpu {
		return gpuMemory()
	}
	peak, err := statusBytes("VmHWM")
	if err != nil {
		return Memory{}
	}
	return Memory{max(peak-m.before, 1), "the program's memory"}
}

// statusBytes is a line of /proc/self/status in bytes.
func statusBytes(key string) (int64, error) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == key+":" {
			kB, err := strconv.ParseInt(fields[1], 10, 64)
			return 1024 * kB, err
		}
	}
	return 0, fmt.Errorf("/proc/self/status has no %s", key)
}

// gpuMemory asks nvidia-smi.
func gpuMemory() Memory {
	pid := strconv.Itoa(os.Getpid())
	for _, fields := range nvidiaSMI("--query-compute-apps=pid,used_memory") {
		if len(fields) == 2 && fields[0] == pid {
			if m := mebibytes(fields[1]); m > 0 {
				return Memory{m, "the GPU's memory, held by this program"}
			}
		}
	}
	most := int64(0) // of the GPUs: the one that computes is not told by its number
	for _, fields := range nvidiaSMI("--query-gpu=memory.used") {
		most = max(most, mebibytes(fields[0]))
	}
	if most == 0 {
		return Memory{}
	}
	return Memory{most, "the GPU's memory, in use by all programs"}
}

// nvidiaSMI gives the rows of a query, none where it cannot be had.
func nvidiaSMI(query string) (rows [][]string) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "nvidia-smi", query, "--format=csv,noheader,nounits").Output()
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(line, ",")
		for k, f := range fields {
			fields[k] = strings.TrimSpace(f)
		}
		rows = append(rows, fields)
	}
	return rows
}

// mebibytes is a number of nvidia-smi in bytes, 0 for "[N/A]".
func mebibytes(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n << 20
}
