package metric

import (
	"fmt"
	"testing"
)

func BenchmarkMetric(b *testing.B) {
	for _, c := range []struct {
		n     int
		names []string
	}{{2048, Names()}, {10_000, []string{"mmd2", "sliced-w2"}}} {
		x, y := normal(c.n, 2, 0, 1, 1), normal(c.n, 2, .1, 1, 2)
		for _, name := range c.names {
			m, err := ByName(name)
			if err != nil {
				b.Fatal(err)
			}
			b.Run(fmt.Sprintf("%s/%d", name, c.n), func(b *testing.B) {
				for b.Loop() {
					if _, err := m.Compare(x, y, 2); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
	x, y := normal(2048, 2, 0, 1, 1), normal(1536, 2, .1, 1, 2)
	b.Run("w2/2048x1536", func(b *testing.B) {
		for b.Loop() {
			if _, err := W2(x, y, 2); err != nil {
				b.Fatal(err)
			}
		}
	})
}
