package idffnb

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb/checkpoint"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/golden"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/idffnb/solver"
)

// torchFile is a file that PyTorch wrote: checkpoint/testdata/torch/README.md.
func torchFile(name string) string { return filepath.Join("checkpoint", "testdata", "torch", name) }

// narrow is an experiment whose network is that of the files.
func narrow(t testing.TB) Experiment {
	t.Helper()
	t.Setenv("IDFF_RUNS", t.TempDir())
	return Experiment{Name: "narrow", Data: datasets.Moons(), Net: net.MLP{Width: 8}, Batch: 32, Steps: 20, LearningRate: 2e-3}
}

// forward is what the run's network gives for x [n, dim] at t [n], and on cond [n] where that is given.
func forward(t testing.TB, r *Run, backend compute.Backend, x, at []float32, cond ...float32) []float32 {
	t.Helper()
	store := model.NewStore() // values stay on the backend that used them first
	for v := range r.store.IterVariables() {
		x, err := toCheckpoint(v.Path(), v)
		if err != nil {
			t.Fatal(err)
		}
		value, err := fromCheckpoint(x)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.CreateVariable(v.Path(), value); err != nil {
			t.Fatal(err)
		}
	}
	inputs := []any{shaped(x, len(at)), shaped(at, len(at))}
	if len(cond) > 0 {
		inputs = append(inputs, shaped(cond, len(at)))
	}
	out, err := model.CallOnce(backend, store, func(scope *model.Scope, in []*Node) *Node {
		return r.exp.predict(scope, in[0], in[1], append(in, nil)[2])
	}, inputs...)
	if err != nil {
		t.Fatal(err)
	}
	return tensors.MustCopyFlatData[float32](out)
}

