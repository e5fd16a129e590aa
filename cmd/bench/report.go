package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/idff-go/workbench/figures"
	"github.com/idff-go/workbench/idffnb"
)

// report is all that was measured.
type report struct {
	before, after string // cores that others kept busy
	busy          bool   // too much for the clock: ratios are judged by the cores' time
	versions      []string
	rows          []measured
	scaling       []scale
	unet          *unetReport
	cell          []float64 // seconds of warm cells
	cellAnew      []float64 // the same, their programs compiled each time
	cellError     error
}

var peerNames = map[string]string{torch: "PyTorch", jax: "JAX"}

// markdown is docs/bench.md.
func (r report) markdown() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	_, info, _ := idffnb.Backend()
	line("# Speed beside PyTorch and JAX\n")
	line("`make bench` wrote this page. It measured on: %s; cores that others kept busy: %s before, %s after.", machine(), r.before, r.after)
	line("Workbench: %v, %s. Peers: %s; eager PyTorch, `jax.jit`, JAX's training 100 steps in one `lax.scan` with its data made inside.\n", info, runtime.Version(), strings.Join(r.versions, "; "))
	if r.busy {
		line("**The machine was busy**: times by the clock are of little worth here. Targets and the figure go by the time of the cores.\n")
	}
	line("![How many times as long the peers take](../figures/gallery/bench.png)\n")
	line("| what | workbench | PyTorch | JAX | PyTorch takes | JAX takes | of the cores' time | targets |\n|---|---|---|---|---|---|---|---|")
	for _, m := range r.rows {
		line("%s", m.cells(r.busy))
	}
	line("")
	for _, m := range r.rows {
		for _, n := range m.notes {
			line("- %s: %s.", m.what, n)
		}
	}
	if r.unet != nil {
		line("- %v", r.unet)
	}
	r.scales(line)
	r.cells(line)
	line("%s", howToRead)
	return b.String()
}

// cells is a line of the table.
func (m measured) cells(busy bool) string {
	column := map[string]string{}
	var targets, cores []string
	for _, p := range []string{torch, jax} {
		if len(m.costs[p]) == 0 {
			column[p], column[p+" takes"] = "–", "–"
			continue
		}
		clock, cpu := m.times(p)
		column[p], column[p+" takes"] = m.format(m.each(p)), fmt.Sprintf("%.2f x", clock)
		cores = append(cores, fmt.Sprintf("%.2f x", cpu))
		if t, ok := m.targets[p]; ok {
			verdict := "missed"
			if m.judged(p, busy) >= t {
				verdict = "met"
			}
			targets = append(targets, fmt.Sprintf("%s %g x: %s", peerNames[p], t, verdict))
		}
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %s | %s |", m.what, m.format(m.each("")), column[torch], column[jax], column[torch+" takes"], column[jax+" takes"],
		either(strings.Join(cores, ", "), "–"), either(strings.Join(targets, "; "), "–"))
}

// judged is the ratio that counts: by the clock, on a busy machine by the cores' time.
func (m measured) judged(peer string, busy bool) float64 {
	clock, cpu := m.times(peer)
	if busy {
		return cpu
	}
	return clock
}

// scales writes what several devices take.
func (r report) scales(line func(string, ...any)) {
	if len(r.scaling) == 0 {
		return
	}
	line("\n## Several devices (`IDFF_DEVICES`)\n")
	line("| devices (%s) | a training step of batch 4096 | 20,000 points, IDFF of order 2, RK4 x 2 |\n|---|---|---|", r.scaling[0].Backend)
	one := r.scaling[0]
	for _, s := range r.scaling {
		if s.Failed != "" {
			line("| %d | %s | – |", s.Devices, s.Failed)
			continue
		}
		line("| %d | %s | %s |", s.Devices, s.Train.beside(one.Train), s.Sample.beside(one.Sample))
	}
	if one.Backend == "cpu" {
		line("\nOn the CPU the devices are shares of the same cores: the table shows what splitting costs. On GPUs each device brings its own.")
	}
}

// beside writes a cost, and how many times that of one device it is, by the clock and by the cores' time.
func (c cost) beside(one cost) string {
	return fmt.Sprintf("%.0f ms (%.2f x, %.2f x of the cores' time)", c.Seconds*1e3, c.Seconds/one.Seconds, c.CPU/one.CPU)
}

