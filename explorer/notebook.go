package explorer

import (
	"context"
	"fmt"
	"html"
	"strconv"
	"sync"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/comms"
	"github.com/janpfeifer/gonb/gonbui/dom"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// frontEnd is what shows pictures and sends events: a page, or a test.
type frontEnd interface {
	// connect tells whether someone is there.
	connect(ctx context.Context) bool
	// controls shows the sliders; from then on events come from events.
	controls(at setting)
	events() <-chan event
	// show shows a picture in place of the one before.
	show(png []byte, width, height int)
	// note shows a line of text in place of the one before.
	note(text string)
	// close takes the sliders away, and waits until all that was shown has arrived.
	close()
}

// noBrowser says why no browser can answer, as far as the environment tells, or "".
func noBrowser(notebook bool, getenv func(string) string) string {
	switch {
	case !notebook:
		return "not in a notebook"
	case getenv("NB_HEADLESS") != "":
		return "the notebook is run headless"
	case getenv("JPY_SESSION_NAME") == "": // a Jupyter server sets it in the kernels of its notebooks
		return "no Jupyter server has started this kernel"
	}
	return ""
}

// page is the page of a notebook in a browser, reached through GoNB's comms.
type page struct {
	o       Options
	address string        // of the messages that the page sends
	id      string        // of the displays and elements
	hello   chan struct{} // closed when the page has answered
	once    sync.Once
	queue   chan event
	ended   chan struct{}
}

var _ frontEnd = (*page)(nil)

func newPage(o Options) *page {
	id := "explorer-" + gonbui.UniqueId()
	return &page{o: o, address: "/" + id, id: id, hello: make(chan struct{}), queue: make(chan event), ended: make(chan struct{})}
}

const (
	attempts    = 2               // GoNB's comms give up after half a second, which a page on a busy machine may miss
	answerTime  = 2 * time.Second // for the page to say hello, once the kernel has sent it the question
	deliverTime = 3 * time.Second // an interrupted program is killed after five
)

// connect asks the page for a message. GoNB installs its comms in the page first, and waits up to three seconds for that.
func (p *page) connect(ctx context.Context) bool {
	failed := make(chan struct{}) // closed when the last attempt is over
	go func() {
		defer close(failed)
		comms.Subscribe(p.address, p.receive)
		for attempt := range attempts {
			if attempt > 0 {
				comms.Start() // once more
			}
			dom.TransientJavascript(fmt.Sprintf(helloScript, p.address, helloText))
			select {
			case <-p.hello:
				return
			case <-ctx.Done():
				return
			case <-time.After(answerTime):
			}
		}
	}()
	select {
	case <-p.hello:
	case <-failed:
	case <-ctx.Done():
	}
	select {
	case <-p.hello: // whatever else is true by now
		return true
	default:
		return false
	}
}

// receive takes a message of the page. GoNB calls it in a goroutine of its own for each.
func (p *page) receive(_, text string) {
	if text == helloText {
		p.once.Do(func() { close(p.hello) })
		return
	}
	e, err := parseEvent(text, p.o)
	if err != nil {
		return // not from our sliders
	}
	select {
	case p.queue <- e:
	case <-p.ended:
	}
}

func (p *page) events() <-chan event { return p.queue }

// controls draws the sliders. In JupyterLab the arrow keys move them, not the notebook: data-lm-suppress-shortcuts.
func (p *page) controls(at setting) {
	number := func(v float64, s slider) string { return strconv.FormatFloat(v, 'f', s.digits, 64) }
	row := func(name, label string, value float64, s slider) string {
		return fmt.Sprintf(`<label for="%s-%s" style="text-align:right">%s</label>`+
			`<input type="range" data-lm-suppress-shortcuts="true" id="%[1]s-%[2]s" min="%[4]s" max="%[5]s" step="%[6]s" value="%[7]s" style="width:100%%"/>`+
			`<output style="font-family:monospace">%[7]s</output>`,
			p.id, name, label, number(s.low, s), number(s.high, s), number(s.step, s), number(value, s))
	}
	steps := slider{low: float64(p.o.leastSteps()), high: float64(p.o.MaxSteps), step: 1}
	gonbui.UpdateHTML(p.id+"-controls", fmt.Sprintf(
		`<div id="%s" style="display:grid;grid-template-columns:max-content 380px 4em max-content;gap:2px 10px;align-items:center;font-size:13px">`+
			`%s<span></span>%s<span></span>%s<button type="button" data-lm-suppress-shortcuts="true" title="ends the cell; the picture stays">Done</button></div>`, p.id,
		row("gamma1", "γ₁", at.gamma1, sliderOf(p.o.Gamma1)), row("gamma2", "γ₂", at.gamma2, sliderOf(p.o.Gamma2)), row("steps", "steps", float64(at.steps), steps)))
	dom.TransientJavascript(fmt.Sprintf(controlScript, p.id, p.address, doneText))
}

func (p *page) show(png []byte, width, height int) {
	gonbui.SendData(&protocol.DisplayData{
		Data:      map[protocol.MIMEType]any{protocol.MIMEImagePNG: png},
		Metadata:  map[string]any{string(protocol.MIMEImagePNG): map[string]int{"width": width, "height": height}}, // so that nothing jumps while it is decoded
		DisplayID: p.id + "-picture",
	})
}

func (p *page) note(text string) {
	gonbui.UpdateHTML(p.id+"-note", `<div style="font-size:13px">`+html.EscapeString(text)+`</div>`)
}

func (p *page) close() {
	close(p.ended)
	gonbui.UpdateHTML(p.id+"-controls", "")
	done := make(chan struct{})
	go func() { gonbui.Sync(); close(done) }()
	select {
	case <-done:
	case <-time.After(deliverTime):
	}
}

// helloScript sends hello as soon as GoNB's comms are there.
const helloScript = `(() => {
	let left = 100;
	const hello = () => {
		const comm = globalThis.gonb_comm;
		if (comm) comm.send(%q, %q);
		else if (left-- > 0) setTimeout(hello, 50);
	};
	hello();
})();`

// controlScript sends where the sliders stand whenever one moves, and done for the button and for a page that is left.
const controlScript = `(() => {
	const id = %q, address = %q, done = %q;
	let left = 100, number = 0;
	const wire = () => {
		const root = document.getElementById(id);
		if (!root) { if (left-- > 0) setTimeout(wire, 50); return; }
		const send = (text) => globalThis.gonb_comm?.send(address, text);
		const sliders = [...root.querySelectorAll("input")];
		for (const s of sliders) s.addEventListener("input", () => {
			s.nextElementSibling.value = s.value;
			send([++number, ...sliders.map((s) => s.value)].join(" "));
		});
		const button = root.querySelector("button");
		button.addEventListener("click", () => { button.disabled = true; send(done); });
		addEventListener("pagehide", () => { if (root.isConnected) send(done); });
	};
	wire();
})();`
