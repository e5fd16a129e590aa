package explorer

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/idff-go/workbench/figures"
	"github.com/idff-go/workbench/idffnb"
	"github.com/janpfeifer/gonb/gonbui"
)

// Gamma shows sliders for gamma_1, gamma_2 and the number of steps, and under them the samples of IDFF, their density and their true cost
// beside those of CFM with as many steps, all from the same start points. It returns when the button Done or the notebook's interrupt
// button is pressed, or the page is left; the last picture stays. Moving the sliders keeps nothing in the run folder.
//
// Where no browser answers (see the package's documentation), it shows the figure of Grid instead and returns.
func Gamma(run *idffnb.Run, o Options) error {
	o, err := prepare(run, o)
	if err != nil {
		return err
	}
	s := newSampler(run, o)
	why := noBrowser(gonbui.IsNotebook, os.Getenv)
	if why == "" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		answered, err := s.live(ctx, newPage(o))
		if answered || err != nil || ctx.Err() != nil {
			return err
		}
		stop()
		why = "no page has answered (none can behind HTTPS or a base URL, such as JupyterHub's)"
	}
	fig, err := s.grid()
	if err != nil {
		return err
	}
	fmt.Printf("%s: a grid in place of the sliders, which come where the cell is run in JupyterLab\n", why)
	return figures.Show(fig)
}

// must ends the cell on an error; tests replace it.
var must = idffnb.Must

// MustGamma is Gamma for notebooks.
func MustGamma(run *idffnb.Run, o Options) { must(Gamma(run, o)) }

// live explores with a front end until it is done or ctx ends. It tells whether the front end has answered; only then anything was shown.
func (s *sampler) live(ctx context.Context, front frontEnd) (answered bool, err error) {
	if !front.connect(ctx) {
		return false, nil
	}
	painted := make(chan picture, 1)
	go func() { painted <- s.paint(s.o.start()) }()
	var first picture
	select {
	case first = <-painted:
	case <-ctx.Done():
		return true, nil
	}
	if first.err != nil {
		return true, first.err
	}
	ahead := make(chan int)
	compiling, cancel := context.WithCancel(ctx)
	defer cancel()
	go s.compileAhead(compiling, ahead)
	l := &loop{front: front, paint: s.paint, ahead: ahead, left: len(s.graphs())}
	front.controls(first.setting)
	l.show(first)
	last := l.run(ctx)
	data, err := last.figure.PNG() // smaller, for the notebook's file
	if err == nil {
		front.show(data, last.width, last.height)
	}
	front.note("Last setting: " + last.setting.String() + ". Run the cell again to move the sliders.")
	front.close()
	return true, err
}
