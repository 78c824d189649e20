package services

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"
)

// visual returns text as it is drawn from left to right: letters of Arabic in
// the form that joins them, runs from right to left turned around (Unicode
// Standard Annex 9), and what the font cannot draw as an empty box. A PDF is
// drawn glyph by glyph, so somebody has to do it.
func visual(text string) string {
	text = strings.Map(drawable, norm.NFC.String(text))
	if !strings.ContainsFunc(text, rightToLeft) {
		return text
	}
	letters := []rune(shape(text))
	levels := levelsOf(letters)
	// Rule L2: from the deepest level up, what is at it or deeper is turned around.
	for level := 2; level >= 1; level-- {
		for from := 0; from < len(letters); {
			to := from
			for to < len(letters) && levels[to] >= level {
				to++
			}
			slices.Reverse(letters[from:to])
			slices.Reverse(levels[from:to])
			from = max(to, from+1)
		}
	}
	for n, letter := range letters {
		if other, isPair := mirrored[letter]; isPair && levels[n] == 1 {
			letters[n] = other
		}
	}
	return string(letters)
}

var mirrored = map[rune]rune{'(': ')', ')': '(', '[': ']', ']': '[', '{': '}', '}': '{', '<': '>', '>': '<', '«': '»', '»': '«'}

// Directions of characters, as far as a line without explicit marks needs them.
const (
	left    = 'L'
	right   = 'R'
	number  = 'N' // in a text from right to left: itself from left to right
	neutral = ' '
)

// levelsOf resolves the levels of a line without explicit marks: 1 runs from right
// to left, 0 and 2 from left to right (rules P2, W2 to W7, N1 and N2).
func levelsOf(letters []rune) []int {
	kinds := directions(letters)
	base := 0
	if first := slices.IndexFunc(kinds, func(kind rune) bool { return kind == left || kind == right }); first >= 0 && kinds[first] == right {
		base = 1
	}
	levels := make([]int, len(letters))
	for n, kind := range kinds {
		if kind == neutral { // as both neighbours, or else as the line
			before, after := facing(kinds, n, -1, base), facing(kinds, n, 1, base)
			if levels[n] = base; before != after {
				continue
			}
			kind = before
		}
		switch kind {
		case right:
			levels[n] = 1
		case number:
			levels[n] = 2
		default:
			levels[n] = 2 * base
		}
	}
	return levels
}

// directions says which way each character runs, numbers by what is before them.
func directions(letters []rune) []rune {
	kinds := make([]rune, len(letters))
	strong := rune(neutral)
	for n, letter := range letters {
		properties, _ := bidi.LookupRune(letter)
		kinds[n] = neutral
		switch properties.Class() {
		case bidi.L:
			kinds[n], strong = left, left
		case bidi.R, bidi.AL:
			kinds[n], strong = right, right
		case bidi.EN, bidi.AN:
			if kinds[n] = number; strong != right {
				kinds[n] = left
			}
		case bidi.ES, bidi.CS: // 1,234.50 is one number
			if n > 0 && n+1 < len(letters) && unicode.IsDigit(letters[n-1]) && unicode.IsDigit(letters[n+1]) {
				kinds[n] = kinds[n-1]
			}
		}
	}
	return kinds
}

// facing is the direction of what is next to the neutral at n; at the end of the line, the line's.
func facing(kinds []rune, n, step, base int) rune {
	for n += step; n >= 0 && n < len(kinds); n += step {
		switch kinds[n] {
		case left:
			return left
		case right, number:
			return right
		}
	}
	if base == 1 {
		return right
	}
	return left
}

func rightToLeft(r rune) bool {
	return unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana)
}

// drawable replaces what a line cannot hold: controls and direction marks go,
// and characters beyond the font's plane become an empty box.
func drawable(r rune) rune {
	switch {
	case r == '\t' || r == '\n':
		return ' '
	case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
		return -1
	case r > 0xFFFF:
		return '□'
	}
	return r
}

