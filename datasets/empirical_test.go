package datasets

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestFromPoints(t *testing.T) {
	flat := []float32{0, 10, 20, 1, 11, 21, 2, 12, 22, 3, 13, 23}
	e, err := FromPoints("mine", flat, 3)
	if err != nil {
		t.Fatal(err)
	}
	if e.Name() != "mine" || e.Dim() != 3 || e.Len() != 4 {
		t.Errorf("name %q, dim %d, len %d", e.Name(), e.Dim(), e.Len())
	}
	flat[0] = 99 // the caller's array is the caller's
	const n = 40_000
	x := e.Sample(1, n)
	var count [4]int
	for i := 0; i < len(x); i += 3 {
		k := int(x[i])
		if k < 0 || k > 3 || x[i+1] != x[i]+10 || x[i+2] != x[i]+20 {
			t.Fatalf("row %v is none of the points", x[i:i+3])
		}
		count[k]++
	}
	for k, c := range count { // 6 standard errors: false alarm 8e-9
		if math.Abs(float64(c)-n/4) > 6*math.Sqrt(n*3./16) {
			t.Errorf("point %d is drawn %d times of %d", k, c, n)
		}
	}
	if !slices.Equal(x, e.Sample(1, n)) || slices.Equal(x, e.Sample(2, n)) {
		t.Error("the seed does not fix the draws")
	}
	if p := e.Points(1, 5); len(p) != 5 || p[4] != [2]float64{float64(x[12]), float64(x[13])} {
		t.Errorf("Points = %v", p)
	}
	if p := MustFromPoints("line", []float32{7}, 1).Points(1, 2); p[1] != [2]float64{7, 0} {
		t.Errorf("Points of 1-D data = %v", p)
	}
}

func TestEmpiricalID(t *testing.T) {
	base := MustFromPoints("mine", []float32{1, 2, 3, 4}, 2)
	if same := MustFromPoints("mine", []float32{1, 2, 3, 4}, 2); same.ID() != base.ID() {
		t.Errorf("equal data have IDs %s and %s", base.ID(), same.ID())
	}
	for what, other := range map[string]*Empirical{
		"value": MustFromPoints("mine", []float32{1, 2, 3, 5}, 2),
		"order": MustFromPoints("mine", []float32{3, 4, 1, 2}, 2),
		"dim":   MustFromPoints("mine", []float32{1, 2, 3, 4}, 1),
		"name":  MustFromPoints("yours", []float32{1, 2, 3, 4}, 2),
	} {
		if other.ID() == base.ID() {
			t.Errorf("another %s has the same ID %s", what, base.ID())
		}
	}
	if b, err := json.Marshal(base); err != nil || string(b) != `"`+base.ID()+`"` {
		t.Errorf("JSON is %s, %v", b, err)
	}
	// sha256(struct.pack("<Q4f", 2, 1, 2, 3, 4)) in Python. The ID is part of the names of run folders: keep it.
	if want := "mine-505b472dd12f5541"; base.ID() != want {
		t.Errorf("ID %s, want %s", base.ID(), want)
	}
}

func TestFromPointsRefuses(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(-1))
	for _, c := range []struct {
		name   string
		points []float32
		dim    int
		want   string
	}{
		{"", []float32{1}, 1, "name is empty"},
		{"a", []float32{1}, 0, "dim is 0"},
		{"a", []float32{1}, -2, "dim is -2"},
		{"a", nil, 2, "no points"},
		{"a", []float32{1, 2, 3}, 2, "3 values are not whole rows of 2; the last row has 1"},
		{"a", []float32{1, 2, 3, nan}, 2, "row 1, column 1 (counted from 0) is NaN"},
		{"a", []float32{1, 2, inf, 4, nan, 6}, 2, "row 1, column 0 (counted from 0) is -Inf"},
	} {
		e, err := FromPoints(c.name, c.points, c.dim)
		if e != nil || err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("FromPoints(%q, %v, %d) = %v, %v; want an error with %q", c.name, c.points, c.dim, e, err, c.want)
		}
	}
}
