package feature

import (
	"fmt"
	"math/rand/v2"

	"github.com/idff-go/workbench/idffnb/metric"
)

// Scorer compares samples with real images in the features of a network, as an idffnb.Judge's Scorer. Its scores are
//
//	FID         metric.Moments.Frechet of the samples and of all of Real. It falls with the number of samples: compare equal numbers, and with the floor.
//	KID         metric.KIDBlocks against as many images of Real; its mean does not depend on the number, and may be below 0.
//	precision   share of the samples within the real images' neighbourhoods, of as many images of Real (metric.PrecisionRecall); higher is better
//	recall      the other way round; higher is better
//
// each named after the network, "FID, own Fashion-MNIST features"; plain "FID" stands for FID's own Inception-v3 alone. Samples are first rounded to the 256 levels of an image file, to the bytes that datasets.WriteImages writes for other programs (docs/scores.md).
//
// What real images are compared with matters: a network has learned those it was trained on by heart to some degree, and a flow may have. Take for Real and Fresh images that neither has seen.
type Scorer struct {
	Net        Network
	Real       Images // what samples are compared with
	Fresh      Images // other real images, for the floor
	Neighbours int    // k of precision and recall; 0: 3. Both clouds must have more images
	Block      int    // images of a block of KID; 0: all
}

// Scores lists the names of the scores of a network: FID, KID, precision, recall.
func Scores(n Network) []string {
	names := []string{"FID", "KID", "precision", "recall"}
	if n.Name() != "" {
		for i := range names {
			names[i] += ", " + n.Name()
		}
	}
	return names
}

// ID implements idffnb.Scorer.
func (s Scorer) ID() string {
	fresh := "nothing"
	if s.Fresh != nil {
		fresh = s.Fresh.ID()
	}
	if s.Net == nil || s.Real == nil { // which Score refuses
		return "feature scores of nothing"
	}
	return fmt.Sprintf("feature scores 1 by %s against %s, floor %s, %d neighbours, blocks of %d", s.Net.ID(), s.Real.ID(), fresh, s.Neighbours, s.Block)
}

// Score implements idffnb.Scorer; the seed chooses the images of Real that KID, precision and recall compare with.
func (s Scorer) Score(x []float32, dim int, seed uint64) (map[string]float64, error) {
	if s.Net == nil || s.Real == nil {
		return nil, fmt.Errorf("feature: a Scorer needs a network, Net, and real images, Real")
	}
	if want := valuesOf(s.Net.Shape()); dim != want || len(x) == 0 || len(x)%dim != 0 {
		return nil, fmt.Errorf("feature: scores of %d values as images of %d: %s takes images of %d", len(x), dim, s.Net.ID(), want)
	}
	orDefault(&s.Neighbours, 3)
	if k, n := s.Neighbours, min(len(x)/dim, s.Real.Len()); k < 1 || n <= k {
		return nil, fmt.Errorf("feature: precision and recall look at the %d nearest others of each image, and there are %d samples and %d images of Real: want Neighbours of 1 or more, and more images of either", k, len(x)/dim, s.Real.Len())
	}
	images, err := pictured(x)
	if err != nil {
		return nil, err
	}
	real, err := StatisticsOf(s.Net, s.Real)
	if err != nil {
		return nil, err
	}
	features, err := s.Net.Features(images)
	if err != nil {
		return nil, err
	}
	moments, err := metric.NewMoments(features, real.Size)
	if err != nil {
		return nil, err
	}
	fid, err := moments.Frechet(real.Moments)
	if err != nil {
		return nil, err
	}
	n, all := len(x)/dim, len(real.Features)/real.Size
	some := rows(real.Features, real.Size, rand.New(rand.NewPCG(seed, 1)).Perm(all)[:min(n, all)])
	orDefault(&s.Block, min(n, all))
	kid, err := metric.KIDBlocks(features, some, real.Size, s.Block)
	if err != nil {
		return nil, err
	}
	precision, recall, err := metric.PrecisionRecall(features, some, real.Size, s.Neighbours)
	if err != nil {
		return nil, err
	}
	scores := map[string]float64{}
	for i, name := range Scores(s.Net) {
		scores[name] = []float64{fid, kid.Mean, precision, recall}[i]
	}
	return scores, nil
}

// Floor implements idffnb.Scorer: the scores of n images of Fresh, drawn by the seed, none twice.
func (s Scorer) Floor(n, dim int, seed uint64) (map[string]float64, error) {
	if s.Fresh == nil || n > s.Fresh.Len() {
		have := 0
		if s.Fresh != nil {
			have = s.Fresh.Len()
		}
		return nil, fmt.Errorf("feature: the floor of %d images: Fresh has %d; give a Scorer as many other real images", n, have)
	}
	x, err := s.Fresh.At(rand.New(rand.NewPCG(seed, 2)).Perm(s.Fresh.Len())[:n]...)
	if err != nil {
		return nil, err
	}
	return s.Score(x, dim, seed)
}
