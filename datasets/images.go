package datasets

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
)

// Images are pictures of one size: 8 bits a channel, row-major [n, height, width,
// colour channels], in memory (FashionMNIST, CIFAR10, NewImages) or in a packed file
// from which batches are read as they are drawn, each image checked by its SHA-256
// (CelebA, ReadImageFolder).
//
// As Data their points are float32 in [-1, 1], byte/127.5 - 1, in the same order:
// channels last, as net.UNet takes them. Each row of a batch is an independent draw,
// all images equally likely, mirrored with probability 1/2 after Flipped. So a batch
// depends on its generator alone: there is no shuffled order whose place would have
// to be kept, and a training resumes at the exact batch. Labelled has the labels too.
type Images struct {
	shape  [3]int
	n      int
	pixels []byte   // in memory, or nil
	pack   *pack    // else
	start  int      // the first image in the packed file
	index  []int    // the images of a random part, counted from the first of pixels or from start; nil: all
	labels []byte   // one for each image; nil where there are none
	names  []string // of the classes
	name   string
	id     string
	flip   bool
}

// NewImages makes Images of your own data: pixels is row-major, shape [n, height,
// width, channels], and labels has the class of each, or is nil; both are kept, not
// copied. classes names the classes. It is an error if the sizes do not fit or a
// label has no class.
func NewImages(name string, pixels []byte, shape [3]int, labels []byte, classes []string) (*Images, error) {
	m, err := newImages(name, pixels, shape, labels, classes)
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	for _, d := range shape {
		_ = binary.Write(sum, binary.LittleEndian, uint32(d)) // a hash never fails
	}
	sum.Write(pixels)
	sum.Write(labels)
	m.id = name + "-" + hex.EncodeToString(sum.Sum(nil)[:8])
	return m, nil
}

// newImages is NewImages without the ID.
func newImages(name string, pixels []byte, shape [3]int, labels []byte, classes []string) (*Images, error) {
	size := 0 // of an image; 0 where it is larger than all bytes
	if h, w, c := shape[0], shape[1], shape[2]; min(h, w, c) > 0 && h <= len(pixels) && w <= len(pixels)/h && c <= len(pixels)/h/w {
		size = h * w * c
	}
	switch {
	case name == "":
		return nil, fmt.Errorf("datasets: NewImages: the name is empty; give the data a name")
	case min(shape[0], shape[1], shape[2]) < 1:
		return nil, fmt.Errorf("datasets: %s: images of %d x %d pixels with %d channels; all must be 1 or more", name, shape[0], shape[1], shape[2])
	case size == 0 || len(pixels)%size != 0:
		return nil, fmt.Errorf("datasets: %s: %d bytes are not one or more images of %d x %d x %d", name, len(pixels), shape[0], shape[1], shape[2])
	}
	m := &Images{shape: shape, n: len(pixels) / size, pixels: pixels, labels: labels, names: classes, name: name}
	return m, m.checkLabels()
}

func (m *Images) checkLabels() error {
	if m.labels == nil {
		return nil
	}
	if len(m.labels) != m.n {
		return fmt.Errorf("datasets: %s: %d labels for %d images; give one each", m.name, len(m.labels), m.n)
	}
	for i, k := range m.labels {
		if int(k) >= len(m.names) {
			return fmt.Errorf("datasets: %s: the label of image %d (counted from 0) is %d; there are %d classes, numbered from 0", m.name, i, k, len(m.names))
		}
	}
	return nil
}

// Name labels the data in captions.
func (m *Images) Name() string { return m.name }

// ID identifies the data when an experiment is hashed: the name, a hash of the
// content, and whether images are mirrored.
func (m *Images) ID() string {
	if m.flip {
		return m.id + "-flipped"
	}
	return m.id
}

// MarshalText gives the ID, so that the data show in a JSON file as it.
func (m *Images) MarshalText() ([]byte, error) { return []byte(m.ID()), nil }

// Shape is the height, the width and the number of colour channels of an image.
func (m *Images) Shape() [3]int { return m.shape }

