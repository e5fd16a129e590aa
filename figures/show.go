package figures

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// delivery is how long Show waits for the notebook to have taken its figures.
var delivery = 10 * time.Second

// notes is where Show says that there is no notebook.
var notes io.Writer = os.Stderr

// Show draws each item and displays it, in order, as output of the notebook
// cell that runs. An animated figure shows its GIF and, under it, the film
// strip as a PNG, which is also seen where animations are not.
//
// Outside a notebook it displays nothing and says so in one line.
func Show(items ...Drawer) error {
	if len(items) == 0 {
		return errors.New("figures: Show: no figure given")
	}
	figs := make([]*Figure, len(items))
	for i, it := range items {
		if it == nil {
			return fmt.Errorf("figures: Show: figure %d is nil", i)
		}
		f, err := it.Draw()
		if err != nil {
			return err
		}
		figs[i] = f
	}
	if !gonbui.IsNotebook {
		fmt.Fprintf(notes, "figures: not in a notebook: %d figure(s) not shown; use Save(path) to write a file\n", len(figs))
		return nil
	}
	for _, f := range figs {
		data, err := f.PNG()
		if err != nil {
			return err
		}
		if f.anim != nil {
			gonbui.DisplayHTML(`<img alt="animation" src="data:image/gif;base64,` +
				base64.StdEncoding.EncodeToString(f.anim) + `"/>`)
		}
		gonbui.DisplayPng(data)
	}
	deliver()
	if err := gonbui.Error(); err != nil {
		return fmt.Errorf("figures: Show: the notebook did not take the figure: %w", err)
	}
	return nil
}

// Update draws an item and displays it in the one place that belongs to a name in the notebook cell that runs: the first time as output, then in place of what was there. So a cell
// can show how something becomes better as it works, and leaves its last state behind; idffnb.Watch is for that. An animated figure shows its film strip.
//
// Outside a notebook it displays nothing, and says nothing.
func Update(name string, item Drawer) error {
	if item == nil {
		return fmt.Errorf("figures: Update %q: the figure is nil", name)
	}
	f, err := item.Draw()
	if err != nil {
		return err
	}
	if !gonbui.IsNotebook {
		return nil
	}
	data, err := f.PNG()
	if err != nil {
		return err
	}
	gonbui.SendData(&protocol.DisplayData{Data: map[protocol.MIMEType]any{protocol.MIMEImagePNG: data}, DisplayID: displayID(name)})
	deliver()
	if err := gonbui.Error(); err != nil {
		return fmt.Errorf("figures: Update %q: the notebook did not take the figure: %w", name, err)
	}
	return nil
}

// MustUpdate is [Update] for notebooks: on an error it prints one line and ends
// the program, that is, the cell.
func MustUpdate(name string, item Drawer) {
	if err := Update(name, item); err != nil {
		exit(err)
	}
}

// displays are the places of Update, by name: each cell is a program, and has its own.
var displays sync.Map

func displayID(name string) string {
	id, _ := displays.LoadOrStore(name, "figure-"+gonbui.UniqueId())
	return id.(string)
}

// deliver waits until the kernel has read what was sent: it stops reading when
// the cell's program ends, and a figure shown last could be lost.
func deliver() {
	done := make(chan struct{})
	go func() {
		gonbui.Sync()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(delivery):
	}
}

// MustShow is [Show] for notebooks: on an error it prints one line and ends
// the program, that is, the cell.
func MustShow(items ...Drawer) {
	if err := Show(items...); err != nil {
		exit(err)
	}
}

// Must draws d; on an error it prints one line and ends the program.
func Must(d Drawer) *Figure {
	if d == nil {
		exit(errors.New("figures: Must: nil"))
	}
	f, err := d.Draw()
	if err != nil {
		exit(err)
	}
	return f
}

// exit is a variable so that tests can see what Must prints.
var exit = func(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
