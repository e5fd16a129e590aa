package notebooks

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	// Cells import these: with them here, a change of theirs runs the notebooks again instead of taking a cached test result.
	_ "github.com/idff-go/workbench/datasets"
	_ "github.com/idff-go/workbench/explorer"
	_ "github.com/idff-go/workbench/figures"
	_ "github.com/idff-go/workbench/idffnb"
)

// Rules for a committed notebook.
const (
	maxCells       = 15              // code cells
	maxMedianLines = 12              // lines of the median code cell
	minWords       = 250             // words of prose
	maxBytes       = 1_000_000       // of the file, outputs included
	fastLimit      = 2 * time.Minute // a notebook takes less than one in fast mode on two cores; here others may share them
)

type text string // nbformat writes text as one string or as a list of lines

func (t *text) UnmarshalJSON(data []byte) error {
	var lines []string
	if data[0] != '[' {
		return json.Unmarshal(data, (*string)(t))
	}
	if err := json.Unmarshal(data, &lines); err != nil {
		return err
	}
	*t = text(strings.Join(lines, ""))
	return nil
}

type output struct {
	Type           string                     `json:"output_type"`
	Data           map[string]json.RawMessage `json:"data"`
	Text           text                       `json:"text"`
	Ename          string                     `json:"ename"`
	Evalue         string                     `json:"evalue"`
	ExecutionCount *int                       `json:"execution_count"`
}

type cell struct {
	Type           string                     `json:"cell_type"`
	Source         text                       `json:"source"`
	Outputs        []output                   `json:"outputs"`
	ExecutionCount *int                       `json:"execution_count"`
	Metadata       map[string]json.RawMessage `json:"metadata"`
}

type notebook struct {
	Cells    []cell `json:"cells"`
	Metadata struct {
		Kernelspec struct {
			Name string `json:"name"`
		} `json:"kernelspec"`
		LanguageInfo map[string]any `json:"language_info"`
	} `json:"metadata"`
}

func read(path string) (notebook, []byte, error) {
	var nb notebook
	data, err := os.ReadFile(path)
	if err != nil {
		return nb, nil, err
	}
	if err := json.Unmarshal(data, &nb); err != nil {
		return nb, nil, fmt.Errorf("%s: not a notebook: %w", path, err)
	}
	return nb, data, nil
}

// pngs returns the number of PNG figures among the outputs; each must be readable.
func (nb notebook) pngs() (n int, err error) {
	for _, c := range nb.Cells {
		for _, o := range c.Outputs {
			raw, ok := o.Data["image/png"]
			if !ok {
				continue
			}
			var b64 text
			if err := json.Unmarshal(raw, &b64); err != nil {
				return n, err
			}
			var data []byte // encoding/json decodes base64 into bytes
			quoted, _ := json.Marshal(strings.ReplaceAll(string(b64), "\n", ""))
			if err := json.Unmarshal(quoted, &data); err != nil {
				return n, err
			}
			if _, err := png.Decode(bytes.NewReader(data)); err != nil {
				return n, fmt.Errorf("figure %d: %w", n+1, err)
			}
			n++
		}
	}
	return n, nil
}

// failures lists the error outputs.
func (nb notebook) failures() (list []string) {
	for i, c := range nb.Cells {
		for _, o := range c.Outputs {
			if o.Type == "error" {
				list = append(list, fmt.Sprintf("cell %d: %s %s", i+1, o.Ename, o.Evalue))
			}
		}
	}
	return list
}

// localLink is a link of Markdown to a file beside the notebook.
var localLink = regexp.MustCompile(`\]\(([^)#:\s]+)[^):]*\)`)

