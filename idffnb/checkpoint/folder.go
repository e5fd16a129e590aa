package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/idff-go/workbench/internal/errtext"
)

// ErrLocked is wrapped by the error of Lock when another program holds the
// folder.
var ErrLocked = errors.New("the run is in use")

// A Folder is the folder of one run. Reading needs no lock: a notebook may
// sample from the latest checkpoint while a program trains. A Folder is for
// one goroutine at a time.
type Folder struct {
	Dir  string
	Keep int // how many checkpoints Save keeps; 0 means 2

	lock    *os.File
	corrupt map[int]bool // steps that Latest found damaged
}

// A Checkpoint is one saved state of a run.
type Checkpoint struct {
	Step    int
	Path    string
	Tensors []Tensor
	Meta    map[string]string // with the key "step"
}

const (
	stepKey  = "step"
	lockName = "lock"
)

// fileName of a step: in the folder's listing, steps are in order up to 10^9.
func fileName(step int) string { return fmt.Sprintf("ckpt-%09d.safetensors", step) }

var fileNames = regexp.MustCompile(`^ckpt-(\d{9,})\.safetensors$`)

// OpenFolder opens the folder of a run and makes it if there is none. It takes
// no lock and changes no file.
func OpenFolder(dir string) (*Folder, error) {
	if dir == "" {
		return nil, fmt.Errorf("checkpoint: the run folder has no name")
	}
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("checkpoint: %s is not a folder; move that file away or choose another run folder", dir)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("checkpoint: cannot make the run folder: %w", err)
	}
	return &Folder{Dir: dir}, nil
}

// Path is the path of a file of the run.
func (f *Folder) Path(name string) string { return filepath.Join(f.Dir, name) }

// Lock makes this Folder the only one that may save, until Close or the end of
// the program, and removes temporary files that a crash has left. It does not
// wait: while another holds the lock, its error wraps ErrLocked. It does
// nothing when the lock is held already.
func (f *Folder) Lock() error {
	if f.lock != nil {
		return nil
	}
	file, err := os.OpenFile(f.Path(lockName), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return fmt.Errorf("checkpoint: cannot lock the run: %w", err)
	}
	if err := flock(file); err != nil {
		defer file.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return unlockable(f.Dir, err)
		}
		who, _ := io.ReadAll(io.LimitReader(file, 300))
		return fmt.Errorf("checkpoint: %w: another program (process %s) is training %s; wait for it or stop it",
			ErrLocked, strings.TrimSpace(string(who)), f.Dir)
	}
	err = file.Truncate(0)
	if err == nil {
		host, _ := os.Hostname()                             // a run on a cluster's file system may be another node's
		_, err = fmt.Fprintln(file, os.Getpid(), "on", host) // for the message above only
	}
	if err == nil {
		err = removeTemps(f.Dir)
	}
	if err != nil {
		file.Close()
		return fmt.Errorf("checkpoint: cannot lock the run: %w", err)
	}
	f.lock = file
	return nil
}

// unlockable is the error of a folder that could not be locked. Parallel file systems, such as Lustre, have locks only where they are mounted with them.
func unlockable(dir string, err error) error {
	if errors.Is(err, syscall.ENOSYS) || errors.Is(err, syscall.ENOTSUP) || errors.Is(err, syscall.ENOLCK) {
		return fmt.Errorf("checkpoint: cannot lock the run %s: %w: its file system has no locks here; set IDFF_RUNS to a folder on one that has, or have it mounted with them (Lustre: -o flock)", dir, err)
	}
	return fmt.Errorf("checkpoint: cannot lock the run %s: %w", dir, err)
}

// Close gives the lock back. It may be called more than once.
func (f *Folder) Close() error {
	if f.lock == nil {
		return nil
	}
	err := f.lock.Close()
	f.lock = nil
	return err
}

