package unpickle

import (
	"errors"
	"fmt"
)

// ErrRefused is wrapped by the error about a file that asks for what only a
// program could give: a call, or more memory than its size accounts for.
var ErrRefused = errors.New("refused")

func refused(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrRefused, fmt.Errorf(format, args...))
}

// A Reader reads pickles. Only Budget is needed.
type Reader struct {
	Budget     *Budget                   // what may still be taken, for all pickles of a file
	Calls      map[Global]Call           // functions, beside those of Python's own library, whose results are known
	Persistent func(id any) (any, error) // gives what a persistent id stands for
	Advice     string                    // how to save the file instead, a sentence of errors that refuse it
	Latin1     bool                      // a str of Python 2 that is no UTF-8 is kept as []byte; without, as text with marks for what is lost
}

// A Stateful value, made by a Call, takes the state that BUILD gives an object.
type Stateful interface{ SetState(state any) error }
