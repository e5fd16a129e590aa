// Command bench measures the workbench beside PyTorch, JAX and POT, and writes the table of docs/bench.md and its figure.
//
//	make bench                     # sets up the peers in .nb/bench first
//	go run ./cmd/bench -only train # rows whose name has this in it; the table goes to the terminal
//
// A row is measured in rounds: in each the workbench and its peers do the same work once after the other, in turns of who goes first, so that what else the machine does
// meets all of them. Ratios are medians over rounds of the ratio within a round. All are held to the same cores.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/idff-go/workbench/idffnb/plugin"
)

var (
	only     = flag.String("only", "", "measure only rows whose name has this in it, and write no file")
	rounds   = flag.Int("rounds", 7, "rounds of each row")
	cores    = flag.Int("cores", runtime.NumCPU(), "cores that all are held to")
	quick    = flag.Bool("quick", false, "a hundredth of the work, to see that everything runs; writes no file")
	python   = flag.String("python", ".nb/bench/bin/python", "Python that has the peers")
	notebook = flag.String("notebook", ".nb/venv/bin/python", "Python that has Jupyter, for the time of a cell")
	document = flag.String("o", "docs/bench.md", "where the table goes")
	figure   = flag.String("figure", "figures/gallery/bench.png", "where the figure goes")
	memChild = flag.Bool("memory", false, "measure the memory of the U-Net's training in this process and print JSON; bench calls itself so")
	child    = flag.Bool("scaling", false, "measure this process's devices and print JSON; bench calls itself so")
)

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	if err := holdTo(*cores); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	if err := os.Setenv("IDFF_RUNS", dir); err != nil {
		return err
	}
	if *child {
		return scalingChild()
	}
	if *memChild {
		return memoryChild()
	}
	out := report{before: others()}
	out.busy = isBusy(out.before)
	peers, err := startPeers()
	if err != nil {
		return err
	}
	defer peers.stop()
	out.versions = peers.versions()
	list, err := tasks()
	if err != nil {
		return err
	}
	for _, t := range list {
		if !strings.Contains(t.name, *only) {
			continue
		}
		row, err := measure(t, peers)
		if err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		out.rows = append(out.rows, row)
		fmt.Fprintln(os.Stderr, row)
	}
	on, err := device()
	if err != nil {
		return err
	}
	if on == "cpu" && (*only == "" || strings.Contains("unet memory", *only)) { // on a GPU this process holds most of the memory
		if out.unet, err = unetMemory(peers[torch]); err != nil {
			return err
		}
		fmt.Fprintln(os.Stderr, out.unet)
	}
	if *only == "" || strings.Contains("scaling", *only) {
		if out.scaling, err = scaling(); err != nil {
			return err
		}
	}
	if *only == "" || strings.Contains("cell", *only) {
		script := filepath.Join("cmd", "bench", "cell.py")
		if out.cell, out.cellError = cells(script); out.cellError == nil {
			out.cellAnew, out.cellError = cells(script, plugin.ProgramsVariable+"=off")
		}
	}
	out.after = others()
	if *only != "" || *quick {
		fmt.Print(out.markdown())
		return nil
	}
	return out.write(*document, *figure)
}

// cost is what one piece of work took.
type cost struct {
	Seconds float64 // by the clock
	CPU     float64 // of all cores together
}

// measured is a row: the costs of the workbench and its peers in each round.
type measured struct {
	task
	costs map[string][]cost // by party; "" is the workbench
	notes []string
}

// measure runs the rounds of a task.
func measure(t task, peers peers) (measured, error) {
	ours, err := t.prepare()
	if err != nil {
		return measured{}, err
	}
	n := t.n
	if *quick {
		n = max(1, n/100)
	}
	parties := []string{""}
	for _, p := range t.peers {
		if peers[p] != nil {
			parties = append(parties, p)
		}
	}
	m := measured{task: t, costs: map[string][]cost{}}
	for round := range *rounds {
		for range 1 + round%len(parties) {
			parties = append(parties[1:], parties[0])
		}
		for _, party := range slices.Clone(parties) {
			var c cost
			var err error
			if party == "" {
				c, err = ours(n)
			} else {
				c, err = peers[party].do(t.name, n)
			}
			if err != nil {
				return m, fmt.Errorf("%s: %w", either(party, "workbench"), err)
			}
			m.costs[party] = append(m.costs[party], c)
		}
	}
	if t.note != nil {
		note, err := t.note()
		if err != nil {
			return m, err
		}
		m.notes = append(m.notes, note)
	}
	return m, nil
}

// times is the median over rounds of how many times longer a peer took than the workbench, by the clock and by the time of all cores.
func (m measured) times(peer string) (clock, cpu float64) {
	var a, b []float64
	for i, theirs := range m.costs[peer] {
		ours := m.costs[""][i]
		a, b = append(a, theirs.Seconds/ours.Seconds), append(b, theirs.CPU/ours.CPU)
	}
	return median(a), median(b)
}

// each is the median time of one piece of work of a party.
func (m measured) each(party string) cost {
	var a, b []float64
	for _, c := range m.costs[party] {
		a, b = append(a, c.Seconds), append(b, c.CPU)
	}
	return cost{median(a), median(b)}
}

func (m measured) String() string {
	text := fmt.Sprintf("%-12s workbench %s", m.name, m.format(m.each("")))
	for _, p := range m.task.peers {
		if len(m.costs[p]) > 0 {
			clock, cpu := m.times(p)
			text += fmt.Sprintf("; %s %s, %.2f times as long (%.2f of the cores' time)", p, m.format(m.each(p)), clock, cpu)
		}
	}
	return strings.Join(append([]string{text}, m.notes...), "; ")
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[n/2] + sorted[(n-1)/2]) / 2
}

func either(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
