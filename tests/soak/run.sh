#!/usr/bin/env bash
# Soak: run.sh [SUITE...] runs the fault suites (all, if none is named) for long.
#
# Each is cut into pieces of a minute or two, in a process of its own with a seed of
# its own: neither memory nor disk grow with the size, and a soak can be stopped at
# any time. soak.log gets a line for every piece and for every finished suite: when,
# what, suite, size, seconds, seed, result. Started again, a soak goes on with what the
# log lacks.
#
#   SOAK=0.1         a tenth of every size
#   ANEW=1           do it again, whatever the log says
#   SOAK_LOG=FILE    another log
#   SOAK_WITH=...    a command to put in front of every piece, as "nice -n 19"
#
# A suite that fails ends there, with its seed and what it printed in .cache/soak;
# the others still run, and the soak ends with failure.
set -uo pipefail
cd "$(dirname "$0")/../.."
log=${SOAK_LOG:-soak.log}
work=$PWD/.cache/soak
mkdir -p "$work"
touch "$log"

# suite, size, piece, binary, variable that is the size, tests, more variables
suites='
simulation 5000000 5000000 model LANCERSHUB_SEEDS Simulation
crash 10000 150 faults LANCERSHUB_ROUNDS CrashMatrix LANCERSHUB_DOUBLE_FAULTS=0
double 1600 60 faults LANCERSHUB_DOUBLE_FAULTS CrashMatrix LANCERSHUB_ROUNDS=0
races 50000 1750 faults LANCERSHUB_ROUNDS Races
network 54000 540 faults LANCERSHUB_ROUNDS NetworkFaults
provider 25 1 provider LANCERSHUB_ROUNDS .
power 2000 100 faults LANCERSHUB_ROUNDS PowerLoss
load 1000000 10000 faults LANCERSHUB_PAYMENTS TestLoad$
messages 1000000 50000 faults LANCERSHUB_MESSAGES ^TestEveryMessageOnceAndInOrder$
sdk 10000 2500 faults LANCERSHUB_SDK_MESSAGES TheSDKShows
unread 20000 1500 faults LANCERSHUB_STEPS ThreeDevices
messagekills 1000 100 faults LANCERSHUB_KILLS ByKills
'
# Fuzzing is counted in seconds.
fuzzed='collections services forecast tests/fuzz'
for package in $fuzzed; do
	for target in $(grep -ho 'func Fuzz[A-Za-z]*' "$package"/*_test.go | cut -d' ' -f2 | sort); do
		suites+="fuzz:$target 3600 120 $package - ^$target\$"$'\n'
	done
done

build() { # everything is built once: a piece should not meet other code than the one before
	go build -tags failpoints -o "$work/lancershub" . || return 1
	go test -c -tags faults -o "$work/faults.test" ./tests/faults || return 1
	go test -c -tags faults -o "$work/provider.test" ./tests/faults/provider || return 1
	go test -c -o "$work/model.test" ./tests/model || return 1
	for package in $fuzzed; do
		go test -c -fuzz . -o "$work/$(basename "$package").test" "./$package" || return 1
	done
}

finished() { # finished SUITE: how much of it the log has since it was last begun anew
	awk -F'\t' -v suite="$1" '$3 == suite && $2 == "anew" { n = 0 } $3 == suite && $2 == "piece" && $7 == "ok" { n += $4 } END { print n + 0 }' "$log"
}

note() { # note WHAT SUITE SIZE SECONDS SEED RESULT
	printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$(date -u +%FT%TZ)" "$@" >>"$log"
}

piece() { # piece SIZE SEED BINARY VARIABLE TESTS MORE...: run one, leaving its seconds in $work/seconds
	local size=$1 seed=$2 binary=$3 variable=$4 tests=$5 in=$PWD
	shift 5
	local command=("$work/$(basename "$binary").test" -test.v -test.timeout 60m)
	case $binary in
	faults | model) in=$PWD/tests/$binary ;;
	provider) in=$PWD/tests/faults/provider ;;
	*) in=$PWD/$binary ;;
	esac
	if test "$variable" = -; then
		command+=(-test.run '^$' -test.fuzz "$tests" -test.fuzztime "${size}s" -test.fuzzminimizetime 20x -test.fuzzcachedir "$PWD/.cache/fuzz/$binary")
	else
		command+=(-test.run "$tests")
	fi
	rm -rf "$work/tmp" # what a piece that was stopped left
	mkdir -p "$work/tmp"
	echo 0 >"$work/seconds"
	# shellcheck disable=SC2016,SC2086 # the inner shell's own; SOAK_WITH is words
	env -C "$in" TMPDIR="$work/tmp" LANCERSHUB_BINARY="$work/lancershub" LANCERSHUB_SEED="$seed" ${variable/#-/SOAK_SIZE}="$size" "$@" \
		${SOAK_WITH:-} bash -c 'began=$SECONDS; "$@"; code=$?; echo $((SECONDS - began)) >"$0"; exit $code' "$work/seconds" "${command[@]}"
}

run() { # run SUITE SIZE PIECE ...
	local suite=$1 size=$2 step=$3 left seed output seconds
	shift 3
	size=$(awk -v n="$size" -v part="${SOAK:-1}" 'BEGIN { n *= part; print (n == int(n)) ? n : int(n) + 1 }')
	test -z "${ANEW:-}" || note anew "$suite" - - - -
	while left=$((size - $(finished "$suite"))) && test $left -gt 0; do
		test $left -gt "$step" || step=$left
		seed=$(date +%s%N)
		output=$work/${suite/:/-}.txt
		echo "$(date -u +%T) $suite: $((size - left)) of $size done, no findings; now $step more, LANCERSHUB_SEED=$seed"
		(while sleep 60 >/dev/null; do echo "$(date -u +%T) $suite: $((size - left)) of $size done; still at it"; done) &
		if piece "$step" "$seed" "$@" >"$output" 2>&1; then result=ok; else result=FAILED; fi
		# What did not run has shown nothing: a tool is missing, or a test has another name.
		! grep -qE 'no tests to run|^ *--- SKIP' "$output" || result=FAILED
		kill $! && wait $! 2>/dev/null
		read -r seconds <"$work/seconds"
		note piece "$suite" "$step" "$seconds" "$seed" $result
		test $result = ok && continue
		cp "$output" "$work/${suite/:/-}.$seed.txt"
		grep -vE '^(===|\s*$)' "$output" | tail -n 60
		echo "$suite failed with LANCERSHUB_SEED=$seed: all it printed is in $work/${suite/:/-}.$seed.txt" >&2
		note suite "$suite" $((size - left)) "$seconds" "$seed" FAILED
		return 1
	done
	# One line for the whole, unless the log ends with it already.
	seconds=$(awk -F'\t' -v suite="$suite" '$3 == suite && $2 == "anew" { n = 0 } $3 == suite && $2 == "piece" { n += $5 } END { print n + 0 }' "$log")
	seed=$(awk -F'\t' -v suite="$suite" '$3 == suite && $2 == "piece" { seed = $6 } END { print seed }' "$log")
	if test "$(awk -F'\t' -v suite="$suite" '$3 == suite { last = $2 " " $4 } END { print last }' "$log")" != "suite $size"; then
		note suite "$suite" "$size" "$seconds" "$seed" ok
	fi
	echo "$suite: all $size done in $seconds s, no findings"
}

build || exit 1
failed=()
while read -r suite rest; do
	test -n "$suite" || continue
	test $# -eq 0 || [[ " $* " == *" $suite "* ]] || continue
	# shellcheck disable=SC2086 # words of the table
	run "$suite" $rest </dev/null || failed+=("$suite")
done <<<"$suites"
test ${#failed[@]} -eq 0 || { echo "Failed: ${failed[*]}" >&2; exit 1; }
