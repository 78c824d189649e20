// Command train learns the tables that Predict embeds, from the training parts
// of the development series, and writes forecast/tables.json: probabilities and
// levels only, no series.
//
//	go run ./forecast/train -data DIR -out forecast/tables.json
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"github.com/lancershub/lancershub/forecast/internal/dataset"
	"github.com/lancershub/lancershub/forecast/internal/teach"
)

// source is noted in the file.
const source = "Learned by forecast/train from the training parts of 521 monthly series of the M1 competition " +
	"(Makridakis et al. 1982; R package Mcomp), 366 of the tourism competition (Athanasopoulos et al. 2011; Tcomp), " +
	"767 hospital counts (Hyndman et al. 2008; expsmooth) and 198 semi-synthetic client books (CLVTools)."

func main() {
	data := flag.String("data", "", "folder with *_monthly.csv.gz")
	out := flag.String("out", "forecast/tables.json", "file to write")
	flag.Parse()
	if err := train(*data, *out); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func train(data, out string) error {
	series, err := dataset.Load(data)
	if err != nil {
		return err
	}
	t := teach.Tables(series, os.Stderr)
	t.Source = source
	raw, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("failed to encode tables: %w", err)
	}
	if err := os.WriteFile(out, append(raw, '\n'), 0o644); err != nil {
		return fmt.Errorf("failed to write tables: %w", err)
	}
	return nil
}