// arrays reads a safetensors file of float32.
func arrays(t testing.TB, path string) map[string][]float32 {
	t.Helper()
	list, _, err := checkpoint.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]float32{}
	for _, x := range list {
		if out[x.Name], err = checkpoint.Values[float32](x); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// TestImportAgainstPyTorch: the network gives what PyTorch's gave, whatever the kind of file. Outputs are of order 1; 16-bit weights are rounded
// to 2^-11 or 2^-8 of their size before they get here.
func TestImportAgainstPyTorch(t *testing.T) {
	want := arrays(t, torchFile("forward.safetensors"))
	want["exported"] = arrays(t, torchFile("exported_forward.safetensors"))["pred"]
	stripped := Renamed(func(name string) string { return strings.TrimPrefix(name, "model.") })
	for _, c := range []struct {
		file, pred string
		tolerance  float64
		options    []ImportOption
	}{
		{"state.pt", "pred", 1e-6, nil},
		{"state.safetensors", "pred", 1e-6, nil},
		{"legacy.pt", "pred", 1e-6, nil},
		{"module.pt", "pred", 1e-6, nil},
		{"legacy_module.pt", "pred", 1e-6, nil},
		{"double.pt", "pred", 1e-6, nil},
		{"exported.safetensors", "exported", 1e-6, nil}, // written by Export
		{"half.pt", "pred", 2e-3, nil},
		{"bfloat16.pt", "pred", 2e-2, nil},
		{"training.pt", "pred", 1e-6, []ImportOption{FromKey("net_model")}},
		{"training.pt", "pred_ema", 1e-6, []ImportOption{FromKey("ema_model")}},
		{"lightning.pt", "pred", 1e-6, []ImportOption{FromKey("state_dict.model")}},
		{"lightning.pt", "pred", 1e-6, []ImportOption{FromKey("state_dict"), stripped}},
	} {
		r, err := Import(torchFile(c.file), narrow(t), c.options...)
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		golden.Compare(t, c.file, forward(t, r, pureGo(t), want["x"], want["t"]), want[c.pred], c.tolerance, nil)
		if report := r.Weights(); len(report.Rows) != 8 || report.Err() != nil || !strings.Contains(report.String(), c.file+": all 8 parameters fit, 194 numbers") {
			t.Errorf("%s: report %v", c.file, report)
		}
	}
}

// releasedFile writes what torch.save(net.state_dict()) writes for a network of IDFF's release, or torch.save(net) for the module. The released
// networks have the widths 3-256-256-256-2.
func releasedFile(t testing.TB, set string, module bool) string {
	t.Helper()
	var pickle bytes.Buffer
	text := func(s string) string {
		return "X" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) + s
	}
	number := func(n int) string { return "J" + string(binary.LittleEndian.AppendUint32(nil, uint32(n))) }
	var file bytes.Buffer
	z := zip.NewWriter(&file)
	add := func(name string, data []byte) {
		w, err := z.CreateRaw(&zip.FileHeader{Name: name, CRC32: crc32.ChecksumIEEE(data), CompressedSize64: uint64(len(data)), UncompressedSize64: uint64(len(data))})
		if err == nil {
			_, err = w.Write(data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	tensor := func(i int, name string) string {
		v := golden.Array(t, "weights/"+set+"/"+name)
		data, err := binary.Append(nil, binary.LittleEndian, v.Data)
		if err != nil {
			t.Fatal(err)
		}
		add(fmt.Sprintf("release/data/%d", i), data)
		size, stride := "", ""
		for k, d := range v.Shape {
			size += number(d)
			stride += number(len(v.Data) / product(v.Shape[:k+1]))
		}
		view := "ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") + "ctorch\nFloatStorage\n" + text(fmt.Sprint(i)) + text("cpu") + number(len(v.Data)) +
			"tQK\x00(" + size + "t(" + stride + "t\x89ccollections\nOrderedDict\n)RtR"
		if module {
			return "ctorch._utils\n_rebuild_parameter\n(" + view + "\x88ccollections\nOrderedDict\n)RtR"
		}
		return view
	}
	object := func(class string, parameters, modules string) string {
		return "c" + class + "\n)\x81}(" + text("training") + "\x88" + text("_parameters") + "}(" + parameters + "u" + text("_buffers") + "}" + text("_modules") + "}(" + modules + "uub"
	}
	pickle.WriteString("\x80\x02")
	if module {
		layers := ""
		for i := range 7 {
			layer := object("torch.nn.modules.activation\nSELU", "", "")
			if i%2 == 0 {
				prefix := fmt.Sprintf("net.%d.", i)
				layer = object("torch.nn.modules.linear\nLinear", text("weight")+tensor(2*i, prefix+"weight")+text("bias")+tensor(2*i+1, prefix+"bias"), "")
			}
			layers += text(fmt.Sprint(i)) + layer
		}
		pickle.WriteString(object("__main__\nMLP", "", text("net")+object("torch.nn.modules.container\nSequential", "", layers)))
	} else {
		pickle.WriteString("}(")
		for i, name := range golden.Parameters() {
			pickle.WriteString(text(name) + tensor(i, name))
		}
		pickle.WriteString("u")
	}
	pickle.WriteString(".")
	add("release/data.pkl", pickle.Bytes())
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), set+".pt")
	if err := os.WriteFile(path, file.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestImportRelease: a network of the release loads in one line, from its state dict and from the whole module, and samples as the reference does.
func TestImportRelease(t *testing.T) {
	var tolerance map[string]struct {
		Trajectories map[string]struct{ Max float64 }
	}
	golden.JSON(t, "tolerance.json", &tolerance)
	t.Setenv("IDFF_RUNS", t.TempDir())
	const set, trajectory = "8gaussians", "2d/8gaussians/traj_idff_g0.2_-0.2_0.3_rk4_n2"
	for _, module := range []bool{false, true} {
		r := MustImport(releasedFile(t, set, module), Experiment{Name: set, Data: datasets.EightGaussians()})
		out, err := r.Sample(64, flow.IDFF(.2, -.2, .3), solver.RK4(2), WithStart(golden.Array(t, "2d/x0").Data[:128]))
		if err != nil {
			t.Fatal(err)
		}
		want := golden.Array(t, trajectory)
		for i, state := range out.States {
			golden.Compare(t, trajectory, state, want.Rows(i), 5*tolerance[set].Trajectories[trajectory].Max, nil)
		}
		if got := fmt.Sprint(r.Weights().Notes); module != strings.Contains(got, "class __main__.MLP not loaded, its tensors were taken") {
			t.Errorf("module %v: notes %s", module, got)
		}
		if text := r.String(); !strings.Contains(text, "8gaussians: weights of 8gaussians.pt (SHA-256 ") || !strings.Contains(text, "then 0 of 20000 steps") {
			t.Errorf("the run calls itself %s", text)
		}
	}
}

// TestImportedFolders: other weights are another run, the same weights from another place the same; runs that are not imported keep their names.
func TestImportedFolders(t *testing.T) {
	e := narrow(t)
	seen := map[string]string{}
	open := func(what, path string, options ...ImportOption) string {
		r, err := Import(path, e, options...)
		if err != nil {
			t.Fatal(err)
		}
		return r.Dir
	}
	elsewhere := filepath.Join(t.TempDir(), "moved.pt")
	data, err := os.ReadFile(torchFile("state.pt"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(elsewhere, data, 0o666); err != nil {
		t.Fatal(err)
	}
	for what, dir := range map[string]string{
		"state.pt": open("", torchFile("state.pt")), "half.pt": open("", torchFile("half.pt")), "plain": mustOpen(t, e).Dir,
		"net_model": open("", torchFile("training.pt"), FromKey("net_model")), "ema_model": open("", torchFile("training.pt"), FromKey("ema_model")),
		"swapped": open("", torchFile("state.pt"), Renamed(func(name string) string { // other weights out of the same file
			return strings.NewReplacer("net.2.", "net.4.", "net.4.", "net.2.").Replace(name)
		})),
	} {
		if other := seen[dir]; other != "" {
			t.Errorf("%s and %s have the same folder", what, other)
		}
		seen[dir] = what
	}
	if dir := open("", elsewhere); seen[dir] != "state.pt" {
		t.Errorf("the same file elsewhere has the folder %s, of %q", dir, seen[dir])
	}
	identity, err := e.withDefaults().identity()
	if err != nil || strings.Contains(string(identity), "weights") {
		t.Errorf("the identity of an experiment without imported weights is %s, %v", identity, err)
	}
}

// TestFineTuning: an imported run trains on from its weights for the experiment's steps, and both Import and Open find it again.
func TestFineTuning(t *testing.T) {
	e := narrow(t)
	r, err := Import(torchFile("state.pt"), e)
	if err != nil {
		t.Fatal(err)
	}
	before := weights(t, r)
	if r.Step() != 0 || len(before) != 8 {
		t.Errorf("step %d and %d variables after the import, want 0 and 8", r.Step(), len(before))
	}
	if err := r.Train(); err != nil {
		t.Fatal(err)
	}
	after := weights(t, r)
	if r.Step() != e.Steps || len(r.Losses()) != 2 || slices.Equal(after["/net.0/weight"], before["/net.0/weight"]) {
		t.Errorf("after fine-tuning: step %d, losses %v", r.Step(), r.Losses())
	}
	for i, v := range after["/net.0/weight"] { // 20 steps of Adam move a weight by 20 rates at most, and a little by its decay
		if d := math.Abs(float64(v - before["/net.0/weight"][i])); d > 1.5*20*e.LearningRate {
			t.Errorf("weight %d moved by %g", i, d)
		}
	}
	if err := r.Train(); err != nil || r.Step() != e.Steps {
		t.Errorf("trained again: step %d, %v", r.Step(), err)
	}
	again, err := Import(torchFile("state.pt"), e)
	if err != nil || again.Dir != r.Dir || again.Step() != e.Steps || again.Weights() == nil || !slices.Equal(weights(t, again)["/net.2/bias"], after["/net.2/bias"]) {
		t.Errorf("imported again: %v, %v", again, err)
	}
	opened := mustOpen(t, r.Experiment())
	if opened.Dir != r.Dir || opened.Step() != e.Steps {
		t.Errorf("opened again: %v", opened)
	}
	if err := os.RemoveAll(r.Dir); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(r.Experiment()); err == nil || !strings.Contains(err.Error(), "call Import again") {
		t.Errorf("opened without its weights: %v", err)
	}
	if again, err = Import(torchFile("state.pt"), e); err != nil || again.Step() != 0 || !slices.Equal(weights(t, again)["/net.2/bias"], before["/net.2/bias"]) {
		t.Errorf("imported anew: %v, %v", again, err)
	}
}

// saveWeights writes the state dict of the files with one tensor replaced.
func saveWeights(t testing.TB, replaced checkpoint.Tensor) string {
	t.Helper()
	list, _, err := checkpoint.Read(torchFile("state.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range list {
		if list[i].Name == replaced.Name {
			list[i] = replaced
		}
	}
	path := filepath.Join(t.TempDir(), "changed.safetensors")
	if err := checkpoint.Write(path, list, nil); err != nil {
		t.Fatal(err)
	}
	return path
}

// averaged writes the state dict of the files as torch.optim.swa_utils.AveragedModel has it: with a counter, and "module." before each name.
func averaged(t testing.TB) string {
	t.Helper()
	list, _, err := checkpoint.Read(torchFile("state.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range list {
		list[i].Name = "module." + list[i].Name
	}
	path := filepath.Join(t.TempDir(), "averaged.safetensors")
	if err := checkpoint.Write(path, append(list, checkpoint.New("n_averaged", []int64{7})), nil); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestImportRefuses: what does not fit is refused as a whole, in one line, and makes no folder.
func TestImportRefuses(t *testing.T) {
	bias := func(values ...float32) string {
		return saveWeights(t, checkpoint.New("net.6.bias", values, len(values)))
	}
	nan, inf := float32(math.NaN()), float32(math.Inf(-1))
	matrix := make([]float32, 24)
	matrix[16] = nan
	drop := func(drop string) ImportOption {
		return Renamed(func(name string) string {
			if name == drop {
				return ""
			}
			return name
		})
	}
	wide := func(e *Experiment) { e.Net = net.MLP{Width: 16} }
	same := func(*Experiment) {}
	for _, c := range []struct {
		what, path string
		change     func(*Experiment)
		options    []ImportOption
		want       string
		report     bool
	}{
		{"a wider network", torchFile("state.pt"), wide, nil, "the weights of state.pt do not fit the network, and nothing was loaded: net.0.weight has shape [8 3] in the file and [16 3] in the network (1 fit, 7 wrong shape); CheckWeights", true},
		{"a deeper network", torchFile("state.pt"), func(e *Experiment) { e.Net = net.MLP{Width: 8, Layers: 4} }, nil, "net.6.weight has shape [2 8] in the file and [8 8] in the network (6 fit, 2 missing, 2 wrong shape)", true},
		{"a shallower network", torchFile("state.pt"), func(e *Experiment) { e.Net = net.MLP{Width: 8, Layers: 2} }, nil, "(4 fit, 2 unexpected, 2 wrong shape)", true},
		{"a name missing", torchFile("state.pt"), same, []ImportOption{drop("net.4.bias")}, "net.4.bias is missing in the file (7 fit, 1 missing)", true},
		{"a name too many", torchFile("odd.pt"), same, nil, "8 unexpected", true},
		{"a prefix", torchFile("lightning.pt"), same, nil, `8 missing, 8 unexpected); its names start with "model.": give Import the option idffnb.FromKey("state_dict.model")`, true},
		{"a prefix beside another tensor", averaged(t), same, nil, `8 missing, 9 unexpected); its names start with "module.": give Import the option idffnb.FromKey("module")`, true},
		{"NaN", saveWeights(t, checkpoint.New("net.0.weight", matrix, 8, 3)), same, nil, "net.0.weight is NaN at [5 1] (7 fit, 1 not finite)", true},
		{"infinity", bias(0, inf), same, nil, "net.6.bias is -Inf at [1] (7 fit, 1 not finite)", true},
		{"whole numbers", saveWeights(t, checkpoint.New("net.6.bias", []int64{1, 2}, 2)), same, nil, "net.6.bias cannot become F32", true},
		{"too large for float32", saveWeights(t, checkpoint.New("net.6.bias", []float64{1, 1e300}, 2)), same, nil, "too large for float32", true},
		{"a transposed weight", saveWeights(t, checkpoint.New("net.0.weight", make([]float32, 24), 3, 8)), same, nil, "net.0.weight has shape [3 8] in the file and [8 3] in the network (7 fit, 1 wrong shape)", true},
		{"a scalar", saveWeights(t, checkpoint.New("net.6.bias", []float32{1})), same, nil, "has shape [] in the file and [2]", true},
		{"two names alike", torchFile("state.pt"), same, []ImportOption{Renamed(func(string) string { return "x" })}, `"net.0.weight" and "net.0.bias" are both renamed to "x"`, false},
		{"two state dicts", torchFile("training.pt"), same, nil, `choose one by its key: "net_model" with 8 tensors, "ema_model" with 8 tensors (idffnb.FromKey(key) chooses)`, false},
		{"an unknown key", torchFile("training.pt"), same, []ImportOption{FromKey("model")}, `under the key "model"; its state dicts: "net_model"`, false},
		{"a call", torchFile("system.pt"), same, nil, "refused: the pickle wants to call posix.system", false},
		{"no file", filepath.Join(t.TempDir(), "none.pt"), same, nil, "no such file", false},
		{"no weights", torchFile("make.py"), same, nil, "neither a safetensors file nor one of torch.save", false},
		{"a bad experiment", torchFile("state.pt"), func(e *Experiment) { e.Name = "" }, nil, "experiment name", false},
	} {
		e := narrow(t)
		c.change(&e)
		_, err := Import(c.path, e, c.options...)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
		var unfit *WeightsError
		if errors.As(err, &unfit) != c.report {
			t.Errorf("%s: %v has a report: %v, want %v", c.what, err, !c.report, c.report)
		}
		report, checkErr := CheckWeights(c.path, e, c.options...)
		switch {
		case !c.report && (checkErr == nil || report != nil):
			t.Errorf("%s: CheckWeights gave %v, %v", c.what, report, checkErr)
		case c.report && (checkErr != nil || report.Err() == nil || !strings.Contains(report.String(), c.want)):
			t.Errorf("%s: CheckWeights gave %v, %v", c.what, report, checkErr)
		}
		if left, err := os.ReadDir(os.Getenv("IDFF_RUNS")); err != nil || len(left) > 0 {
			t.Errorf("%s: left behind are %v, %v", c.what, left, err)
		}
	}
}

// TestWeightReport: a row for each parameter and each tensor, in the network's order and then the file's.
func TestWeightReport(t *testing.T) {
	e := narrow(t)
	e.Net = net.MLP{Width: 8, Layers: 2}
	report, err := CheckWeights(torchFile("module.pt"), e)
	if err != nil {
		t.Fatal(err)
	}
	const want = `| parameter | in the file | shape there | shape in the network | |
|---|---|---|---|---|
| net.0.weight | net.0.weight | [8 3] | [8 3] | fits |
| net.0.bias | net.0.bias | [8] | [8] | fits |
| net.2.weight | net.2.weight | [8 8] | [8 8] | fits |
| net.2.bias | net.2.bias | [8] | [8] | fits |
| net.4.weight | net.4.weight | [8 8] | [2 8] | wrong shape |
| net.4.bias | net.4.bias | [8] | [2] | wrong shape |
| net.6.weight | net.6.weight | [2 8] | – | unexpected |
| net.6.bias | net.6.bias | [2] | – | unexpected |

*the weights of module.pt do not fit the network, and nothing was loaded: net.4.weight has shape [8 8] in the file and [2 8] in the network (4 fit, 2 unexpected, 2 wrong shape); CheckWeights gives the whole list*
`
	if got := report.Table(); got != want {
		t.Errorf("the table is\n%s", got)
	}
	if report, err = CheckWeights(torchFile("module.pt"), narrow(t)); err != nil || report.String() != "module.pt: all 8 parameters fit, 194 numbers; class __main__.MLP not loaded, its tensors were taken" {
		t.Errorf("%v, %v", report, err)
	}
	hostile := &WeightReport{File: "a|b\n", Rows: []WeightRow{{Name: "x|y\n", InFile: "x|y\n", File: []int{}, Status: unexpected, Detail: "is | in\n"}}}
	for _, line := range strings.Split(strings.TrimSpace(hostile.Table()), "\n")[2:] {
		if n := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|"); n != 6 && n != 0 {
			t.Errorf("a name breaks the table: %q", line)
		}
	}
}

// TestHostileNames: a name in a file stays on its line, is not quoted at length, and is no link or HTML in the table.
func TestHostileNames(t *testing.T) {
	list, _, err := checkpoint.Read(torchFile("state.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"a\nb\x1b[2Jc":                           `"a\nb\x1b[2Jc" is in the file`,
		strings.Repeat("n", 900):                 "n\"… is in the file",
		"two words":                              `"two words" is in the file`,
		"![](http://example.org/x.png)<img/src>": "![](http://example.org/x.png)<img/src> is in the file",
	} {
		path := filepath.Join(t.TempDir(), "hostile.safetensors")
		if err := checkpoint.Write(path, append(slices.Clone(list), checkpoint.New(name, []float32{1}, 1)), nil); err != nil {
			t.Fatal(err)
		}
		_, err := Import(path, narrow(t))
		if err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 400 || strings.ContainsFunc(err.Error(), func(c rune) bool { return c < ' ' }) {
			t.Errorf("%.40q: %v, want %q", name, err, want)
		}
		report, err := CheckWeights(path, narrow(t))
		if err != nil {
			t.Fatal(err)
		}
		table := report.Table()
		if strings.Contains(table, "](") || strings.Contains(table, "<") || strings.Contains(table, "\x1b") || strings.Count(table, "\n") != 13 {
			t.Errorf("%.40q: the table is\n%.2000s", name, table)
		}
	}
}

// buffered is a network with a variable that is not trained, and one of float64.
type buffered struct{}

func (buffered) Predict(scope *model.Scope, x, t, _ *Node) *Node {
	scale := scope.At("norm").VariableWithValue("scale", []float64{1, 1}).SetTrainable(false).NodeValue(x.Graph())
	out := net.Dense(scope, "out", Concatenate([]*Node{x, ExpandAxes(t, -1)}, -1), 2)
	return Mul(out, ExpandLeftToRank(ConvertDType(scale, x.DType()), 2))
}

// frames are points with an index beside them.
type frames struct{ datasets.Toy }

func (f frames) Batch(rng *rand.Rand, n int) (x0, x1, cond []float32) {
	x0, x1, _ = f.Toy.Batch(rng, n)
	cond = make([]float32, n)
	for i := range cond {
		cond[i] = float32(i % 4)
	}
	return x0, x1, cond
}

// TestExport: what is exported is what is imported again, for a trained run, another's network and one with a condition; the optimizer stays.
func TestExport(t *testing.T) {
	for _, e := range []Experiment{
		narrow(t),
		{Name: "buffered", Data: datasets.Moons(), Net: buffered{}, Batch: 8, Steps: 3},
		{Name: "indexed", Data: frames{datasets.Moons()}, Net: net.IndexedMLP{MLP: net.MLP{Width: 8}, Indices: 4}, Batch: 8, Steps: 3},
	} {
		r := mustOpen(t, e)
		path := filepath.Join(t.TempDir(), "weights.safetensors")
		if err := r.Export(path); err == nil || !strings.Contains(err.Error(), "not trained yet") {
			t.Errorf("%s: exported before training: %v", e.Name, err)
		}
		if err := r.Train(); err != nil {
			t.Fatal(err)
		}
		r.MustExport(path)
		again, err := Import(path, e)
		if err != nil {
			t.Errorf("%s: %v", e.Name, err)
			continue
		}
		want := weightsOfAnyType(t, r)
		count := 0
		for name, value := range weightsOfAnyType(t, again) {
			count++
			if !bytes.Equal(value, want[name]) {
				t.Errorf("%s: %s differs after export and import", e.Name, name)
			}
		}
		list, meta, err := checkpoint.Read(path)
		if err != nil || len(list) != count || meta["format"] != "pt" || meta["experiment"] != filepath.Base(r.Dir) || meta["step"] != fmt.Sprint(e.Steps) {
			t.Errorf("%s: %d tensors for %d variables, metadata %v, %v", e.Name, len(list), count, meta, err)
		}
		for _, x := range list {
			if strings.Contains(x.Name, "/") || strings.HasPrefix(x.Name, ".") {
				t.Errorf("%s: a tensor is called %s", e.Name, x.Name)
			}
		}
	}
	r, err := Import(torchFile("state.pt"), narrow(t))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "weights.safetensors")
	r.MustExport(path) // without any training
	if got, want := arrays(t, path), arrays(t, torchFile("state.safetensors")); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Error("imported and exported weights differ")
	}
	for path, want := range map[string]string{
		"weights.pt": "must end in .safetensors", filepath.Join(t.TempDir(), "none", "w.safetensors"): "no such file", "": "must end in .safetensors",
	} {
		if err := r.Export(path); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("exported to %q: %v, want %q", path, err, want)
		}
	}
}

// weightsOfAnyType are the bytes of all variables of a run.
func weightsOfAnyType(t testing.TB, r *Run) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for v := range r.store.IterVariables() {
		x, err := toCheckpoint(v.Path(), v)
		if err != nil {
			t.Fatal(err)
		}
		out[v.Path()] = x.Data
	}
	return out
}

func ExampleCheckWeights() {
	e := Experiment{Name: "moons", Data: datasets.Moons(), Net: net.MLP{Width: 8}}
	report, err := CheckWeights("checkpoint/testdata/torch/module.pt", e)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report)
	// Output: module.pt: all 8 parameters fit, 194 numbers; class __main__.MLP not loaded, its tensors were taken
}
