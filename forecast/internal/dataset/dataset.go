// Package dataset reads the development series of the forecast commands. The
// series are read at run time and are no part of the product.
package dataset

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// suffix is how a file of series ends.
const suffix = "_monthly.csv.gz"

// Series is one monthly series, oldest month first.
type Series struct {
	Set, ID, Category string
	// Train is what a forecaster may see, Test the months after it.
	Train, Test []float64
}

// Load reads every *_monthly.csv.gz of the folder: gzip CSV with the columns id,
// category, set (train or test), t, year, month, value, sorted by id and t. The
// result is ordered by file and first appearance.
func Load(dir string) ([]Series, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*"+suffix))
	if err != nil {
		return nil, fmt.Errorf("failed to list %s: %w", dir, err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no *%s in %q", suffix, dir)
	}
	slices.Sort(files)
	var all []Series
	for _, file := range files {
		s, err := loadFile(file)
		if err != nil {
			return nil, fmt.Errorf("failed to read %s: %w", file, err)
		}
		all = append(all, s...)
	}
	return all, nil
}

func loadFile(file string) ([]Series, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // read only
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	r := csv.NewReader(z)
	r.ReuseRecord = true
	if _, err := r.Read(); err != nil { // the header
		return nil, err
	}
	set := strings.TrimSuffix(filepath.Base(file), suffix)
	var out []Series
	index := map[string]int{}
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if len(rec) != 7 {
			return nil, fmt.Errorf("expected 7 columns, got %d", len(rec))
		}
		v, err := strconv.ParseFloat(rec[6], 64)
		if err != nil {
			return nil, err
		}
		i, ok := index[rec[0]]
		if !ok {
			i = len(out)
			index[strings.Clone(rec[0])] = i
			out = append(out, Series{Set: set, ID: strings.Clone(rec[0]), Category: strings.Clone(rec[1])})
		}
		if rec[2] == "test" {
			out[i].Test = append(out[i].Test, v)
		} else {
			out[i].Train = append(out[i].Train, v)
		}
	}
}
