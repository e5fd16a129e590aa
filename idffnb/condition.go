package idffnb

import (
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/idff-go/workbench/idffnb/net"
)

// Data may give a condition beside each point. What more it may say about it:
//
//	Classes() int         the condition is a label, a whole number in [0, Classes), as datasets.Labelled gives
//	Shape() [3]int        points are images of that height, width and number of colour channels, for net.UNet
//	CondMaps() int        the condition begins with so many maps of the image's height and width, for net.UNet
//	NullCond() []float32  what stands for "no condition" in a row of cond, for Experiment.DropCond; one class more where it is a label
//
// Conditional models are for the independent coupling. Optimal transport pairs noise with data whatever the condition, so that in training the start points of a class are not
// N(0, I), from which sampling starts: Cheng and Schwing, The Curse of Conditions, arXiv 2503.10636.
type (
	labelled interface{ Classes() int }
	nullable interface{ NullCond() []float32 }
	shaped3  interface{ Shape() [3]int } // images: height, width, colour channels
	mapped   interface{ CondMaps() int } // maps in front of the condition
)

// classes is the number of classes that the data's labels have, 0 where the condition is no label.
func (e Experiment) classes() int {
	if data, ok := e.Data.(labelled); ok {
		return data.Classes()
	}
	return 0
}

// netOrDefault is the experiment's network, with what it leaves to the data.
func (e Experiment) netOrDefault() net.Net {
	chosen := e.Net
	if chosen == nil {
		chosen = net.MLP{Heads: e.Objective.Heads()}
		if e.classes() > 0 {
			chosen = net.IndexedMLP{MLP: net.MLP{Heads: e.Objective.Heads()}}
		}
	}
	switch n := chosen.(type) {
	case net.IndexedMLP:
		if n.Indices == 0 {
			n.Indices = e.indices()
		}
		return n
	case net.UNet:
		if data, ok := e.truth().Data.(shaped3); ok && n.Image == [3]int{} {
			n.Image = data.Shape()
		}
		if data, ok := e.truth().Data.(mapped); ok && n.Maps == 0 {
			n.Maps = data.CondMaps()
		}
		if n.Classes == 0 && e.classes() > 0 {
			n.Classes = e.indices()
		}
		return n
	}
	return chosen
}

// indices is how many labels the network must tell apart, the null among them where training drops conditions.
func (e Experiment) indices() int {
	if e.DropCond > 0 {
		return e.classes() + 1
	}
	return e.classes()
}

// checkImage says in one line that a U-Net is for images of another shape than the data's, or nothing. The network itself refuses another number of values; as many would be taken as scrambled images.
func (e Experiment) checkImage() error {
	n, isUNet := e.Net.(net.UNet)
	data, images := e.truth().Data.(shaped3)
	if !isUNet || !images {
		return nil
	}
	if a, b := n.Image, data.Shape(); a != b && a[0]*a[1]*a[2] == b[0]*b[1]*b[2] {
		return fmt.Errorf("net.UNet is for images of %d x %d pixels with %d channels, and data %s has %d x %d with %d: leave Image out", a[0], a[1], a[2], e.Data.Name(), b[0], b[1], b[2])
	}
	return nil
}

// checkCondition says in one line why the data's condition cannot be trained on as the experiment wants, or nil.
func (e Experiment) checkCondition() error {
	if !(e.DropCond >= 0 && e.DropCond < 1) {
		return fmt.Errorf("DropCond is %g: the probability of dropping a condition must be in [0, 1)", e.DropCond)
	}
	if classes := e.classes(); classes > 0 {
		switch n := e.Net.(type) {
		case net.MLP:
			return fmt.Errorf("data %s has labels of %d classes, which net.MLP would take for numbers: use net.IndexedMLP{Indices: %d}", e.Data.Name(), classes, e.indices())
		case net.UNet:
			if n.Classes < e.indices() {
				return fmt.Errorf("net.UNet has %d Classes, and data %s needs %d: %d classes%s", n.Classes, e.Data.Name(), e.indices(), classes,
					map[bool]string{true: ", and one more for the condition that DropCond drops"}[e.DropCond > 0])
			}
		case net.IndexedMLP:
			if n.Indices < e.indices() {
				return fmt.Errorf("net.IndexedMLP tells %d indices apart, and data %s needs %d: %d classes%s", n.Indices, e.Data.Name(), e.indices(), classes,
					map[bool]string{true: ", and one more for the condition that DropCond drops"}[e.DropCond > 0])
			}
		}
	}
	if e.DropCond == 0 {
		return nil
	}
	_, _, cond, err := e.draw(generator(0, streamGiven, 0), 1)
	switch {
	case err != nil:
		return err
	case cond == nil:
		return fmt.Errorf("DropCond is %g, and data %s gives no condition to drop: use labelled data such as datasets.Labelled, or leave DropCond out", e.DropCond, e.Data.Name())
	}
	data, ok := e.Data.(nullable)
	if !ok {
		return fmt.Errorf("DropCond is %g, and data %s does not say what stands for no condition: give it a method NullCond() []float32", e.DropCond, e.Data.Name())
	}
	null := data.NullCond()
	if len(null) != len(cond) {
		return fmt.Errorf("DropCond: data %s gives conditions of %d numbers and a null condition of %d", e.Data.Name(), len(cond), len(null))
	}
	for _, v := range null {
		if v != v || math.IsInf(float64(v), 0) {
			return fmt.Errorf("DropCond: the null condition of data %s is %v, want finite numbers", e.Data.Name(), null)
		}
	}
	return nil
}

