package datasets

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
)

// BetaPlane makes synthetic maps of temperature: turbulent eddies of a
// barotropic ocean on a beta-plane stir water that is warm in the south and cold
// in the north. It is no ocean, but its fronts and eddies move as those of a map
// of sea-surface temperature do, and there may be as many samples as it takes to
// show skill. Zero values of the fields are the standard set, 10 trajectories x
// 200 days x 60 x 60.
//
// The streamfunction psi and the temperature T = T0(y) + T' of a channel, periodic
// in x, with walls at y = 0 and y = Ly where psi = 0 and T' = 0, follow
//
//	d zeta/dt = -J(psi, zeta) - beta d psi/dx - r zeta - nu D^2 zeta + F,   zeta = D psi
//	d T'/dt   = -J(psi, T') - (d psi/dx) dT0/dy - T'/tau - nu D^2 T'
//
// with D the Laplacian and J(a, b) = a_x b_y - a_y b_x (Vallis, Atmospheric and
// Oceanic Fluid Dynamics, 2nd ed. 2017, sections 5.2 and 11.2). F is random in
// waves of 5 to 8 half wavelengths along the channel's width, each an
// Ornstein-Uhlenbeck process: of the future only a distribution is knowable, even
// for one who knows all of the present.
//
//	grid spacing dx         25 km (Ly = 61 dx, Lx = 60 dx)
//	beta                    2e-11 1/(m s)
//	drag r                  1/(30 days)
//	relaxation tau          60 days
//	biharmonic friction nu  dx^4/64 per 12 hours
//	forcing F               memory 3 days, root mean square 1e-11 1/s^2
//	T0                      29 °C at the southern wall to 17 °C at the northern
//	step                    3 hours; 150 days run before the first frame
//
// The Jacobian is Arakawa's, which keeps energy and enstrophy, and T' squared, in
// space (Arakawa, J. Comput. Phys. 1, 1966); time steps are of Adams-Bashforth
// order 3; the Poisson equation is solved exactly on the grid. Northward velocity
// has a root mean square of 0.3 m/s, T' of 1.5 °C; the map of yesterday is off by
// 0.5 °C, that of 4 days ago as far as climatology.
//
// The standard set takes 12 s of one core, and memory of 29 MB; command betaplane
// writes it to a file. Trajectory i is a function of Seed and i alone. Since the
// flow is chaotic, processors that round differently give other trajectories of
// the same distribution.
type BetaPlane struct {
	Trajectories int     // 0: 10
	Frames       int     // of each; 0: 200
	Size         int     // pixels along a side; 0: 60, and even
	Days         float64 // between frames, a multiple of 1/8; 0: 1
	Seed         uint64
}

// The parameters of the flow, in metres and seconds.
const (
	bpDay     = 86400.
	bpSpacing = 25e3
	bpBeta    = 2e-11
	bpDrag    = 1 / (30 * bpDay)
	bpRelax   = 1 / (60 * bpDay)
	bpSmooth  = bpSpacing * bpSpacing * bpSpacing * bpSpacing / 64 / (.5 * bpDay)
	bpMemory  = 3 * bpDay
	bpForce   = 1e-11
	bpSouth   = 29.
	bpNorth   = 17.
	bpStep    = bpDay / 8
	bpSpinUp  = 150 * 8 // steps
	bpLow     = 5
	bpHigh    = 8
	bpStream  = 0x62706c616e65
)

func (b BetaPlane) withDefaults() BetaPlane {
	if b.Trajectories == 0 {
		b.Trajectories = 10
	}
	if b.Frames == 0 {
		b.Frames = 200
	}
	if b.Size == 0 {
		b.Size = 60
	}
	if b.Days == 0 {
		b.Days = 1
	}
	return b
}

func (b BetaPlane) check() error {
	steps := b.Days * bpDay / bpStep
	switch {
	case b.Trajectories < 1 || b.Frames < 1:
		return fmt.Errorf("datasets: BetaPlane: %d trajectories of %d frames; want 1 or more of each", b.Trajectories, b.Frames)
	case b.Size < 16 || b.Size > 512 || b.Size%2 != 0:
		return fmt.Errorf("datasets: BetaPlane: maps of %d pixels along a side; want an even number from 16 to 512", b.Size)
	case !(steps >= 1 && steps <= 1<<16) || steps != math.Trunc(steps):
		return fmt.Errorf("datasets: BetaPlane: frames every %g days; want a multiple of 1/8 day", b.Days)
	case b.Trajectories > maxSST/b.Frames/b.Size/b.Size:
		return fmt.Errorf("datasets: BetaPlane: %d x %d maps of %d x %d take more than 4 GiB", b.Trajectories, b.Frames, b.Size, b.Size)
	}
	return nil
}