// Dim is the number of values of an image.
func (m *Images) Dim() int { return m.shape[0] * m.shape[1] * m.shape[2] }

// Len is the number of images.
func (m *Images) Len() int { return m.n }

// Label is the class of image i, -1 where there are no labels.
func (m *Images) Label(i int) int {
	if m.labels == nil {
		return -1
	}
	return int(m.labels[i])
}

// ClassNames are the names of the classes, nil where there are no labels.
func (m *Images) ClassNames() []string { return slices.Clone(m.names) }

// Flipped is the same data whose draws are mirrored, left for right, with
// probability 1/2.
func (m *Images) Flipped() *Images {
	f := *m
	f.flip = true
	return &f
}

// Part is the images from number from to number to, the latter not among them. It is an error if there are none, or not so many.
func (m *Images) Part(from, to int) (*Images, error) {
	if from < 0 || from >= to || to > m.n {
		return nil, fmt.Errorf("datasets: %s: images %d to %d of %d: want 0 <= from < to <= %d", m.name, from, to, m.n, m.n)
	}
	part, size := *m, m.Dim()
	part.n = to - from
	switch {
	case m.index != nil:
		part.index = m.index[from:to]
	case m.pixels != nil:
		part.pixels = m.pixels[from*size : to*size]
	default:
		part.start += from
	}
	if m.labels != nil {
		part.labels = m.labels[from:to]
	}
	part.id = fmt.Sprintf("%s-%d-%d", m.id, from, to)
	return &part, nil
}

// MustPart is Part for notebooks: an error prints one line and ends the program.
func (m *Images) MustPart(from, to int) *Images { return must(m.Part(from, to)) }

// HoldOut is two parts: n images drawn by the seed, without replacement, and all others, both in their order here. Where images are sorted by class, as in folders, a Part would lack classes.
// It is an error if there are not more than n, or n is less than 1.
func (m *Images) HoldOut(n int, seed uint64) (train, held *Images, err error) {
	if n < 1 || n >= m.n {
		return nil, nil, fmt.Errorf("datasets: %s: %d of %d images cannot be held out; hold out 1 to %d", m.name, n, m.n, m.n-1)
	}
	order := rand.New(rand.NewPCG(seed, holdOutStream)).Perm(m.n)
	pick := func(numbers []int, kind string) *Images {
		slices.Sort(numbers)
		part := *m
		part.n, part.index, part.labels = len(numbers), make([]int, len(numbers)), nil
		for k, i := range numbers {
			if part.index[k] = i; m.index != nil {
				part.index[k] = m.index[i]
			}
			if m.labels != nil {
				part.labels = append(part.labels, m.labels[i])
			}
		}
		part.id = fmt.Sprintf("%s-%s-%d-%d", m.id, kind, n, seed)
		return &part
	}
	return pick(order[n:], "without"), pick(order[:n], "held"), nil
}

const holdOutStream = 0x686f6c646f7574

// MustHoldOut is HoldOut for notebooks: an error prints one line and ends the program.
func (m *Images) MustHoldOut(n int, seed uint64) (train, held *Images) {
	train, held, err := m.HoldOut(n, seed)
	must(0, err)
	return train, held
}

// At gives images by number as points, shape [len(index), Dim()]. Its error is
// about a number out of range, or a packed file that can no longer be read or is not what was packed.
func (m *Images) At(index ...int) ([]float32, error) {
	points := make([]float32, len(index)*m.Dim())
	return points, m.read(points, index, nil)
}

// read writes images as points, mirrored where mirror says so.
func (m *Images) read(points []float32, index []int, mirror []bool) error {
	size := m.Dim()
	var buffer []byte
	if m.pixels == nil {
		buffer = make([]byte, size)
	}
	for k, i := range index {
		if i < 0 || i >= m.n {
			return fmt.Errorf("datasets: %s: there is no image %d; images are 0 to %d", m.name, i, m.n-1)
		}
		at := i
		if m.index != nil {
			at = m.index[i]
		}
		pixels := buffer
		if m.pixels != nil {
			pixels = m.pixels[at*size : (at+1)*size]
		} else if err := m.pack.read(pixels, m.start+at); err != nil {
			return fmt.Errorf("datasets: %s: image %d: %w", m.name, i, err)
		}
		m.scale(points[k*size:(k+1)*size], pixels, mirror != nil && mirror[k])
	}
	return nil
}

