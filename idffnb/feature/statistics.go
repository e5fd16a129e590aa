package feature

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/idff-go/workbench/idffnb/checkpoint"
	"github.com/idff-go/workbench/idffnb/metric"
)

// Statistics are what a network says of real images.
type Statistics struct {
	Moments  *metric.Moments // of all images
	Features []float32       // of some of them in random order, all where they are few: [rows, size]
	Size     int
}

// mostRows is how many images' features are kept beside the moments.
const mostRows = 20_000

// StatisticsOf describes all images of a set by the network. They are kept in the network's folder, under a hash of network and data, and read again from there. It fails on images of another
// shape than the network takes, on fewer than 2, and where a file cannot be read or written; a damaged one is made anew.
func StatisticsOf(n Network, images Images) (*Statistics, error) {
	fail := func(err error) (*Statistics, error) {
		return nil, fmt.Errorf("feature: statistics of %s: %w", images.Name(), err)
	}
	if images.Shape() != n.Shape() {
		return fail(fmt.Errorf("the images have shape %v, and %s takes %v", images.Shape(), n.ID(), n.Shape()))
	}
	if images.Len() < 2 {
		return fail(fmt.Errorf("there are %d images, want at least 2", images.Len()))
	}
	key := "1; " + n.ID() + "; " + images.ID() // the number changes when the meaning does
	sum := sha256.Sum256([]byte(key))
	path := filepath.Join(n.Dir(), fmt.Sprintf("statistics-%x.safetensors", sum[:8]))
	found, err := readStatistics(path, key, n.Size(), images.Len())
	switch {
	case err == nil:
		return found, nil
	case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, checkpoint.ErrCorrupt):
		return fail(err)
	}
	var all []float32
	err = inBlocks(images, func(_ int, x []float32) error {
		f, err := n.Features(x)
		all = append(all, f...)
		return err
	})
	if err != nil {
		return fail(err)
	}
	s := &Statistics{Size: n.Size()}
	if s.Moments, err = metric.NewMoments(all, s.Size); err != nil {
		return fail(err)
	}
	order := rand.New(rand.NewPCG(0, 0)).Perm(images.Len())
	s.Features = rows(all, s.Size, order[:min(len(order), mostRows)])
	if err := os.MkdirAll(n.Dir(), 0o777); err != nil {
		return fail(err)
	}
	if err := checkpoint.Write(path, []checkpoint.Tensor{
		checkpoint.New("mean", s.Moments.Mean, s.Size), checkpoint.New("cov", s.Moments.Cov, s.Size, s.Size), checkpoint.New("features", s.Features, len(s.Features)/s.Size, s.Size),
	}, map[string]string{"of": key}); err != nil {
		return fail(err)
	}
	return s, nil
}

// readStatistics reads what StatisticsOf has written for n images under a key; a file of anything else counts as damaged.
func readStatistics(path, key string, size, n int) (*Statistics, error) {
	tensors, meta, err := checkpoint.Read(path)
	if err != nil {
		return nil, err
	}
	s := &Statistics{Moments: &metric.Moments{N: n}, Size: size}
	for _, t := range tensors {
		switch t.Name {
		case "mean":
			s.Moments.Mean, err = checkpoint.Values[float64](t)
		case "cov":
			s.Moments.Cov, err = checkpoint.Values[float64](t)
		case "features":
			s.Features, err = checkpoint.Values[float32](t)
		}
		if err != nil {
			break
		}
	}
	if err != nil || meta["of"] != key || len(s.Moments.Mean) != size || len(s.Moments.Cov) != size*size || len(s.Features) != min(n, mostRows)*size {
		return nil, fmt.Errorf("%s holds no statistics of %s: %w", path, key, checkpoint.ErrCorrupt)
	}
	return s, nil
}

// rows are some rows of x [n, size], in the order of index.
func rows(x []float32, size int, index []int) []float32 {
	out := make([]float32, 0, len(index)*size)
	for _, i := range index {
		out = append(out, x[i*size:(i+1)*size]...)
	}
	return out
}
