package idffnb

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/idffnb/checkpoint"
)

// Import opens a run of the experiment whose network starts from the weights in a file: a state dict or a whole module of PyTorch's torch.save (.pt, .pth,
// .ckpt), a training checkpoint with one in it (see FromKey), or a .safetensors file. Nothing in the file is run; checkpoint.ReadWeights says what is read.
//
// The names in the file are those of PyTorch's state_dict(): net.MLP with its variables /net.0/weight, /net.0/bias, ... has net.0.weight, net.0.bias, ...
// Every parameter of the network must be there with its shape, finite, and nothing else (see Renamed); float16, bfloat16 and float64 become float32.
// Where that fails, nothing is loaded, and the error is a WeightsError with the report of all names; CheckWeights gives the report alone.
//
// The run can be sampled at once. Its folder's name depends on the file's content, so that other weights are another run; the file may move. Step
// counts from the import: Train fine-tunes for the experiment's Steps, with a new optimizer, and Import with the same file then opens the run as it is by then.
func Import(path string, e Experiment, options ...ImportOption) (*Run, error) {
	w, err := readWeights(path, e, options)
	if err != nil {
		return nil, err
	}
	if err := w.report.Err(); err != nil {
		return nil, fmt.Errorf("idffnb: %s: %w", w.exp.Name, err)
	}
	w.exp.weights = w.origin()
	r, err := prepare(w.exp)
	if err != nil {
		return nil, err
	}
	r.imported = w.report
	found, _, err := r.folder.Latest()
	if err != nil {
		return nil, fmt.Errorf("idffnb: %s: %w", r.exp.Name, err)
	}
	if found == nil {
		if err := w.store(r); err != nil {
			return nil, err
		}
	}
	return r, r.load()
}

// MustImport is Import for notebooks.
func MustImport(path string, e Experiment, options ...ImportOption) *Run {
	r, err := Import(path, e, options...)
	Must(err)
	return r
}

// CheckWeights compares the names and shapes in a file with those of the experiment's network, as Import does, and makes no run.
// The report tells whether they fit; the error is about a file or an experiment that cannot be used at all.
func CheckWeights(path string, e Experiment, options ...ImportOption) (*WeightReport, error) {
	w, err := readWeights(path, e, options)
	if err != nil {
		return nil, err
	}
	return w.report, nil
}

// ImportOption changes what Import takes from a file.
type ImportOption func(*weightImport)

// FromKey takes the state dict under a key of a training checkpoint, such as "ema_model", with dots where keys lie in each other. It may end
// in a prefix of names, which is taken off them: "module", or "state_dict.model".
func FromKey(key string) ImportOption { return func(w *weightImport) { w.key = key } }

// Renamed gives each name in the file, after FromKey, the name that it has in the network; "" leaves the tensor out.
func Renamed(rename func(name string) string) ImportOption {
	return func(w *weightImport) { w.rename = rename }
}

// Weights is the report of the file that an imported run came from, nil for other runs.
func (r *Run) Weights() *WeightReport { return r.imported }

// Export writes the network's parameters to a .safetensors file, without the optimizer, under PyTorch's names and in its layout:
//
//	model.load_state_dict(safetensors.torch.load_file("weights.safetensors"))
//
// The metadata name the experiment and the step. With Experiment.EMA it is the averages of the weights that are written; r.Raw().Export writes the weights themselves.
func (r *Run) Export(path string) error {
	fail := func(err error) error {
		return fmt.Errorf("idffnb: %s: exporting the weights: %w", r.exp.Name, err)
	}
	if filepath.Ext(path) != ".safetensors" {
		return fail(fmt.Errorf("%s: the file's name must end in .safetensors, the one format that is written", path))
	}
	if !r.Trained() {
		return fail(fmt.Errorf("the network is not trained yet: call Train first"))
	}
	parameters, err := r.exp.parameters(r.backend)
	if err != nil {
		return err
	}
	var list []checkpoint.Tensor
	for _, p := range parameters {
		v := r.store.GetVariable(p.Path())
		if v == nil {
			return fail(fmt.Errorf("the run has no variable %s", p.Path()))
		}
		name := torchName(v)
		if average := r.averageOf(v); average != nil && r.averaged() {
			v = average
		}
		t, err := toCheckpoint(name, v)
		if err != nil {
			return fail(fmt.Errorf("variable %s: %s", p.Path(), firstLine(err)))
		}
		list = append(list, t)
	}
	meta := map[string]string{"format": "pt", "experiment": filepath.Base(r.Dir), "step": fmt.Sprint(r.step)}
	if err := checkpoint.Write(path, list, meta); err != nil {
		return fail(err)
	}
	return nil
}

// MustExport is Export for notebooks.
func (r *Run) MustExport(path string) { Must(r.Export(path)) }

// Trained tells whether the network has weights to sample from: it was trained a step at least, or imported.
func (r *Run) Trained() bool { return r.step > 0 || r.exp.weights != nil }

