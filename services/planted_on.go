//go:build planted

package services

import "os"

// plantedBug is the one bug of this process: LANCERSHUB_PLANTED. Only this build reads it.
var plantedBug = os.Getenv("LANCERSHUB_PLANTED")

func planted(bug string) bool { return bug == plantedBug }