// arabicForms has, by letter, its first presentation form (isolated) and how many
// there are: 4 joins both sides (isolated, final, initial, medial), 2 joins only
// what comes before it (Unicode, Arabic Presentation Forms-B).
var arabicForms = map[rune]struct {
	isolated rune
	forms    int
}{
	'ء': {0xFE80, 1}, 'آ': {0xFE81, 2}, 'أ': {0xFE83, 2}, 'ؤ': {0xFE85, 2}, 'إ': {0xFE87, 2}, 'ئ': {0xFE89, 4},
	'ا': {0xFE8D, 2}, 'ب': {0xFE8F, 4}, 'ة': {0xFE93, 2}, 'ت': {0xFE95, 4}, 'ث': {0xFE99, 4}, 'ج': {0xFE9D, 4},
	'ح': {0xFEA1, 4}, 'خ': {0xFEA5, 4}, 'د': {0xFEA9, 2}, 'ذ': {0xFEAB, 2}, 'ر': {0xFEAD, 2}, 'ز': {0xFEAF, 2},
	'س': {0xFEB1, 4}, 'ش': {0xFEB5, 4}, 'ص': {0xFEB9, 4}, 'ض': {0xFEBD, 4}, 'ط': {0xFEC1, 4}, 'ظ': {0xFEC5, 4},
	'ع': {0xFEC9, 4}, 'غ': {0xFECD, 4}, 'ف': {0xFED1, 4}, 'ق': {0xFED5, 4}, 'ك': {0xFED9, 4}, 'ل': {0xFEDD, 4},
	'م': {0xFEE1, 4}, 'ن': {0xFEE5, 4}, 'ه': {0xFEE9, 4}, 'و': {0xFEED, 2}, 'ى': {0xFEEF, 2}, 'ي': {0xFEF1, 4},
	'پ': {0xFB56, 4}, 'چ': {0xFB7A, 4}, 'ژ': {0xFB8A, 2}, 'ک': {0xFB8E, 4}, 'گ': {0xFB92, 4}, 'ی': {0xFBFC, 4},
}

// lamAlef are the ligatures that lam makes with the kinds of alef (isolated form).
var lamAlef = map[rune]rune{'آ': 0xFEF5, 'أ': 0xFEF7, 'إ': 0xFEF9, 'ا': 0xFEFB}

// shape gives each Arabic letter the form its neighbours call for. Marks above
// and below letters are transparent; without glyphs of their own placing they are
// left out, as in everyday writing.
func shape(text string) string {
	letters := []rune{}
	for _, r := range text {
		if unicode.Is(unicode.Mn, r) && unicode.Is(unicode.Arabic, r) || r >= 0x064B && r <= 0x065F {
			continue
		}
		letters = append(letters, r)
	}
	joinsOn := func(n int) bool { // towards the next letter
		return n >= 0 && n < len(letters) && (arabicForms[letters[n]].forms == 4 || letters[n] == 'ـ')
	}
	joinsBack := func(n int) bool { // towards the letter before
		return n < len(letters) && (arabicForms[letters[n]].forms >= 2 || letters[n] == 'ـ')
	}
	shaped := []rune{}
	for n := 0; n < len(letters); n++ {
		form, known := arabicForms[letters[n]]
		before := joinsOn(n - 1)
		if n+1 < len(letters) && letters[n] == 'ل' && lamAlef[letters[n+1]] != 0 {
			ligature := lamAlef[letters[n+1]]
			if before {
				ligature++
			}
			shaped = append(shaped, ligature)
			n++
			continue
		}
		if !known {
			shaped = append(shaped, letters[n])
			continue
		}
		after := form.forms == 4 && joinsBack(n+1)
		shape := form.isolated
		switch {
		case before && after:
			shape += 3
		case after:
			shape += 2
		case before && form.forms >= 2:
			shape++
		}
		shaped = append(shaped, shape)
	}
	return string(shaped)
}

// wrap breaks text into lines no wider than width, between words where it can.
// It breaks what is read, not what is drawn: a line of Arabic begins at its right.
func wrap(text string, width float64, measure func(string) float64) []string {
	var found []string
	line := ""
	for _, word := range strings.Fields(text) {
		longer := strings.TrimSpace(line + " " + word)
		if measure(longer) <= width {
			line = longer
			continue
		}
		if line != "" {
			found = append(found, line)
		}
		line = ""
		for _, r := range word {
			if line != "" && measure(line+string(r)) > width {
				found = append(found, line)
				line = ""
			}
			line += string(r)
		}
	}
	if line != "" {
		found = append(found, line)
	}
	return found
}