// origin is where the weights of an imported run come from, as far as the run's identity depends on it.
type origin struct {
	File       string `json:"file_sha256"`
	Parameters string `json:"parameters_sha256"` // of names and values as loaded, which FromKey and Renamed decide

	name string // the file's
}

// String is for captions.
func (o *origin) String() string {
	return fmt.Sprintf("weights of %s (SHA-256 %s…)", o.name, o.File[:10])
}

// weightImport is a file on its way into a network.
type weightImport struct {
	key    string
	rename func(string) string

	exp        Experiment
	sum        [sha256.Size]byte
	parameters []*model.Variable   // the network's
	tensors    []checkpoint.Tensor // for parameters, in their order, where they fit; named as variables
	report     *WeightReport
}

// readWeights reads the file and compares it with the network.
func readWeights(path string, e Experiment, options []ImportOption) (*weightImport, error) {
	if err := e.checkPointers(); err != nil {
		return nil, err
	}
	w := &weightImport{exp: e.withDefaults()}
	w.exp.weights = nil
	if err := w.exp.check(); err != nil {
		return nil, err
	}
	for _, option := range options {
		option(w)
	}
	fail := func(err error) (*weightImport, error) {
		return nil, fmt.Errorf("idffnb: %s: importing weights: %w", w.exp.Name, err)
	}
	file, err := checkpoint.ReadWeights(path)
	if err != nil {
		return fail(err)
	}
	w.sum = file.SHA256
	dict, err := file.Choose(w.key)
	if err != nil {
		return fail(fmt.Errorf("%s: %w (idffnb.FromKey(key) chooses)", path, err))
	}
	w.report = &WeightReport{File: filepath.Base(path), Notes: file.Notes}
	backend, _, err := goBackend(Float32) // compiles at once
	if err != nil {
		return nil, err
	}
	if w.parameters, err = w.exp.parameters(backend); err != nil {
		if backend, _, err = Backend(); err == nil { // the network may need an operation that pure Go lacks
			w.parameters, err = w.exp.parameters(backend)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := w.compare(dict); err != nil {
		return fail(fmt.Errorf("%s: %w", path, err))
	}
	return w, nil
}

// parameters builds the network once and gives its variables, with their shapes: those that are not trained too.
func (e Experiment) parameters(backend compute.Backend) ([]*model.Variable, error) {
	const n = 2
	_, _, cond, err := e.draw(generator(0, streamGiven, 0), n)
	if err != nil {
		return nil, fmt.Errorf("idffnb: %s: %w", e.Name, err)
	}
	store := model.NewStore()
	err = tryGraph("building the network of "+e.Name, load{}, func() error {
		exec, err := model.NewExec(backend, store, func(scope *model.Scope, in []*Node) *Node {
			defer panicAsError()
			var cond *Node
			if len(in) > 2 {
				cond = in[2]
			}
			return e.predictNow(scope, in[0], in[1], cond)
		})
		if err != nil {
			return err
		}
		defer exec.Finalize()
		in := []shapes.Shape{shapes.Make(dtypes.Float32, n, e.Data.Dim()), shapes.Make(dtypes.Float32, n)}
		if len(cond) > 0 {
			in = append(in, shaped(cond, n).Shape())
		}
		_, err = exec.Compile(in...)
		return err
	})
	if err != nil {
		return nil, err
	}
	var list []*model.Variable
	for v := range store.IterVariables() {
		if v.Path() != model.JoinPath("/", model.RNGStateVariableName) {
			list = append(list, v)
		}
	}
	return list, nil
}

// torchName is a variable's name in PyTorch's form: /net.0/weight is net.0.weight.
func torchName(v *model.Variable) string {
	return strings.ReplaceAll(strings.TrimPrefix(v.Path(), "/"), "/", ".")
}

// origin is what the run's identity says of the weights.
func (w *weightImport) origin() *origin {
	sum := sha256.New()
	for _, t := range w.tensors {
		fmt.Fprintf(sum, "%q %s %v ", t.Name, t.DType, t.Shape)
		sum.Write(t.Data)
	}
	return &origin{File: fmt.Sprintf("%x", w.sum), Parameters: fmt.Sprintf("%x", sum.Sum(nil)), name: w.report.File}
}

// store saves the weights as the run's checkpoint of step 0.
func (w *weightImport) store(r *Run) (err error) {
	r.store = model.NewStore()
	for i, t := range w.tensors {
		value, err := fromCheckpoint(t)
		if err != nil {
			return fmt.Errorf("idffnb: %s: %w", r.exp.Name, err)
		}
		v, err := r.store.CreateVariable(w.parameters[i].Path(), value)
		if err != nil {
			return fmt.Errorf("idffnb: %s: variable %s: %s", r.exp.Name, t.Name, firstLine(err))
		}
		v.SetTrainable(w.parameters[i].Trainable)
	}
	defer func() { err = also(err, r.folder.Close()) }()
	return r.save()
}
