package net

// For tests that run on several backends, which this package does not import.
var (
	ConvolveOf, HalvingOf, CorrelateOf = convolve, halving, correlate
	ShiftOf, PhaseOf, GroupNormOf      = shift, phase, groupNorm
)
