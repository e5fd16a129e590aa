// Command buildcache stands between the go command and two build caches: one that others share, which is read, and one's own, which is read and written. After `make share` the cells of those who borrow
// the set-up are built with it: what was compiled for all is not compiled again, and each keeps only what is new.
//
//	GOCACHE=OWN GOCACHEPROG="buildcache SHARED" go build
//
// It speaks the protocol of GOCACHEPROG (cmd/go/internal/cacheprog): requests on standard input, answers on standard output, in JSON.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// request is what the go command asks; one to put a body of more than no bytes is followed by the body, a string in base64.
type request struct {
	ID       int64
	Command  string // get, put, close
	ActionID []byte
	OutputID []byte
	BodySize int64
}

type response struct {
	ID            int64      // of the request
	Err           string     `json:",omitempty"`
	KnownCommands []string   `json:",omitempty"` // of the first, which nobody asked for
	Miss          bool       `json:",omitempty"`
	OutputID      []byte     `json:",omitempty"`
	Size          int64      `json:",omitempty"`
	Time          *time.Time `json:",omitempty"`
	DiskPath      string     `json:",omitempty"`
}

func main() {
	own := os.Getenv("GOCACHE")
	if len(os.Args) != 2 || own == "" {
		fmt.Fprintln(os.Stderr, "buildcache: want one folder, the build cache that is shared, and your own in GOCACHE; the go command starts this: GOCACHEPROG")
		os.Exit(2)
	}
	if err := serve(os.Stdin, os.Stdout, folder(own), folder(os.Args[1])); err != nil {
		fmt.Fprintf(os.Stderr, "buildcache: %v\n", err)
		os.Exit(1)
	}
}

// serve answers requests until one says close, or they end.
func serve(in io.Reader, out io.Writer, own, shared folder) error {
	requests, answers := json.NewDecoder(in), json.NewEncoder(out)
	err := answers.Encode(response{KnownCommands: []string{"get", "put", "close"}})
	for err == nil {
		var q request
		if err = requests.Decode(&q); err != nil {
			break
		}
		a := response{ID: q.ID}
		switch q.Command {
		case "get":
			e, found := own.get(q.ActionID)
			if !found {
				e, found = shared.get(q.ActionID)
			}
			if a.Miss = !found; found {
				a.OutputID, a.Size, a.Time, a.DiskPath = e.output, e.size, &e.made, e.path
			}
		case "put":
			var body []byte
			if q.BodySize > 0 {
				if err = requests.Decode(&body); err != nil {
					break
				}
			}
			var failed error
			if a.DiskPath, failed = own.put(q.ActionID, q.OutputID, body, time.Now()); failed != nil {
				a.Err = failed.Error()
			}
		case "close":
			own.trim(time.Now())
			return answers.Encode(a)
		default:
			a.Err = fmt.Sprintf("buildcache: unknown command %q", q.Command)
		}
		if err == nil {
			err = answers.Encode(a)
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