// Maps runs the trajectories, on all cores. It is an error if a field is out of
// range or there is too little memory.
func (b BetaPlane) Maps() (*Maps, error) {
	b = b.withDefaults()
	if err := b.check(); err != nil {
		return nil, err
	}
	n := b.Size
	if err := room("datasets: BetaPlane", 4*int64(b.Trajectories)*int64(b.Frames)*int64(n*n)); err != nil {
		return nil, err
	}
	m := &Maps{Series: b.Trajectories, Frames: b.Frames, Height: n, Width: n, Unit: "°C", Notes: []string{"synthetic"}, name: "betaplane"}
	m.Values = make([]float32, m.Series*m.Frames*m.Size())
	var group sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for s := range m.Series {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			f := newBetaFlow(n, b.Seed, uint64(s))
			for range bpSpinUp {
				f.step()
			}
			for k := range m.Frames {
				f.temperature(m.Frame(s, k))
				for range int(b.Days * bpDay / bpStep) {
					f.step()
				}
			}
		})
	}
	group.Wait()
	return m, nil
}

// MustMaps is Maps for notebooks: an error prints one line and ends the program.
func (b BetaPlane) MustMaps() *Maps { return must(b.Maps()) }

// betaFlow is the state of one trajectory. Fields are [row][column], row 0 one
// spacing north of the southern wall; beyond a wall everything is odd.
type betaFlow struct {
	n               int
	zeta, warm, psi []float64    // warm is T'
	past            [2][]float64 // tendencies of zeta and T' one and two steps ago, newest first
	steps           int
	poisson         *poisson
	force           *ringForce
	work            [3][]float64
}

func newBetaFlow(n int, seed, trajectory uint64) *betaFlow {
	rng := rand.New(rand.NewPCG(seed^bpStream, trajectory))
	f := &betaFlow{n: n, zeta: make([]float64, n*n), warm: make([]float64, n*n), psi: make([]float64, n*n), poisson: newPoisson(n, bpSpacing), force: newRingForce(n, rng)}
	for i := range f.past {
		f.past[i] = make([]float64, 2*n*n)
	}
	for i := range f.work {
		f.work[i] = make([]float64, n*n)
	}
	return f
}

// temperature writes T of the present.
func (f *betaFlow) temperature(out []float32) {
	for i, v := range f.warm {
		y := float64(i/f.n+1) / float64(f.n+1)
		out[i] = float32(bpSouth + (bpNorth-bpSouth)*y + v)
	}
}

// step goes bpStep ahead by Adams-Bashforth of order 3, of lower order at first.
func (f *betaFlow) step() {
	now := f.tendency()
	a, b, c := 23./12, -16./12, 5./12
	switch f.steps {
	case 0:
		a, b, c = 1, 0, 0
	case 1:
		a, b, c = 3./2, -1./2, 0
	}
	for i := range f.zeta {
		j := i + len(f.zeta)
		f.zeta[i] += bpStep * (a*now[i] + b*f.past[0][i] + c*f.past[1][i])
		f.warm[i] += bpStep * (a*now[j] + b*f.past[0][j] + c*f.past[1][j])
	}
	f.past[0], f.past[1] = now, f.past[0]
	f.steps++
}

// tendency is the right-hand side, zeta's then T's. It takes the memory of the
// tendency before last but one, which is not needed again.
func (f *betaFlow) tendency() []float64 {
	n := f.n
	f.poisson.solve(f.psi, f.zeta)
	out := make([]float64, 2*n*n)
	curl, warming := out[:n*n], out[n*n:]
	arakawa(curl, f.psi, f.zeta, n, bpSpacing)
	arakawa(warming, f.psi, f.warm, n, bpSpacing)
	smoothZeta, smoothWarm, force := f.work[0], f.work[1], f.work[2]
	biharmonic(smoothZeta, f.zeta, n, bpSpacing)
	biharmonic(smoothWarm, f.warm, n, bpSpacing)
	f.force.next(force)
	gradient := (bpNorth - bpSouth) / (float64(n+1) * bpSpacing)
	for j := range n {
		for i := range n {
			k := j*n + i
			v := (f.psi[j*n+(i+1)%n] - f.psi[j*n+(i+n-1)%n]) / (2 * bpSpacing) // northward
			curl[k] = -curl[k] - bpBeta*v - bpDrag*f.zeta[k] - bpSmooth*smoothZeta[k] + force[k]
			warming[k] = -warming[k] - gradient*v - bpRelax*f.warm[k] - bpSmooth*smoothWarm[k]
		}
	}
	return out
}

