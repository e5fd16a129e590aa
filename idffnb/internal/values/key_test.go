package values

import (
	"fmt"
	"math"
	"testing"
)

type (
	said   struct{ N int } // has a method that does not say N
	plural int             // a number with a name
	nested struct {
		At   *said
		Any  any
		Of   map[string]*said
		list []float64
	}
	loop struct{ Next *loop }
	able struct{ F func() }
)

func (said) String() string   { return "said" }
func (plural) String() string { return "plural" }

func TestKey(t *testing.T) {
	same := func(a, b any) {
		t.Helper()
		if x, y := Key(a), Key(b); x != y || x == "" {
			t.Errorf("keys %q and %q, want the same", x, y)
		}
	}
	nest := func(n int) nested {
		return nested{At: &said{n}, Any: plural(1), Of: map[string]*said{"a": {1}, "b": {2}, "c": {3}}, list: []float64{1, math.NaN()}}
	}
	same(nest(1), nest(1)) // other pointers to the same
	one := &said{1}
	same(nested{At: one, Of: map[string]*said{"a": one, "b": one}}, nested{At: one, Of: map[string]*said{"b": one, "a": one}})
	ring := &loop{}
	ring.Next = ring
	same(ring, ring)
	same(nil, nil)
	same(able{}, able{})

	all := map[string]any{}
	for _, v := range []any{nil, said{1}, said{2}, &said{1}, plural(1), plural(2), 1, 1., "1", true, nest(1), nest(2), nested{list: []float64{}}, nested{},
		nested{Any: said{1}}, nested{Any: plural(1)}, []any{1, "a b"}, []any{1, "a", "b"}, [1]int8{3}, []uint8{3}, complex(1, 2), ring, &loop{}, math.Copysign(0, -1), 0.,
		map[string]int{}, map[string]int(nil), struct{ N int }{1}} {
		key := Key(v)
		if other, before := all[key]; before || key == "" {
			t.Errorf("%#v has the key %q of %#v", v, key, other)
		}
		all[key] = v
	}

	deep := any(1)
	for range 2 * maxDepth {
		deep = []any{deep}
	}
	itself := []any{nil}
	itself[0] = itself
	for i, v := range []any{able{func() {}}, &nested{Any: able{func() {}}}, make(chan int), map[string]any{"f": fmt.Sprint}, deep, itself} {
		if key := Key(v); key != "" {
			t.Errorf("value %d has the key %q", i, key)
		}
	}
}
