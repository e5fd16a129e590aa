package idffnb

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/idffnb/checkpoint"
)

// WeightReport sets the tensors of a file beside the parameters of a network.
type WeightReport struct {
	File  string
	Notes []string // what was not loaded from the file beside tensors
	Rows  []WeightRow

	hint string // what may help where it does not fit
}

// WeightRow is a parameter of the network, or a tensor of the file that is none.
type WeightRow struct {
	Name   string // in PyTorch's form: net.0.weight
	InFile string // the tensor's name in the file, "" if it is missing
	File   []int  // its shape there
	Net    []int  // its shape in the network
	Status string // "fits", "missing", "unexpected", "wrong shape", "wrong type" or "not finite"
	Detail string // what is wrong, if anything
}

// What may be with a parameter.
const (
	fits       = "fits"
	missing    = "missing"     // not in the file
	unexpected = "unexpected"  // in the file, not in the network
	wrongShape = "wrong shape" // in the file
	wrongType  = "wrong type"  // e.g. whole numbers for a weight
	notFinite  = "not finite"  // NaN or infinite somewhere
)

// WeightsError is the error of weights that do not fit the network; errors.As finds it in what Import returns.
type WeightsError struct{ Report *WeightReport }

// Error is the first problem and how many there are, in one line.
func (e *WeightsError) Error() string {
	r := e.Report
	counts := map[string]int{}
	var first WeightRow
	for _, row := range r.Rows {
		counts[row.Status]++
		if row.Status != fits && first.Status == "" {
			first = row
		}
	}
	var all []string
	for _, s := range []string{fits, missing, unexpected, wrongShape, wrongType, notFinite} {
		if counts[s] > 0 {
			all = append(all, fmt.Sprintf("%d %s", counts[s], map[bool]string{true: "fit", false: s}[s == fits]))
		}
	}
	text := fmt.Sprintf("the weights of %s do not fit the network, and nothing was loaded: %s %s (%s)", r.File, shown(first.Name), first.Detail, strings.Join(all, ", "))
	if r.hint != "" {
		return text + "; " + r.hint
	}
	return text + "; CheckWeights gives the whole list"
}

// Err is nil if all parameters fit, and a *WeightsError otherwise.
func (r *WeightReport) Err() error {
	for _, row := range r.Rows {
		if row.Status != fits {
			return &WeightsError{r}
		}
	}
	return nil
}

// String is one line: whether the file fits.
func (r *WeightReport) String() string {
	if err := r.Err(); err != nil {
		return err.Error()
	}
	numbers := 0
	for _, row := range r.Rows {
		numbers += product(row.Net)
	}
	return strings.Join(append([]string{fmt.Sprintf("%s: all %d parameters fit, %d numbers", r.File, len(r.Rows), numbers)}, r.Notes...), "; ")
}

// Table is the whole report in Markdown, for Show.
func (r *WeightReport) Table() string {
	var b strings.Builder
	b.WriteString("| parameter | in the file | shape there | shape in the network | |\n|---|---|---|---|---|\n")
	shape := func(s []int) string {
		if s == nil {
			return "–"
		}
		return fmt.Sprint(s)
	}
	for _, row := range r.Rows {
		name, problem := row.InFile, row.Status
		if name == "" {
			name = "–"
		}
		if row.Status == notFinite || row.Status == wrongType {
			problem += ": " + row.Detail
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", cell(shown(row.Name)), cell(shown(name)), shape(row.File), shape(row.Net), cell(problem))
	}
	fmt.Fprintf(&b, "\n*%s*\n", cell(r.String()))
	return b.String()
}

// shown is a name from a file as it is, or quoted where it is not one short printable word.
func shown(name string) string {
	if len(name) > 80 {
		return fmt.Sprintf("%.80q…", name)
	}
	if strings.ContainsFunc(name, func(c rune) bool { return c == ' ' || !strconv.IsPrint(c) }) {
		return strconv.Quote(name)
	}
	return name
}

// cell is a text from a file that must not break a table, nor be a link, an image or HTML in it.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "\r", " ", "<", "&lt;", "](", `]\(`).Replace(text)
}

