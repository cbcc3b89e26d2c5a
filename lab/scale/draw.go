package main

import (
	"math"
	"math/rand/v2"
)

// dice draws from a seed.
type dice struct{ *rand.Rand }

func newDice(seed uint64) dice { return dice{rand.New(rand.NewPCG(seed, seed))} }

// poisson returns how many of something happen that happens mean times on
// average. Above 50 it is a rounded normal, which is the same for sums.
func (d dice) poisson(mean float64) int {
	if mean <= 0 {
		return 0
	}
	if mean > 50 {
		return max(0, int(math.Round(mean+math.Sqrt(mean)*d.NormFloat64())))
	}
	n, limit := 0, math.Exp(-mean)
	for p := d.Float64(); p > limit; p *= d.Float64() {
		n++
	}
	return n
}

// binomial returns how many of n happen, each by a chance.
func (d dice) binomial(n int, chance float64) (happened int) {
	switch {
	case n <= 0 || chance <= 0:
		return 0
	case chance >= 1:
		return n
	case n > 100 && float64(n)*chance > 25 && float64(n)*(1-chance) > 25:
		mean := float64(n) * chance
		return min(n, max(0, int(math.Round(mean+math.Sqrt(mean*(1-chance))*d.NormFloat64()))))
	case n > 100 && chance < 0.25: // few of many
		return min(n, d.poisson(float64(n)*chance))
	}
	for range n {
		if d.Float64() < chance {
			happened++
		}
	}
	return happened
}
