#!/usr/bin/env bash
# Fuzz: run.sh TIME [TARGET...] runs each target (all there are, if none is named)
# for TIME. What a target finds is written to testdata/fuzz of its package; what it
# learned stays in .cache/fuzz.
set -euo pipefail
cd "$(dirname "$0")/../.."
time=$1
shift
wanted=" $* "
cache=$PWD/.cache/fuzz
mkdir -p "$cache"
for package in collections services forecast tests/fuzz; do
	targets=()
	for target in $(grep -ho 'func Fuzz[A-Za-z]*' "$package"/*_test.go | cut -d' ' -f2 | sort); do
		if test "$wanted" = "  " || [[ $wanted == *" $target "* ]]; then targets+=("$target"); fi
	done
	test ${#targets[@]} -gt 0 || continue
	binary=$cache/$(basename "$package").test
	go test -c -fuzz . -o "$binary" "./$package"
	for target in "${targets[@]}"; do
		echo "== $target"
		# Minimizing what is merely new would take the time from looking for more.
		(cd "$package" && "$binary" -test.run '^$' -test.fuzz "^$target\$" -test.fuzztime "$time" -test.fuzzminimizetime 20x -test.fuzzcachedir "$cache/$package" | tail -n 40)
	done
done