// breaches lists the rules for committed notebooks that nb breaks. root is the folder of the checkout, which no output may name.
func (nb notebook) breaches(data []byte, root string) (list []string) {
	say := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	var lines []int
	words := 0
	for i, c := range nb.Cells {
		switch c.Type {
		case "markdown":
			words += len(strings.Fields(string(c.Source)))
			for _, link := range localLink.FindAllStringSubmatch(string(c.Source), -1) {
				if _, err := os.Stat(link[1]); err != nil {
					say("a link of cell %d leads to nothing: %s", i+1, link[1])
				}
			}
		case "code":
			lines = append(lines, len(strings.Split(strings.TrimSpace(string(c.Source)), "\n")))
			if _, timed := c.Metadata["execution"]; timed {
				say("cell %d has timings in its metadata", i+1)
			}
			if c.ExecutionCount != nil {
				say("cell %d has an execution count", i+1)
			}
			for _, o := range c.Outputs {
				if o.ExecutionCount != nil {
					say("an output of cell %d has an execution count", i+1)
				}
			}
		}
	}
	if len(lines) > maxCells {
		say("%d code cells, more than %d", len(lines), maxCells)
	}
	if slices.Sort(lines); len(lines) > 0 && lines[len(lines)/2] > maxMedianLines {
		say("the median code cell has %d lines, more than %d", lines[len(lines)/2], maxMedianLines)
	}
	if words < minWords {
		say("%d words of prose, fewer than %d", words, minWords)
	}
	if len(data) > maxBytes {
		say("%d bytes, more than %d", len(data), maxBytes)
	}
	for _, f := range nb.failures() {
		say("an error among the outputs: %s", f)
	}
	if n, err := nb.pngs(); err != nil {
		say("%v", err)
	} else if n == 0 {
		say("no PNG figure among the outputs")
	}
	if nb.Metadata.Kernelspec.Name != "idff" {
		say("kernel %q, not idff", nb.Metadata.Kernelspec.Name)
	}
	if _, ok := nb.Metadata.LanguageInfo["version"]; ok {
		say("the version of one machine's Go in its metadata")
	}
	if bytes.Contains(data, []byte(root)) {
		say("a path of one machine: %s", root)
	}
	return list
}

func list(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("*.ipynb")
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Fatal("no notebooks here")
	}
	return paths
}