// cells writes how long a cell takes.
func (r report) cells(line func(string, ...any)) {
	if r.cellError != nil {
		line("\nThe time of a warm cell was not measured: %v.", r.cellError)
	} else if len(r.cell) > 0 {
		line("\nA warm cell that opens a run, samples 2048 points and draws them, the cell itself compiled and linked, its graphs loaded (`IDFF_PROGRAMS`): %.2f s; with its graphs compiled anew too: %.2f s; medians of %d (to be at most 2.5 s).", median(r.cell), median(r.cellAnew), len(r.cell))
	}
}

const howToRead = `
## How to read it

"Takes" is how many times as long a peer takes by the clock: above 1 the workbench is faster. Each row is measured in rounds, one party after the other within a round, in turns of who goes
first; the ratio is the median over the rounds of the ratio within one. All are held to the same cores. "Of the cores' time" is the same ratio in seconds that the cores have spent on either (user
and system, all threads): it depends much less on what else the machine does than the clock, and where
others kept more than half a core busy as the measurement began, targets and the figure go by it. Peers run under whatever trained fastest at the start: with
glibc as it comes or as cells have it (GLIBC_TUNABLES, which the workbench runs with), PyTorch with threads that spin as they wait or that do not: spinning wins on an idle machine, and loses everything on a busy one.
Memory is that of processes of their own, VmHWM of /proc/self/status less what it was before the network was made; it is taken anew (clear_refs) after the first step, and five more are made.
The products of a field are those of its two layers of 256 by 256, in a program that does nothing else: what is over them in the field's time is the first and last layer, the activations and the call.
On a GPU the peers compute there too (PyTorch must, JAX is left out where it does not see it), and memory and products are left out. Compilation is left out everywhere else. A training counts from its first steps on, batches included, which the workbench makes meanwhile; its waiting for them is given above. PyTorch makes its batches
before each step, as TorchCFM's notebooks do, and pairs them with POT where OT is asked for; POT's row has its cost matrix, and so has ours. KDE grid and cell have no peer.

	make bench                                        # everything; quarter of an hour on two idle cores, and 3 GB for PyTorch the first time
	make bench BENCH='-only field -rounds 15'         # some rows, to the terminal
	make bench BENCH='-cores 1'                       # all on one core
	GOMLX_BACKEND=go make bench BENCH='-only train'   # pure Go beside the peers
`

// write writes the page and its figure.
func (r report) write(document, figure string) error {
	f, err := r.figure().Draw()
	if err != nil {
		return err
	}
	for _, path := range []string{document, figure} {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
	}
	if err := f.Save(figure); err != nil {
		return err
	}
	return os.WriteFile(document, []byte(r.markdown()), 0o666)
}

// figure draws the ratios of all rows that have a peer.
func (r report) figure() figures.Ratios {
	fig := figures.Ratios{Series: []string{"PyTorch (with POT)", "JAX"}, XLabel: r.judgedBy(),
		Title: fmt.Sprintf("Peers beside the workbench: %s, others on %s to %s cores", machine(), r.before, r.after)}
	for _, m := range r.rows {
		row := figures.RatioRow{Name: m.name, Values: []float64{math.NaN(), math.NaN()}, Targets: []float64{math.NaN(), math.NaN()}}
		for k, p := range []string{torch, jax} {
			if len(m.costs[p]) > 0 {
				row.Values[k] = m.judged(p, r.busy)
			}
			if t, ok := m.targets[p]; ok {
				row.Targets[k] = t
			}
		}
		if len(m.task.peers) > 0 {
			fig.Rows = append(fig.Rows, row)
		}
	}
	return fig
}

// judgedBy says what the ratios of the figure are.
func (r report) judgedBy() string {
	if r.busy {
		return "times the cores' time that the workbench takes"
	}
	return "times as long as the workbench takes"
}

// cells runs the warm cells, with more in the environment.
func cells(script string, environment ...string) ([]float64, error) {
	cmd := exec.Command(*notebook, script)
	cmd.Env = append(os.Environ(), environment...)
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", script, err)
	}
	var seconds []float64
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	err = json.Unmarshal([]byte(lines[len(lines)-1]), &seconds)
	return seconds, err
}
