//go:build faults && planted

package faults

const plantedBuild = true