func TestCommittedForm(t *testing.T) {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range list(t) {
		t.Run(path, func(t *testing.T) {
			nb, data, err := read(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range nb.breaches(data, root) {
				t.Errorf("%s: %s", path, b)
			}
			if t.Failed() {
				t.Logf("`make execute NOTEBOOK=%s` brings outputs and metadata into form", strings.TrimSuffix(path, ".ipynb"))
			}
		})
	}
}

// TestExecute runs every notebook as `make run` does, with short training and run folders of its own.
func TestExecute(t *testing.T) {
	python := filepath.Join("..", ".nb", "venv", "bin", "python")
	for _, need := range []string{python, filepath.Join("..", ".nb", "env"), filepath.Join("..", ".nb", "bin", "gonb")} {
		if _, err := os.Stat(need); errors.Is(err, fs.ErrNotExist) {
			t.Fatal("notebooks cannot run: nothing is set up yet; run `make test` (or `make setup`) in the checkout")
		}
	}
	for _, script := range []string{"tools/run.py", "tools/page.py", "tools/progress.py", "kernel/launch", "kernel/shim/go"} {
		if _, err := os.ReadFile(script); err != nil { // read, so that a change of them is a change of this test
			t.Fatal(err)
		}
	}
	for _, path := range list(t) {
		t.Run(path, func(t *testing.T) {
			dir := t.TempDir()
			cmd := exec.CommandContext(t.Context(), python, filepath.Join("tools", "run.py"), "--fast", "--out", dir, path)
			cmd.Env = append(os.Environ(), "IDFF_RUNS="+filepath.Join(dir, "runs"))
			cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // the cell stops, then its kernel
			cmd.WaitDelay = 20 * time.Second
			start := time.Now()
			log, err := cmd.CombinedOutput()
			took := time.Since(start)
			if err != nil {
				t.Fatalf("%v\n%s", err, log)
			}
			name := strings.TrimSuffix(path, ".ipynb")
			nb, _, err := read(filepath.Join(dir, name, path))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range nb.failures() {
				t.Errorf("%s: %s", path, f)
			}
			n, err := nb.pngs()
			if err != nil {
				t.Error(err)
			}
			if n == 0 {
				t.Errorf("%s shows no PNG figure", path)
			}
			page, err := os.ReadFile(filepath.Join(dir, name, name+".html"))
			if err != nil {
				t.Fatal(err)
			}
			if got := bytes.Count(page, []byte("src=\"data:image/png;base64,")); got < n {
				t.Errorf("the page of %s has %d of its %d figures in it", path, got, n)
			}
			if took > fastLimit {
				t.Errorf("%s took %.0f s in fast mode, more than %.0f s", path, took.Seconds(), fastLimit.Seconds())
			}
			t.Logf("%.0f s, %d figures", took.Seconds(), n)
		})
	}
}

func TestBreaches(t *testing.T) {
	good := func() notebook {
		one := json.RawMessage(`"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="`)
		nb := notebook{Cells: []cell{
			{Type: "markdown", Source: text(strings.Repeat("word ", minWords))},
			{Type: "code", Source: "x := 1", Outputs: []output{{Type: "display_data", Data: map[string]json.RawMessage{"image/png": one}}}},
		}}
		nb.Metadata.Kernelspec.Name = "idff"
		return nb
	}
	if b := good().breaches(nil, "/some/checkout"); len(b) > 0 {
		t.Fatalf("a good notebook breaks rules: %q", b)
	}
	seven := 7
	for _, test := range []struct {
		name, want string
		data       string
		spoil      func(*notebook)
	}{
		{"execution count", "execution count", "", func(nb *notebook) { nb.Cells[1].ExecutionCount = &seven }},
		{"count of an output", "execution count", "", func(nb *notebook) { nb.Cells[1].Outputs[0].ExecutionCount = &seven }},
		{"timings", "timings", "", func(nb *notebook) { nb.Cells[1].Metadata = map[string]json.RawMessage{"execution": nil} }},
		{"many cells", "16 code cells", "", func(nb *notebook) {
			for range maxCells {
				nb.Cells = append(nb.Cells, cell{Type: "code", Source: "x"})
			}
		}},
		{"long cells", "median", "", func(nb *notebook) { nb.Cells[1].Source = text(strings.Repeat("x\n", 13)) }},
		{"little prose", "words", "", func(nb *notebook) { nb.Cells[0].Source = "short" }},
		{"link", "leads to nothing: 99_none.ipynb", "", func(nb *notebook) {
			nb.Cells[0].Source += " as [page 99](99_none.ipynb) and [01](01_quickstart.ipynb) say"
		}},
		{"large", "bytes", strings.Repeat("x", maxBytes+1), func(*notebook) {}},
		{"error", "boom", "", func(nb *notebook) {
			nb.Cells[1].Outputs = append(nb.Cells[1].Outputs, output{Type: "error", Ename: "boom"})
		}},
		{"no figure", "no PNG", "", func(nb *notebook) { nb.Cells[1].Outputs = nil }},
		{"bad figure", "figure 1", "", func(nb *notebook) { nb.Cells[1].Outputs[0].Data["image/png"] = json.RawMessage(`"AAAA"`) }},
		{"kernel", "kernel", "", func(nb *notebook) { nb.Metadata.Kernelspec.Name = "python3" }},
		{"version", "version", "", func(nb *notebook) { nb.Metadata.LanguageInfo = map[string]any{"version": "go1"} }},
		{"path", "path of one machine", "see /some/checkout/x", func(*notebook) {}},
	} {
		t.Run(test.name, func(t *testing.T) {
			nb := good()
			test.spoil(&nb)
			if got := strings.Join(nb.breaches([]byte(test.data), "/some/checkout"), "; "); !strings.Contains(got, test.want) {
				t.Errorf("breaches: %q, want one with %q", got, test.want)
			}
		})
	}
}
