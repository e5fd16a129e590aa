package datasets

import (
	"math"
	"path/filepath"
	"testing"
)

func TestMemoryLeft(t *testing.T) {
	const meminfo = "MemTotal: 16000 kB\nMemFree: 10 kB\nMemAvailable:    8000 kB\nSwapFree: 1000 kB\n"
	for name, c := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"no limit":                   {nil, 9000 << 10},
		"no limit of the group":      {map[string]string{"proc/self/cgroup": "0::/a\n", "sys/a/memory.max": "max\n"}, 9000 << 10},
		"the group":                  {map[string]string{"proc/self/cgroup": "0::/a/b\n", "sys/a/b/memory.max": "3000000\n", "sys/a/b/memory.stat": "anon 400000\nfile 900000\nshmem 100000\n"}, 2500000},
		"one above":                  {map[string]string{"proc/self/cgroup": "0::/a/b\n", "sys/a/b/memory.max": "max\n", "sys/a/memory.max": "3000000\n", "sys/a/memory.stat": "anon 1000000\n"}, 2000000},
		"a container":                {map[string]string{"proc/self/cgroup": "0::/\n", "sys/memory.max": "2000000\n"}, 2000000},
		"one that is not to be seen": {map[string]string{"proc/self/cgroup": "0::/docker/12\n", "sys/memory.max": "2000000\n"}, 2000000},
		"version 1":                  {map[string]string{"proc/self/cgroup": "8:pids:/x\n4:memory:/job\n0::/\n", "sys/memory/job/memory.limit_in_bytes": "5000000\n", "sys/memory/job/memory.stat": "rss 1\ntotal_rss 1000000\ntotal_shmem 0\n"}, 4000000},
		"nothing is left":            {map[string]string{"proc/self/cgroup": "0::/a\n", "sys/a/memory.max": "100\n", "sys/a/memory.stat": "anon 400\n"}, 0},
		"more than the machine":      {map[string]string{"proc/self/cgroup": "0::/a\n", "sys/a/memory.max": "99000000\n"}, 9000 << 10},
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "proc", "meminfo"), []byte(meminfo))
		for path, text := range c.files {
			write(t, filepath.Join(dir, path), []byte(text))
		}
		if got, ok := memoryLeft(filepath.Join(dir, "proc"), filepath.Join(dir, "sys")); !ok || got != c.want {
			t.Errorf("%s: %d, %t, want %d", name, got, ok, c.want)
		}
	}
	if _, ok := memoryLeft(t.TempDir(), t.TempDir()); ok {
		t.Error("a system that does not say is known")
	}
	if free, ok := freeMemory(); ok && free < 1<<20 {
		t.Errorf("this machine has %d bytes", free)
	}
}

// What memory cannot hold is said before it is taken.
func TestTooLittleMemory(t *testing.T) {
	free, little := freeMemory, littleMemory
	t.Cleanup(func() { freeMemory, littleMemory = free, little })
	freeMemory, littleMemory = func() (int64, bool) { return 100, true }, 0
	const line = "GB of memory, and 0.00 GB are free: end other programs, take a part of the data, or a larger machine"
	large := make([]byte, 4000)
	path := write(t, filepath.Join(t.TempDir(), "large.npy"), large)
	_, err := ReadAngles(path)
	wantLine(t, "angles", err, path+": this takes 0.00 "+line)
	_, err = ReadMaps(path)
	wantLine(t, "maps", err, line)
	_, err = ReadIDX("large", path, "", nil)
	wantLine(t, "IDX", err, line)
	_, err = ReadIDX("large", write(t, path, gz(idx(large, 4, 10, 100))), "", nil)
	wantLine(t, "packed IDX", err, "the gzip file unpacks to more than the 0.00 GB of memory that are free")
	file := npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 10, 100), }", large...)
	_, err = parseAngles("large", file)
	wantLine(t, "array", err, "the array: this takes 0.00 "+line)
	_, err = parseArray(zipOf(t, "angles.npy", string(file)))
	wantLine(t, "npz", err, "of the .npz file unpacks to more than the 0.00 GB of memory")
	_, err = BetaPlane{Trajectories: 1, Frames: 1, Size: 16}.Maps()
	wantLine(t, "beta plane", err, "datasets: BetaPlane: this takes 0.00 "+line)
	_, err = ReadSST("testdata/sst/sst.day.mean.box84.nc")
	wantLine(t, "sea", err, "datasets: sst.day.mean.box84: ")
	wantLine(t, "sea", err, "this takes 0.00 "+line)
	batch := tarball(t, []string{"x/test_batch.bin"}, map[string][]byte{"x/test_batch.bin": make([]byte, cifarRecord)})
	_, err = ReadCIFAR10(write(t, path, batch), Test)
	wantLine(t, "CIFAR-10", err, "test_batch: this takes 0.00 "+line)
	freeMemory = func() (int64, bool) { return 0, false }
	if err := room("x", math.MaxInt64); err != nil {
		t.Errorf("where the system does not say: %v", err)
	}
	wantLine(t, "disk", diskRoom(path, math.MaxInt64, "set IDFF_DATA to another folder"), "GB free, and 9223372036.85 GB are to be written: free some space, or set IDFF_DATA to another folder")
}