// Save writes a checkpoint of the step, then removes older ones so that Keep
// are left: there is one more than that while it writes, never more. It takes the lock if it is not held. When it fails, the checkpoints
// before are as they were. The metadata key "step" is its own.
//
// Steps go up: it is an error if the folder has a whole checkpoint of a later
// step, since Latest would then give that one.
func (f *Folder) Save(step int, tensors []Tensor, meta map[string]string) error {
	keep := f.keep()
	if step < 0 || keep < 0 {
		return fmt.Errorf("checkpoint: cannot save step %d and keep %d; neither may be negative", step, keep)
	}
	if _, taken := meta[stepKey]; taken {
		return fmt.Errorf("checkpoint: the metadata key %q is set by Save; use another", stepKey)
	}
	if err := f.Lock(); err != nil {
		return err
	}
	steps, err := f.steps()
	if err != nil {
		return err
	}
	for _, s := range steps {
		if s <= step || f.corrupt[s] {
			continue
		}
		if _, err := f.read(s); err == nil {
			return fmt.Errorf("checkpoint: cannot save step %d: %s has a later one, %s; resume from it or remove it", step, f.Dir, fileName(s))
		}
	}
	if err := f.pruneRest(steps, keep); err != nil {
		return fmt.Errorf("checkpoint: step %d is not saved: an older checkpoint could not be removed: %w", step, errtext.Inner("checkpoint: ", err))
	}
	if err := Write(f.Path(fileName(step)), tensors, clonedMeta(meta, stepKey, strconv.Itoa(step))); err != nil {
		return err
	}
	delete(f.corrupt, step)
	if err := f.prune(step, keep); err != nil {
		return fmt.Errorf("checkpoint: step %d is saved, but an older checkpoint could not be removed: %w", step, errtext.Inner("checkpoint: ", err))
	}
	return nil
}

// keep is how many checkpoints Save keeps.
func (f *Folder) keep() int {
	if f.Keep == 0 {
		return 2
	}
	return f.Keep
}

// prune removes checkpoints older than the one just saved, first of all the
// damaged, until keep are left. It never touches that one.
func (f *Folder) prune(saved, keep int) error {
	steps, err := f.steps()
	if err != nil {
		return err
	}
	kept := 1
	for _, s := range steps {
		switch {
		case s >= saved:
			continue
		case kept < keep && !f.corrupt[s]:
			kept++
			continue
		}
		if err := stage("prune"); err != nil {
			return err
		}
		if err := os.Remove(f.Path(fileName(s))); err != nil {
			return err
		}
		delete(f.corrupt, s)
	}
	return nil
}

// pruneRest removes what a crash between a save and the removal of older ones has
// left of steps, the newest first: there is a whole one before it does.
func (f *Folder) pruneRest(steps []int, keep int) error {
	if len(steps) <= keep {
		return nil
	}
	for _, s := range steps {
		if _, err := f.read(s); err == nil {
			return f.prune(s, keep)
		}
	}
	return nil
}

// Latest gives the newest whole checkpoint, nil if there is none. Newer ones
// that are damaged are skipped, and the warning, one line and otherwise empty,
// names them. An error means that the folder could not be read, not that a
// checkpoint is damaged.
func (f *Folder) Latest() (c *Checkpoint, warning string, err error) {
	// A program that trains may remove checkpoints after they were listed, but
	// only when there are newer ones: list again.
	for range 100 {
		c, warning, err = f.latest()
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return c, warning, err
}

func (f *Folder) latest() (*Checkpoint, string, error) {
	steps, err := f.steps()
	if err != nil {
		return nil, "", err
	}
	var skipped []string
	for _, s := range steps {
		c, err := f.read(s)
		if err == nil {
			return c, warn(skipped, fmt.Sprintf("going on from step %d", s)), nil
		}
		if !errors.Is(err, ErrCorrupt) {
			return nil, "", err
		}
		if f.corrupt == nil {
			f.corrupt = map[int]bool{}
		}
		f.corrupt[s] = true
		skipped = append(skipped, strings.TrimPrefix(err.Error(), "checkpoint: "))
	}
	return nil, warn(skipped, "no whole checkpoint is left"), nil
}

func warn(skipped []string, then string) string {
	if len(skipped) == 0 {
		return ""
	}
	return "checkpoint: skipped " + strings.Join(skipped, "; ") + "; " + then
}

// read reads the checkpoint of a step and checks that it is one of ours.
func (f *Folder) read(step int) (*Checkpoint, error) {
	path := f.Path(fileName(step))
	tensors, meta, err := Read(path)
	if err != nil {
		return nil, err
	}
	if meta[stepKey] != strconv.Itoa(step) {
		return nil, fmt.Errorf("checkpoint: %s: %w", path, corrupt("it says that its step is %q", meta[stepKey]))
	}
	return &Checkpoint{step, path, tensors, meta}, nil
}

// steps lists the steps of the checkpoints, whole or not, newest first.
func (f *Folder) steps() ([]int, error) {
	entries, err := os.ReadDir(f.Dir)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: cannot read the run folder: %w", err)
	}
	var steps []int
	for _, e := range entries {
		m := fileNames.FindStringSubmatch(e.Name())
		if m == nil {
			continue
		}
		if s, err := strconv.Atoi(m[1]); err == nil && fileName(s) == e.Name() {
			steps = append(steps, s)
		}
	}
	slices.Sort(steps)
	slices.Reverse(steps)
	return steps, nil
}