// compare fills the report, and the tensors where they fit.
func (w *weightImport) compare(dict checkpoint.StateDict) error {
	inFile, names := map[string]checkpoint.Tensor{}, []string{}
	original := map[string]string{}
	for _, t := range dict.Tensors {
		name := t.Name
		if w.rename != nil {
			if name = w.rename(name); name == "" {
				continue
			}
		}
		if other, ok := original[name]; ok {
			return fmt.Errorf("%q and %q are both renamed to %q", other, t.Name, name)
		}
		inFile[name], original[name] = t, t.Name
		names = append(names, name)
	}
	for _, v := range w.parameters {
		name := torchName(v)
		row := WeightRow{Name: name, Net: append([]int{}, v.Shape().Dimensions...), Status: fits}
		t, ok := inFile[name]
		if !ok {
			row.Status, row.Detail = missing, "is missing in the file"
		} else {
			row.InFile, row.File = t.Name, append([]int{}, t.Shape...)
			w.fit(&row, v, t)
		}
		delete(inFile, name)
		w.report.Rows = append(w.report.Rows, row)
	}
	for _, name := range names {
		if t, ok := inFile[name]; ok {
			w.report.Rows = append(w.report.Rows, WeightRow{Name: name, InFile: t.Name, File: append([]int{}, t.Shape...), Status: unexpected, Detail: "is in the file, but the network has no such parameter"})
		}
	}
	w.report.hint = w.prefixHint(dict.Key)
	return nil
}

// fit converts a tensor of the file to the variable's type, or says in the row why that cannot be.
func (w *weightImport) fit(row *WeightRow, v *model.Variable, t checkpoint.Tensor) {
	if !slices.Equal(row.File, row.Net) {
		row.Status, row.Detail = wrongShape, fmt.Sprintf("has shape %v in the file and %v in the network", row.File, row.Net)
		return
	}
	out, err := convert(t, v.DType())
	if err != nil {
		row.Status, row.Detail = wrongType, firstLine(err)
		return
	}
	out.Name = strings.TrimPrefix(v.Path(), "/")
	if i, x := firstNotFinite(out); i >= 0 {
		row.Status, row.Detail = notFinite, fmt.Sprintf("is %g at %v", x, position(i, row.Net))
		return
	}
	w.tensors = append(w.tensors, out)
}

// convert gives a tensor the type of a variable. Only floating-point numbers are converted.
func convert(t checkpoint.Tensor, dtype dtypes.DType) (checkpoint.Tensor, error) {
	want, ok := map[dtypes.DType]checkpoint.DType{dtypes.Float32: checkpoint.F32, dtypes.Float64: checkpoint.F64,
		dtypes.Int32: checkpoint.I32, dtypes.Int64: checkpoint.I64, dtypes.Uint64: checkpoint.U64}[dtype]
	switch {
	case !ok:
		return t, fmt.Errorf("is a %v in the network, which cannot be imported", dtype)
	case t.DType == want:
		return t, nil
	case want == checkpoint.F32 || want == checkpoint.F64:
		values, err := checkpoint.Floats(t)
		if err != nil {
			return t, fmt.Errorf("cannot become %s: %w", want, err)
		}
		if want == checkpoint.F32 {
			return checkpoint.New(t.Name, values, t.Shape...), nil
		}
		wide := make([]float64, len(values))
		for i, v := range values {
			wide[i] = float64(v)
		}
		return checkpoint.New(t.Name, wide, t.Shape...), nil
	}
	return t, fmt.Errorf("holds %s in the file and %s in the network", t.DType, want)
}

// firstNotFinite finds the first NaN or infinity, at -1 if there is none.
func firstNotFinite(t checkpoint.Tensor) (at int, value float64) {
	switch t.DType {
	case checkpoint.F32:
		values, _ := checkpoint.Values[float32](t) // of the type that it was converted to
		for i, v := range values {
			if !finite(float64(v)) {
				return i, float64(v)
			}
		}
	case checkpoint.F64:
		values, _ := checkpoint.Values[float64](t)
		for i, v := range values {
			if !finite(v) {
				return i, v
			}
		}
	}
	return -1, math.NaN()
}

// position is the index of element i of an array of that shape.
func position(i int, shape []int) []int {
	index := make([]int, len(shape))
	for k := len(shape) - 1; k >= 0; k-- {
		index[k] = i % shape[k]
		i /= shape[k]
	}
	return index
}

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// prefixHint names the key that makes all parameters be found, where a prefix of the file's names is all that is in the way.
func (w *weightImport) prefixHint(key string) string {
	var lacking, extras []string
	extra := map[string]bool{}
	for _, row := range w.report.Rows {
		switch row.Status {
		case missing:
			lacking = append(lacking, row.Name)
		case unexpected:
			extra[row.InFile], extras = true, append(extras, row.InFile)
		}
	}
	if w.rename != nil || len(lacking) != len(w.parameters) || len(lacking) == 0 {
		return ""
	}
	for _, name := range extras {
		prefix, ok := strings.CutSuffix(name, "."+lacking[0])
		if ok && !slices.ContainsFunc(lacking, func(name string) bool { return !extra[prefix+"."+name] }) {
			return fmt.Sprintf("its names start with %q: give Import the option idffnb.FromKey(%q)", prefix+".", strings.TrimPrefix(key+"."+prefix, "."))
		}
	}
	return ""
}
