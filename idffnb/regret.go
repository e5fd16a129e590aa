package idffnb

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Regret is a Markdown table of what it costs to have chosen a sampler before seeing the results: rows are samplers, in the order given, columns
// are true costs in forward-equivalents. Each study, such as a network, holds the reports of each sampler. Within a study those of equal cost compete, and a sampler's regret
// there is its mean of the metric over the least mean; the table gives the geometric mean over the studies. 1 is best everywhere, 2 is twice the best.
// It is empty where a sampler has no report of that cost in every study, or where the least mean is not above 0.
func Regret(metric string, samplers []string, studies ...map[string][]*Report) string {
	var costs []float64
	for _, study := range studies {
		for _, reports := range study {
			for _, r := range reports {
				costs = append(costs, r.Cost.Equivalents)
			}
		}
	}
	slices.Sort(costs)
	costs = slices.Compact(costs)

	var b strings.Builder
	fmt.Fprintf(&b, "| %s over the best |", metric)
	for _, cost := range costs {
		fmt.Fprintf(&b, " %g |", cost)
	}
	b.WriteString("\n|---|" + strings.Repeat("--:|", len(costs)) + "\n")
	for _, name := range samplers {
		b.WriteString("| " + name)
		for _, cost := range costs {
			if v := regret(metric, name, cost, studies); math.IsNaN(v) {
				b.WriteString(" | ")
			} else {
				fmt.Fprintf(&b, " | %.2f", v)
			}
		}
		b.WriteString(" |\n")
	}
	fmt.Fprintf(&b, "\n*Columns: cost in forward-equivalents. Geometric mean over %d networks or sets.*\n", len(studies))
	return b.String()
}

// regret is a cell of Regret, NaN where it is empty.
func regret(metric, name string, cost float64, studies []map[string][]*Report) float64 {
	sum := 0.
	for _, study := range studies {
		mine, least := math.NaN(), math.Inf(1)
		for other, reports := range study {
			for _, r := range reports {
				if r.Cost.Equivalents != cost {
					continue
				}
				mean := r.Mean(metric)
				if other == name {
					mine = mean
				}
				if mean < least { // not NaN
					least = mean
				}
			}
		}
		sum += math.Log(mine / least)
		if !(least > 0) {
			return math.NaN()
		}
	}
	return math.Exp(sum / float64(len(studies)))
}
