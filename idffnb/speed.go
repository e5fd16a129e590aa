package idffnb

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Speed is how fast Train made steps, from the end of its first steps on: compilation is left out.
type Speed struct {
	Steps   int
	Seconds float64 // wall time of these steps
	Waited  float64 // seconds of them in which the device had no batches to work on
	CPU     float64 // seconds of all cores together; batches are made meanwhile and count, and so does what else the program does

	last  time.Time // when the last steps ended
	start float64   // CPU time of the process after the first steps

	notedSteps   int // of Steps and Seconds, in the points of Speeds
	notedSeconds float64
}

// add counts steps that began then and have ended now.
func (s *Speed) add(steps int, began time.Time) {
	now, cpu := time.Now(), cpuTime()
	if s.last.IsZero() {
		s.start = cpu
	} else {
		s.Steps += steps
		s.Seconds += now.Sub(s.last).Seconds()
		s.Waited += began.Sub(s.last).Seconds()
	}
	s.last = now
	s.CPU = cpu - s.start
}

// pause leaves out time that was not spent on training.
func (s *Speed) pause(d time.Duration, cpu float64) {
	s.last, s.start = s.last.Add(d), s.start+cpu
}

// PerSecond is the number of steps in a second, 0 where none were counted.
func (s Speed) PerSecond() float64 {
	if s.Steps == 0 {
		return 0
	}
	return float64(s.Steps) / s.Seconds
}

// String is one line, e.g. "480 steps/s, 1% of the time waiting for batches".
func (s Speed) String() string {
	if s.Steps == 0 {
		return "no steps counted"
	}
	return fmt.Sprintf("%.0f steps/s, %.0f%% of the time waiting for batches", s.PerSecond(), 100*s.Waited/s.Seconds)
}

// Speed is how fast the last Train of this Run made steps.
func (r *Run) Speed() Speed { return r.speed }

// SpeedPoint is a line of speed.jsonl: how fast steps were made, by the clock of the machine that made them.
type SpeedPoint struct {
	Step      int     `json:"step"`
	Seconds   float64 `json:"seconds"`          // spent training up to Step, compilation included
	PerSecond float64 `json:"steps_per_second"` // since the point before, compilation and what watches the training left out
}

// Speeds is how fast steps were made from the first one on, a point every quarter of a second at first and every hundredth of the time later; runs that were trained before there was a speed.jsonl have
// none. Drawn over the steps:
//
//	curve := figures.Series{Name: run.Experiment().Name}
//	for _, p := range run.Speeds() {
//		curve.X, curve.Y = append(curve.X, float64(p.Step)), append(curve.Y, p.PerSecond)
//	}
//	figures.MustShow(figures.Lines{Series: []figures.Series{curve}, XLabel: "training step", YLabel: "steps a second"})
func (r *Run) Speeds() []SpeedPoint { return append([]SpeedPoint(nil), r.speeds...) }

// noteSpeed adds a point to Speeds, if it is time for one.
func (r *Run) noteSpeed() {
	steps, seconds := r.speed.Steps-r.speed.notedSteps, r.speed.Seconds-r.speed.notedSeconds
	if steps == 0 || r.step < r.exp.Steps && seconds < max(.25, r.seconds/100) {
		return
	}
	r.speeds = append(r.speeds, SpeedPoint{r.step, r.seconds, float64(steps) / seconds})
	r.speed.notedSteps, r.speed.notedSeconds = r.speed.Steps, r.speed.Seconds
}

// cpuTime is the time that all cores have spent on this process, in seconds.
func cpuTime() float64 {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}
