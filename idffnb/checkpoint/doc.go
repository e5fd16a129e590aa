// Package checkpoint keeps runs on disk: crash-safe, resumable and readable by
// other tools.
//
// A checkpoint is one safetensors file, which Python, Rust and others read as
// it is. A run folder holds the last few of them, and metrics as JSON lines:
//
//	run, err := checkpoint.OpenFolder("runs/checkerboard-1f3a")
//	last, warning, err := run.Latest()       // nil when the run is new
//	if err := run.Lock(); err != nil {…}     // one program trains a run at a time
//	defer run.Close()
//	err = run.Save(1000, []checkpoint.Tensor{
//		checkpoint.New("layer0/weights", w, 3, 256),
//		checkpoint.New("global_step", []int64{1000}),
//	}, map[string]string{"loss": "0.25"})
//	err = checkpoint.AppendJSONL(run.Path("metrics.jsonl"), metrics)
//
// What a crash can do. Files are written under another name, flushed to the
// disk and renamed, so that under its own name a file is the old one or the
// new one, whole. A checkpoint that is damaged all the same fails its checksum:
// Latest skips it, says so and gives the one before. A torn last line of
// metrics is ignored and cut off by the next append.
//
// To resume: load Latest, then TruncateJSONL with its step, which drops the
// lines that the resumed run will write again.
//
// ReadWeights reads what other programs saved: safetensors files and those of
// PyTorch's torch.save, without running anything that is in them.
//
// The package runs on Unix (Linux, macOS): it uses flock and rename.
package checkpoint
