package idffnb

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/idff-go/workbench/idffnb/checkpoint"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// Learning says how a schedule is learned. Zero values are the defaults.
type Learning struct {
	Order   int    `json:"order,omitempty"`   // of the derivative terms whose factors are learned, step by step; 0: none
	Written bool   `json:"written,omitempty"` // the terms are the score and its derivatives, as IDFF is written; order 1 then costs nothing
	Euler   bool   `json:"euler,omitempty"`   // each step weighs its own evaluation alone; else those of earlier steps too, which costs nothing
	Only    string `json:"only,omitempty"`    // "times" keeps every weight at 1, "scales" keeps the times uniform; "": both are learned
	Weights string `json:"weights,omitempty"` // WeightsFree or WeightsConsistent; "": consistent for LossTeacher on more than 8 components, unless scales alone are learned; else free
	Loss    string `json:"loss,omitempty"`    // LossMMD or LossTeacher; "": LossMMD for points of up to 8 components, else LossTeacher

	// Gap is what the loss measures by; nil: MMD^2 of the points for LossMMD, the mean square of the components' differences for LossTeacher. It is measured on the host, so that steps are
	// taken evaluation by evaluation; Order is then 0.
	Gap     Gap    `json:"-"`
	GapName string `json:"gap,omitempty"` // of Gap; filled in

	Steps  int     `json:"steps"`            // of Adam; 0: 400
	Points int     `json:"points"`           // in a batch; 0: 512. The best step is chosen on 4 times as many, and a teacher takes 16 times as many to their end points
	Rate   float64 `json:"rate"`             // of Adam, falling to 0 by a cosine; 0: .1, and .05 for a U-Net
	Seed   uint64  `json:"seed"`             // of the noise and data to learn from: never those of a sampling or a Judge
	Shrink float64 `json:"shrink,omitempty"` // start points are divided by this; 0: 1
}

const (
	// WeightsFree are weights of which each is learned. Those of a step then need not sum to 1. In the plane that pays, at two evaluations above all: the first velocity leads to the mean of the data, and gets little weight.
	// On images LossMMD lengthens steps so, where the network's velocities are too short, as those of one that is trained briefly are; LossTeacher, which is least for a mean, shortens them, and samples get pale (notebook 09b).
	WeightsFree = "free"
	// WeightsConsistent are weights that sum to 1 in each step, as those of every method of numerical analysis do: a constant velocity is followed exactly.
	WeightsConsistent = "consistent"
)

const (
	// LossMMD compares a batch of samples with a batch of data: MMD^2 with five bandwidths, from the spread of the data down to a 16th of it. It may make up for
	// the network's error as well as the sampler's.
	LossMMD = "mmd"
	// LossTeacher is the mean squared distance from the end point that 50 midpoint steps of CFM reach from the same start. It works in any
	// dimension, and can at best be as good as the teacher.
	LossTeacher = "teacher"
)

// Schedule is a learned sampler of few steps: times t_k, weights of the evaluations (of earlier ones
// too, unless Learning.Euler) and, for Learning.Order > 0, factors gamma of the derivative terms at each step:
//
//	x_{k+1} = x_k + (t_{k+1} - t_k) sum_{j<=k} w_kj f_j,   f_k = v + momentum with gamma_k, see flow.ScheduledField
//
// It is used as a field and a solver: run.Sample(n, s.Field(), s.Solver()).
type Schedule struct {
	Budget   int         `json:"budget"`  // forward-equivalents that a sample may cost
	Network  string      `json:"network"` // the run it was learned on, and its training step
	Learning Learning    `json:"learning"`
	Times    []float64   `json:"times"`           // t_0 = 0 .. t_K = 1
	Weights  [][]float64 `json:"weights"`         // of each step
	Gamma    [][]float64 `json:"gamma,omitempty"` // of each step
	Curve    []LossPoint `json:"curve"`           // the loss on fixed points that were not learned from
	Start    string      `json:"start"`           // the method that learning began at
	Best     int         `json:"best"`            // the step of Curve whose numbers these are
	Note     string      `json:"note,omitempty"`  // what went wrong, if anything did
	Seconds  float64     `json:"seconds"`         // that it took to learn
	From     string      `json:"from,omitempty"`  // for a schedule that was transferred: the run it was learned on
}

// Field is the field to sample with Solver: CFM for order 0.
func (s *Schedule) Field() flow.Field {
	if s.Learning.Order == 0 {
		return flow.CFM()
	}
	return flow.ScheduledField{Written: s.Learning.Written, Gamma: s.Gamma}
}

// Solver is the solver to sample Field with. Other networks than the one it was learned on refuse it; see Transfer.
func (s *Schedule) Solver() solver.Solver {
	return solver.Scheduled{Label: s.label(), Times: s.Times, Weights: s.Weights, Of: s.Network}
}

// StartSolver is the method of the shelf that learning began at: what the choice by the learner's loss gives by itself, with nothing learned. Beside Solver it tells how much the descent added. It is an ordinary solver, which
// every network takes; for Order > 0 it is one for flow.CFM().
func (s *Schedule) StartSolver() (solver.Solver, error) {
	for _, m := range starts(len(s.Times) - 1) {
		if fmt.Sprint(m) == s.Start {
			return m, nil
		}
	}
	return nil, fmt.Errorf("idffnb: schedule for %s: it began at %q, which is no method of the shelf with %d evaluations: learn it again", s.Network, s.Start, len(s.Times)-1)
}

