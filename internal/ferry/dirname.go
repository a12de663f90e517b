package ferry

import (
	"fmt"
	"regexp"
	"strconv"
)

// fileName is the name of a file of the gap: plain ASCII, lower case, below a hundred characters.
//
//	hall-0001764040665123456-001of003-08388608-9f86d081884c7d65.dat
//
// Stream, number, piece, size of this file in bytes, digest (SM3) of the whole crate. A file of another size is not whole yet.
type fileName struct {
	Stream      string
	Number      int64
	Part, Parts int
	Size        int
	Digest      string
}

const (
	digestLen = 16
	maxParts  = 999
)

func (n fileName) String() string {
	return fmt.Sprintf("%s-%019d-%03dof%03d-%08d-%s.dat", n.Stream, n.Number, n.Part, n.Parts, n.Size, n.Digest)
}

// crate is what the names of all pieces of a crate have in common.
func (n fileName) crate() string {
	return fmt.Sprintf("%s-%019d-%03d-%s", n.Stream, n.Number, n.Parts, n.Digest)
}

var namePattern = regexp.MustCompile(`^([a-z]{1,16})-(\d{19})-(\d{3})of(\d{3})-(\d{8})-([0-9a-f]{16})\.dat$`)

func parseFileName(s string) (n fileName, ok bool) {
	m := namePattern.FindStringSubmatch(s)
	if m == nil {
		return n, false
	}
	n.Stream, n.Digest = m[1], m[6]
	n.Number, _ = strconv.ParseInt(m[2], 10, 64) // one that is too large becomes the largest: it is a name all the same
	n.Part, _ = strconv.Atoi(m[3])
	n.Parts, _ = strconv.Atoi(m[4])
	n.Size, _ = strconv.Atoi(m[5])
	return n, n.Part >= 1 && n.Part <= n.Parts && n.Size > 0
}
