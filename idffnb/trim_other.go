//go:build !linux || !cgo || noxla

package idffnb

func returnMemory() {}