// MustStartSolver is StartSolver for notebooks.
func (s *Schedule) MustStartSolver() solver.Solver {
	m, err := s.StartSolver()
	Must(err)
	return m
}

// label names the schedule in tables by what it learned.
func (s *Schedule) label() string {
	label := "learned"
	if s.Learning.Only != "" {
		label += " " + s.Learning.Only
	}
	if s.Learning.Weights == WeightsConsistent {
		label += " consistent"
	}
	if s.Learning.Euler {
		label += " euler"
	}
	if s.Learning.Loss == LossTeacher {
		label += " from teacher"
	}
	if s.Learning.GapName != "" {
		label += " by " + s.Learning.GapName
	}
	if s.From != "" {
		label += " on " + s.From
	}
	return label
}

// Transfer is the schedule for another run, to see what of it transfers. It is labelled with the run it was learned on.
func (s *Schedule) Transfer(to *Run) *Schedule {
	moved := *s
	if moved.From == "" {
		moved.From = s.Network
	}
	moved.Network = to.network()
	return &moved
}

// String is one line for captions, e.g. "learned x3 for 8gaussians-c767990fed at step 20000: t = 0 0.31 0.74 1, weights [1.02] [-0.4 1.35] [0.1 -0.3 1.1]; learned in 9 s from adams2 x3".
func (s *Schedule) String() string {
	text := fmt.Sprintf("%v for %s: t =", s.Solver(), s.Network)
	for _, t := range s.Times {
		text += fmt.Sprintf(" %.3g", t)
	}
	text += ", weights"
	for _, row := range s.Weights {
		text += fmt.Sprintf(" %.3g", row)
	}
	if s.Gamma != nil {
		text += ", gamma"
		for _, row := range s.Gamma {
			text += fmt.Sprintf(" %.3g", row)
		}
	}
	text += fmt.Sprintf("; learned in %.0f s", s.Seconds)
	if s.Start != "" {
		text += " from " + s.Start
	}
	if s.Note != "" {
		text += "; " + s.Note
	}
	return text
}

// check says in one line what is wrong with a schedule that was read, or nil.
func (s *Schedule) check() error {
	if s.Network == "" {
		return fmt.Errorf("it does not name the network it was learned on")
	}
	if len(s.Times) > 1000 {
		return fmt.Errorf("it has %d times, want at most 1000", len(s.Times))
	}
	if err := (solver.Scheduled{Label: "schedule", Times: s.Times, Weights: s.Weights}).Check(); err != nil {
		return err
	}
	for k, row := range s.Weights {
		if want := (form{Learning: s.Learning}).row(k); len(row) != want {
			return fmt.Errorf("step %d has %d weights, want %d", k, len(row), want)
		}
	}
	if s.Learning.Order == 0 {
		if s.Gamma != nil {
			return fmt.Errorf("it has gammas, but order 0")
		}
		return nil
	}
	if len(s.Gamma) != len(s.Times)-1 || len(s.Gamma[0]) != s.Learning.Order {
		return fmt.Errorf("it has %d rows of gamma for %d steps of order %d", len(s.Gamma), len(s.Times)-1, s.Learning.Order)
	}
	return flow.ScheduledField{Written: s.Learning.Written, Gamma: s.Gamma}.Check(nil, flow.Straight())
}

// ReadSchedule reads a schedule from a file of a run folder's schedules, e.g. to give it to somebody with the same network.
func ReadSchedule(path string) (*Schedule, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("idffnb: schedule: %w", err)
	}
	var s Schedule
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("idffnb: schedule %s is not one, or is cut off (%s): delete it, and it will be learned again", path, firstLine(err))
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("idffnb: schedule %s: %w: delete it, and it will be learned again", path, err)
	}
	return &s, nil
}

// network names what a schedule belongs to: the run folder, whose name ends in the hash of network, data and training, and the step it was trained to.
func (r *Run) network() string {
	return fmt.Sprintf("%s at step %d", filepath.Base(r.Dir), r.step) + r.whichWeights()
}

// checkSchedule refuses a schedule of another network.
func (r *Run) checkSchedule(s solver.Solver) error {
	if s, ok := s.(solver.Scheduled); ok && s.Of != "" && s.Of != r.network() {
		return fmt.Errorf("idffnb: %s: %v was learned for %s, and this is %s: learn one here, or use its Transfer if you mean it", r.exp.Name, s, s.Of, r.network())
	}
	return nil
}

// schedulePath is the file that keeps what LearnSchedule finds.
func (r *Run) schedulePath(budget int, l Learning) (path string, err error) {
	key, err := json.Marshal(struct {
		Version  int // changes when the meaning of a result does
		Network  string
		Backend  string
		Budget   int
		Learning Learning
	}{3, r.network(), r.info.Name, budget, l})
	if err != nil {
		return "", fmt.Errorf("idffnb: %s: %w", r.exp.Name, err)
	}
	return filepath.Join(r.Dir, "schedules", fmt.Sprintf("budget%d-order%d-%s.json", budget, l.Order, hash(key))), nil
}

// keepSchedule writes a schedule, whole or not at all.
func (r *Run) keepSchedule(path string, s *Schedule) error {
	data, err := json.MarshalIndent(s, "", " ")
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o777)
	}
	if err == nil {
		err = checkpoint.WriteFileAtomic(path, append(data, '\n'))
	}
	return notKept(r.exp.Name, "the schedule is", err)
}