// dropCond replaces each row of a step's cond by the null condition with probability DropCond. It has random numbers of its own, so that all else
// of the batch is the same whatever DropCond is.
func (e Experiment) dropCond(cond []float32, step int) error {
	if e.DropCond == 0 || cond == nil {
		return nil
	}
	rng, null := generator(e.Seed, streamDrop, uint64(step)), e.Data.(nullable).NullCond()
	if width := len(cond) / e.Batch; len(null) != width {
		return fmt.Errorf("data %s gives a null condition of %d numbers, and conditions of %d: their number must not change", e.Data.Name(), len(null), width)
	}
	for i := 0; i < len(cond); i += len(null) {
		if rng.Float64() < e.DropCond {
			copy(cond[i:], null)
		}
	}
	return nil
}

// nullCond is the null condition in the shape of cond; nil where the network has not learned to do without.
func (e Experiment) nullCond(cond *Node) *Node {
	if e.DropCond == 0 || cond == nil {
		return nil
	}
	null := e.Data.(nullable).NullCond()
	if cond.Rank() == 1 {
		return BroadcastToDims(ConstAs(cond, null[0]), cond.Shape().Dimensions...)
	}
	return BroadcastToDims(ConstAs(cond, [][]float32{null}), cond.Shape().Dimensions...)
}

// WithLabel draws every point with the same label, in [0, classes), where the data is labelled. Without it, and without WithLabels, each point has a label drawn from the data: see Samples.Labels.
func WithLabel(label int) SampleOption {
	return func(s *sampling) { s.labels, s.alike = []int{label}, true }
}

// WithLabels draws each point with a label of its own, in [0, classes), where the data is labelled: one label a point.
func WithLabels(labels []int) SampleOption {
	return func(s *sampling) { s.labels, s.alike = append([]int{}, labels...), false }
}

// givenCond is the condition of n points that the options of a sampling ask for, nil where they leave it to the data; drawn is what the data gives.
func (e Experiment) givenCond(n int, set sampling, drawn []float32) ([]float32, error) {
	if set.labels == nil && set.cond == nil {
		return nil, nil
	}
	fail := func(format string, args ...any) ([]float32, error) {
		return nil, fmt.Errorf("idffnb: %s: "+format, append([]any{e.Name}, args...)...)
	}
	classes, what := e.classes(), "values of cond"
	cond := set.cond
	if set.labels != nil {
		what = "labels"
		switch {
		case set.cond != nil:
			return fail("both cond and labels are given: want one of them")
		case classes == 0:
			return fail("labels are given, and data %s has none: use labelled data such as datasets.Labelled, or WithCond for another condition", e.Data.Name())
		}
		cond = make([]float32, 0, n)
		for _, k := range set.labels {
			if k < 0 || k >= classes {
				return fail("label %d: data %s has the labels 0 to %d", k, e.Data.Name(), classes-1)
			}
			cond = append(cond, float32(k))
		}
		for set.alike && len(cond) < n {
			cond = append(cond, cond[0])
		}
	}
	switch {
	case drawn == nil:
		return fail("%d %s given, and data %s has no condition: the network knows none", len(cond), what, e.Data.Name())
	case len(cond) != len(drawn):
		return fail("%d %s given, want %d for each of %d points, %d in all", len(cond), what, len(drawn)/n, n, len(drawn))
	}
	for i, v := range cond {
		if v != v || math.IsInf(float64(v), 0) {
			return fail("row %d of cond is %g, want finite numbers", i/(len(cond)/n), v)
		}
		if null := float32(classes); classes > 0 && (v != float32(math.Trunc(float64(v))) || v < 0 || v > null || v == null && e.DropCond == 0) {
			return fail("row %d of cond is %g: data %s has the labels 0 to %d", i, v, e.Data.Name(), classes-1)
		}
	}
	return cond, nil
}

// given names the start points and the condition that were asked for, for the file of the samples: the label, or a hash; empty where they were drawn.
func (s sampling) given(cond []float32) (name string) {
	if s.start != nil {
		name = "-start" + hashValues(s.start)
	}
	switch {
	case s.alike:
		name += fmt.Sprintf("-label%d", s.labels[0])
	case s.labels != nil || s.cond != nil:
		name += "-cond" + hashValues(cond)
	}
	return name
}

// Labels are the labels that the points were drawn with, given or drawn from the data; nil where the data is not labelled.
func (s *Samples) Labels() []int {
	if !s.labelled {
		return nil
	}
	labels := make([]int, s.N)
	for i, v := range s.Cond {
		labels[i] = int(v)
	}
	return labels
}

// Hits is the share of the points of each label whose nearest centre is that of their label, for a labelled set with a mode for each class: centres as
// datasets give them with Modes. It is NaN for a label that no point has. The points must be those of a plane.
func (s *Samples) Hits(centres [][2]float64) ([]float64, error) {
	labels := s.Labels()
	switch {
	case labels == nil:
		return nil, fmt.Errorf("idffnb: samples without labels have no class to hit: draw them from a run on labelled data")
	case s.Dim != 2:
		return nil, fmt.Errorf("idffnb: points of size %d have no nearest centre in a plane", s.Dim)
	}
	hit, of := make([]float64, len(centres)), make([]float64, len(centres))
	for i, p := range s.Points() {
		best, least := 0, math.Inf(1)
		for k, c := range centres {
			if d := math.Hypot(p[0]-c[0], p[1]-c[1]); d < least {
				best, least = k, d
			}
		}
		k := labels[i]
		if k >= len(centres) {
			return nil, fmt.Errorf("idffnb: point %d has label %d, and there are %d centres: want one for each class", i, k, len(centres))
		}
		of[k]++
		if best == k {
			hit[k]++
		}
	}
	for k := range hit {
		hit[k] /= of[k]
	}
	return hit, nil
}