// scale is byte/127.5 - 1.
func (m *Images) scale(point []float32, pixels []byte, mirror bool) {
	if !mirror {
		for i, v := range pixels {
			point[i] = float32(v)/127.5 - 1
		}
		return
	}
	width, channels := m.shape[1], m.shape[2]
	for row := 0; row < len(pixels); row += width * channels {
		for x := range width {
			from, to := row+x*channels, row+(width-1-x)*channels
			for c := range channels {
				point[to+c] = float32(pixels[from+c])/127.5 - 1
			}
		}
	}
}

// Batch draws n images with replacement: x1 is row-major, shape [n, Dim()]; x0 and
// cond are nil. It panics if n is negative, rng is nil, or the packed file can no
// longer be read or is not what was packed.
func (m *Images) Batch(rng *rand.Rand, n int) (x0, x1, cond []float32) {
	x1, _ = m.draw(rng, n)
	return nil, x1, nil
}

func (m *Images) draw(rng *rand.Rand, n int) (x1 []float32, index []int) {
	checkDraw(m.name, rng, n)
	index, mirror := make([]int, n), make([]bool, n)
	for k := range index {
		index[k] = rng.IntN(m.n)
		mirror[k] = m.flip && rng.IntN(2) == 1
	}
	x1 = make([]float32, n*m.Dim())
	if err := m.read(x1, index, mirror); err != nil {
		panic(err)
	}
	return x1, index
}

// Sample draws n images with replacement for metrics, shape [n, Dim()]; the same
// seed gives the same ones. It panics where Batch does.
func (m *Images) Sample(seed uint64, n int) []float32 {
	x1, _ := m.draw(rand.New(rand.NewPCG(seed, toyStream)), n)
	return x1
}

// Close ends the use of the packed file, where there is one.
func (m *Images) Close() error {
	if m.pack == nil {
		return nil
	}
	return m.pack.close()
}

// LabelledImages are Images with their labels as the condition, for models of
// classes. Make them with Labelled.
type LabelledImages struct{ *Images }

// Labelled gives the images with their labels. It is an error where there are none.
func (m *Images) Labelled() (LabelledImages, error) {
	if m.labels == nil {
		return LabelledImages{}, fmt.Errorf("datasets: %s has no labels", m.name)
	}
	return LabelledImages{m}, nil
}

// MustLabelled is Labelled for notebooks: an error prints one line and ends the
// program.
func (m *Images) MustLabelled() LabelledImages { return must(m.Labelled()) }

// Name is the name and "with labels".
func (l LabelledImages) Name() string { return l.Images.Name() + " with labels" }

// ID identifies the data when an experiment is hashed.
func (l LabelledImages) ID() string { return l.Images.ID() + "-labels" }

// MarshalText gives the ID, so that the data show in a JSON file as it.
func (l LabelledImages) MarshalText() ([]byte, error) { return []byte(l.ID()), nil }

// Classes is the number of classes: labels are 0 to Classes()-1.
func (l LabelledImages) Classes() int { return len(l.names) }

// NullCond stands for "no condition" where training drops it: one class more.
func (l LabelledImages) NullCond() []float32 { return []float32{float32(l.Classes())} }

// Batch is the Batch of Images, with the labels as cond, shape [n].
func (l LabelledImages) Batch(rng *rand.Rand, n int) (x0, x1, cond []float32) {
	x1, index := l.draw(rng, n)
	cond = make([]float32, n)
	for k, i := range index {
		cond[k] = float32(l.labels[i])
	}
	return nil, x1, cond
}
