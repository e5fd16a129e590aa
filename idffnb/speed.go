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

// cpuTime is the time that all cores have spent on this process, in seconds.
func cpuTime() float64 {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}
