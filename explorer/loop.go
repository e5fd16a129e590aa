package explorer

import (
	"context"
	"fmt"
)

// loop paints what the events of a front end ask for and shows it, until one says done or its context ends.
type loop struct {
	front frontEnd
	paint func(setting) picture
	ahead <-chan int // how many graphs are still to be compiled

	last picture // shown last
	left int     // the last of ahead
}

// run starts from the picture that is shown, and returns the last one. While a picture is painted it goes on taking events; of those that
// came meanwhile only the newest is painted. It does not wait for a picture under way when it ends.
func (l *loop) run(ctx context.Context) picture {
	painted := make(chan picture, 1)
	number, asked := 0, l.last.setting // of the newest event; what is shown or being painted
	var waiting *setting
	busy := false
	for {
		if waiting != nil && !busy {
			busy, asked = true, *waiting
			go func(at setting) { painted <- l.paint(at) }(asked)
			waiting = nil
		}
		select {
		case <-ctx.Done():
			return l.last
		case e := <-l.front.events():
			if e.done {
				return l.last
			}
			if e.number <= number { // a later one has overtaken it
				continue
			}
			number, waiting = e.number, &e.setting
			if e.setting == asked {
				waiting = nil
			}
		case p := <-painted:
			busy = false
			l.show(p)
		case l.left = <-l.ahead:
			if l.left == 0 {
				l.front.note(l.remark())
			}
		}
	}
}

// show shows a picture and a remark, or what went wrong; then the last picture stays.
func (l *loop) show(p picture) {
	if p.err != nil {
		l.front.note(fmt.Sprintf("%v: %v", p.setting, p.err))
		return
	}
	l.last = p
	l.front.show(p.png, p.width, p.height)
	l.front.note(l.remark())
}

// remark is the line under the sliders.
func (l *loop) remark() string {
	text := fmt.Sprintf("%v: sampled and drawn in %.2f s", l.last.setting, l.last.seconds)
	if l.left > 0 {
		text += fmt.Sprintf("; compiling ahead, %d graphs to go: until then a new number of steps may take longer", l.left)
	}
	return text
}
