// Package code makes the codes by which anyone can check a printed paper: 16 random characters and one that catches
// slips, in groups that can be read over the phone, such as 7F3K-2QXM-9TVA-C4NH-8.
//
// In comes randomness or what a person typed; out comes the canonical form. A code says nothing about the paper, and
// with 80 random bits cannot be guessed.
package code

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// Code is a valid code in its canonical form: 17 characters without hyphens, as addresses carry it.
type Code string

// alphabet has no I, L, O, U: the first three are read as digits, the last makes words.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

const random = 16 // characters before the check character

// The faults of a code.
var (
	ErrFormat = errors.New("a code has 17 letters and digits")
	ErrCheck  = errors.New("code fails its check character")
)

// New makes a code from 10 bytes of random, which is crypto/rand.Reader outside tests.
func New(r io.Reader) (Code, error) {
	var b [random * 5 / 8]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return "", fmt.Errorf("code: random: %w", err)
	}
	var out strings.Builder
	var acc, bits uint
	for _, v := range b {
		acc, bits = acc<<8|uint(v), bits+8
		for bits >= 5 {
			bits -= 5
			out.WriteByte(alphabet[acc>>bits&31])
		}
	}
	s := out.String()
	return Code(s + string(check(s))), nil
}

// Parse reads a code as people type it: any case, with or without hyphens and spaces, full-width, O for 0, I and L for 1.
// Errors: ErrFormat, ErrCheck.
func Parse(s string) (Code, error) {
	var b strings.Builder
	for _, r := range s {
		if r >= '！' && r <= '～' {
			r -= '！' - '!'
		}
		switch {
		case r == '-' || r == ' ' || r == '　' || r == '—' || r == '–':
			continue
		case r >= 'a' && r <= 'z':
			r -= 'a' - 'A'
		}
		switch r {
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		if !strings.ContainsRune(alphabet, r) || b.Len() > random {
			return "", ErrFormat
		}
		b.WriteRune(r)
	}
	c := b.String()
	if len(c) != random+1 {
		return "", ErrFormat
	}
	if check(c[:random]) != c[random] {
		return "", ErrCheck
	}
	return Code(c), nil
}

// check is Luhn's algorithm in base 32: it finds every wrong character and nearly every swap of neighbours.
func check(s string) byte {
	sum, double := 0, true
	for i := len(s) - 1; i >= 0; i-- {
		v := strings.IndexByte(alphabet, s[i])
		if double {
			v *= 2
		}
		sum += v/32 + v%32
		double = !double
	}
	return alphabet[(32-sum%32)%32]
}

// Grouped writes the code in groups for reading: 7F3K-2QXM-9TVA-C4NH-8.
func (c Code) Grouped() string {
	var b strings.Builder
	for i := range len(c) {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(c[i])
	}
	return b.String()
}