// ringForce is the random forcing: waves sin(m pi y/Ly) cos and sin(2 pi k x/Lx) with
// bpLow <= sqrt(m^2 + (2k)^2) < bpHigh+1, each amplitude an Ornstein-Uhlenbeck process.
type ringForce struct {
	n       int
	rng     *rand.Rand
	waves   [][2]int     // k, m
	amount  [][2]float64 // of cos and sin
	columns [][2][]float64
	rows    [][]float64
	scale   float64
	keep    float64
}

func newRingForce(n int, rng *rand.Rand) *ringForce {
	f := &ringForce{n: n, rng: rng, keep: math.Exp(-bpStep / bpMemory)}
	for k := range bpHigh/2 + 1 {
		for m := 1; m <= bpHigh; m++ {
			if size := math.Hypot(float64(m), 2*float64(k)); size >= bpLow && size < bpHigh+1 {
				f.waves = append(f.waves, [2]int{k, m})
				f.amount = append(f.amount, [2]float64{rng.NormFloat64(), rng.NormFloat64()})
			}
		}
	}
	for k := range bpHigh/2 + 1 {
		wave := [2][]float64{make([]float64, n), make([]float64, n)}
		for i := range n {
			wave[1][i], wave[0][i] = math.Sincos(2 * math.Pi * float64(k*i) / float64(n))
		}
		f.columns = append(f.columns, wave)
	}
	for m := range bpHigh + 1 {
		row := make([]float64, n)
		for j := range n {
			row[j] = math.Sin(math.Pi * float64(m*(j+1)) / float64(n+1))
		}
		f.rows = append(f.rows, row)
	}
	f.scale = bpForce * math.Sqrt(2/float64(len(f.waves))) // a wave's mean square is 1/4 for each of cos and sin
	return f
}

// next writes the forcing and goes a step ahead.
func (f *ringForce) next(out []float64) {
	clear(out)
	n := f.n
	for w, km := range f.waves {
		cos, sin := f.columns[km[0]][0], f.columns[km[0]][1]
		for j, y := range f.rows[km[1]] {
			a, b := f.scale*y*f.amount[w][0], f.scale*y*f.amount[w][1]
			row := out[j*n : (j+1)*n]
			for i := range row {
				row[i] += a*cos[i] + b*sin[i]
			}
		}
		for c := range f.amount[w] {
			f.amount[w][c] = f.keep*f.amount[w][c] + math.Sqrt(1-f.keep*f.keep)*f.rng.NormFloat64()
		}
	}
}

// Cached is Maps, kept in a folder, "" for betaplane in $IDFF_DATA or, without it or where it may not be written, the user's cache: a file there whose name has a hash of all
// parameters is read, in a fraction of a second, or written. A cell of a notebook
// is a program of its own and would run the flow anew.
func (b BetaPlane) Cached(dir string) (*Maps, error) {
	b = b.withDefaults()
	if err := b.check(); err != nil {
		return nil, err
	}
	dirs := []string{dir}
	if dir == "" {
		home, err := dataHome("betaplane")
		if err != nil {
			return nil, err
		}
		dirs[0] = home
		if cache, err := os.UserCacheDir(); err == nil && os.Getenv(DataVariable) != "" { // others may share that folder, which may not be written then
			dirs = append(dirs, filepath.Join(cache, "idff", "betaplane"))
		}
	}
	key := fmt.Sprint(b, bpSpacing, bpBeta, bpDrag, bpRelax, bpSmooth, bpMemory, bpForce, bpSouth, bpNorth, bpStep, bpSpinUp, bpLow, bpHigh)
	sum := sha256.Sum256([]byte(key))
	name := "betaplane-" + hex.EncodeToString(sum[:5]) + ".npy"
	for _, dir := range dirs {
		if m, err := ReadMaps(filepath.Join(dir, name)); err == nil && m.Series == b.Trajectories && m.Frames == b.Frames && m.Height == b.Size {
			m.name, m.Unit, m.Notes = "betaplane", "°C", []string{"synthetic"}
			return m, nil
		}
	}
	m, err := b.Maps()
	if err != nil {
		return nil, err
	}
	for _, dir := range dirs {
		if err = m.SaveNPY(filepath.Join(dir, name)); err == nil {
			break
		}
	}
	return m, err
}

// MustCached is Cached for notebooks: an error prints one line and ends the program.
func (b BetaPlane) MustCached(dir string) *Maps { return must(b.Cached(dir)) }
