package figures

// FarthestPoints returns the indices of k points that lie far from each other:
// first the point nearest to the mean, then each time the point farthest from
// all chosen so far (T. Gonzalez, "Clustering to minimize the maximum
// intercluster distance", 1985). Ties go to the lower index. It returns all
// indices if there are at most k points.
func FarthestPoints(points [][2]float64, k int) []int {
	n := len(points)
	if k > n {
		k = n
	}
	if k <= 0 {
		return nil
	}
	var m [2]float64
	for _, p := range points {
		m[0] += p[0] / float64(n)
		m[1] += p[1] / float64(n)
	}
	d2 := func(a, b [2]float64) float64 {
		x, y := a[0]-b[0], a[1]-b[1]
		return x*x + y*y
	}
	first := 0
	for i, p := range points {
		if d2(p, m) < d2(points[first], m) {
			first = i
		}
	}
	chosen := []int{first}
	taken := make([]bool, n)
	taken[first] = true
	dist := make([]float64, n)
	for i, p := range points {
		dist[i] = d2(p, points[first])
	}
	for len(chosen) < k {
		far := -1
		for i := range points {
			if !taken[i] && (far < 0 || dist[i] > dist[far]) {
				far = i
			}
		}
		chosen = append(chosen, far)
		taken[far] = true
		for i, p := range points {
			dist[i] = min(dist[i], d2(p, points[far]))
		}
	}
	return chosen
}
