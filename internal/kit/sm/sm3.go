package sm

import (
	"encoding/hex"
	"hash"

	"github.com/emmansun/gmsm/sm3"
)

// SM3 is the SM3 digest of b.
func SM3(b []byte) [32]byte { return sm3.Sum(b) }

// SM3Hex is the SM3 digest of b as 64 lower-case hexadecimal digits, the form in which
// digests are shown, compared and used as the name of a file.
func SM3Hex(b []byte) string {
	sum := sm3.Sum(b)
	return hex.EncodeToString(sum[:])
}

// NewSM3 is a running SM3 digest, for what does not fit in memory.
func NewSM3() hash.Hash { return sm3.New() }
