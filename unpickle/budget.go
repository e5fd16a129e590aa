package unpickle

// A Budget is the memory, in bytes, that may still be asked for. A file of n
// bytes starts with NewBudget(n).
type Budget struct{ left int }

// NewBudget is the budget of a file of so many bytes: 16 MiB and eight times its size.
func NewBudget(size int) *Budget { return &Budget{16<<20 + 8*size} }

// Take pays for n bytes. Its error wraps ErrRefused.
func (b *Budget) Take(n int) error {
	if n < 0 || n > b.left {
		return refused("reading it would take far more memory than the file's size accounts for")
	}
	b.left -= n
	return nil
}

// What values take at most, roughly, with the stack's and the memo's place for them.
const (
	itemSize = 48
	boxSize  = 160
)
