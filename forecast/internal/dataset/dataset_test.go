package dataset

import (
	"compress/gzip"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := gzip.NewWriter(f)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "b_monthly.csv.gz", "id,category,set,t,year,month,value\nX,C,train,1,2020,1,1.5\nX,C,train,2,2020,2,2\nX,C,test,3,2020,3,3\nY,D,train,1,2020,1,7\n")
	write(t, dir, "a_monthly.csv.gz", "id,category,set,t,year,month,value\nX,C,train,1,2020,1,9\n")
	got, err := Load(dir)
	if err != nil {
		t.Fatalf("Expected no error, got %v", err)
	}
	want := []Series{
		{Set: "a", ID: "X", Category: "C", Train: []float64{9}},
		{Set: "b", ID: "X", Category: "C", Train: []float64{1.5, 2}, Test: []float64{3}},
		{Set: "b", ID: "Y", Category: "D", Train: []float64{7}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("Expected %v, got %v", want, got)
	}
}

func TestLoadErrors(t *testing.T) {
	t.Parallel()
	if _, err := Load(t.TempDir()); err == nil {
		t.Fatal("Expected an error for an empty folder, got none")
	}
	for name, text := range map[string]string{
		"not a number": "h,h,h,h,h,h,h\nX,C,train,1,2020,1,x\n",
		"few columns":  "h,h\nX,C\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, dir, "a_monthly.csv.gz", text)
			if _, err := Load(dir); err == nil {
				t.Fatal("Expected an error, got none")
			}
		})
	}
}
