package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"strconv"

	"github.com/idff-go/workbench/idffnb"
)

// peer is a Python process that does the work of tasks with one library (peers.py).
type peer struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	version string

	parameters map[string]int // of networks, by task
}

// peers are the libraries that are there, by name.
type peers map[string]*peer

// device is where the peers work: on the GPU if the workbench does, otherwise on the CPU.
func device() (string, error) {
	_, info, err := idffnb.Backend()
	if info.Name == "cuda" {
		return "cuda", err
	}
	return "cpu", err
}

// startPeers starts those that are there. One that does not see the workbench's GPU would be measured on the CPU beside it: PyTorch is needed, and its absence an error; JAX, of which requirements.txt
// has the wheel for CPUs, is left out.
func startPeers() (peers, error) {
	if _, err := os.Stat(*python); err != nil {
		return nil, fmt.Errorf("no peers: %w; `make bench` sets them up", err)
	}
	on, err := device()
	if err != nil {
		return nil, err
	}
	list := peers{}
	for _, library := range []string{torch, jax} {
		p, err := startFastest(library, on)
		if err != nil && library == jax && on != "cpu" {
			fmt.Fprintf(os.Stderr, "bench: JAX is left out: %v\n", err)
			continue
		}
		if err != nil {
			list.stop()
			return nil, fmt.Errorf("%s: %w", library, err)
		}
		list[library] = p
	}
	return list, nil
}

// setting is part of a peer's environment.
type setting struct{ name, variable string }

// settings are those that a library is tried under: glibc as it comes and as it is set here (GLIBC_TUNABLES, as cells have it); for PyTorch also the policies of waiting threads. Threads that spin win on an idle
// machine, and lose everything on a busy one. Where processes cannot be stopped between their turns, none may spin: it would take a core from the others.
func settings(library string, canRest bool) (list [][]setting) {
	policies := []setting{{"OMP_WAIT_POLICY passive", "OMP_WAIT_POLICY=passive"}, {"OMP_WAIT_POLICY active", "OMP_WAIT_POLICY=active"}}
	if !canRest {
		policies = policies[:1]
	}
	glibc := []setting{{"glibc as it comes", "GLIBC_TUNABLES="}}
	if set := os.Getenv("GLIBC_TUNABLES"); set != "" {
		glibc = append(glibc, setting{"glibc as in cells", "GLIBC_TUNABLES=" + set})
	}
	for _, g := range glibc {
		if library != torch {
			list = append(list, []setting{g})
			continue
		}
		for _, policy := range policies {
			list = append(list, []setting{g, policy})
		}
	}
	return list
}

// startFastest starts a library under the settings with which it trains fastest here.
func startFastest(library, device string) (best *peer, err error) {
	least := math.Inf(1)
	for _, try := range settings(library, canRest) {
		var environment []string
		for _, s := range try {
			environment = append(environment, s.variable)
		}
		p, err := startPeer(library, device, environment...)
		if err != nil {
			return nil, err
		}
		for _, s := range try {
			p.version += ", " + s.name
		}
		took := math.Inf(1)
		for range 5 {
			c, err := p.do("train", 100)
			if err != nil {
				return nil, err
			}
			took = min(took, c.Seconds)
		}
		if took >= least {
			p.stop()
			continue
		}
		if best != nil {
			best.stop()
		}
		best, least = p, took
	}
	return best, nil
}

func startPeer(library, device string, environment ...string) (*peer, error) {
	p := &peer{cmd: exec.Command(*python, "cmd/bench/peers.py", library, strconv.Itoa(*cores), device)}
	p.cmd.Stderr = os.Stderr
	p.cmd.Env = append(os.Environ(), environment...)
	tie(p.cmd)
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	var hello struct {
		Versions   string
		Parameters map[string]int
		Error      string
	}
	if err := p.answer(&hello); err != nil {
		return nil, err
	}
	if hello.Error != "" {
		_ = p.cmd.Wait() // it ends by itself
		return nil, fmt.Errorf("%s on %s: %s (GOMLX_BACKEND=xla:cpu measures on the CPU)", library, device, hello.Error)
	}
	p.version, p.parameters = hello.Versions, hello.Parameters
	return p, rest(p.cmd.Process)
}

// answer reads a line of the process.
func (p *peer) answer(to any) error {
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("peers.py ended: %w", err)
	}
	return json.Unmarshal(line, to)
}

// do has n pieces of work of a task done, and returns what one took. Between its turns the process rests.
func (p *peer) do(task string, n int) (cost, error) {
	ask, err := json.Marshal(map[string]any{"task": task, "n": n})
	if err != nil {
		return cost{}, err
	}
	if err := wake(p.cmd.Process); err != nil {
		return cost{}, err
	}
	if _, err := p.in.Write(append(ask, '\n')); err != nil {
		return cost{}, err
	}
	var took struct {
		Seconds, CPU float64
		Error        string
	}
	if err := errors.Join(p.answer(&took), rest(p.cmd.Process)); err != nil {
		return cost{}, err
	}
	if took.Error != "" {
		return cost{}, fmt.Errorf("peers.py: %s", took.Error)
	}
	return cost{took.Seconds, took.CPU}, nil
}

func (list peers) versions() (text []string) {
	for _, library := range []string{torch, jax} {
		if p := list[library]; p != nil {
			text = append(text, p.version)
		}
	}
	return text
}

// stop ends the process: it stops when nothing more can be asked.
func (p *peer) stop() {
	_ = p.in.Close()
	_ = wake(p.cmd.Process)
	_ = p.cmd.Wait() // what it ends with does not matter any more
}

func (list peers) stop() {
	for _, p := range list {
		p.stop()
	}
}
