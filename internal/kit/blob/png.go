package blob

import (
	"encoding/binary"
	"hash/crc32"
)

const pngSignature = 8

// checkPNG walks the chunks of a PNG to its end (ISO/IEC 15948 §5.3: length, type, data, checksum) and compares each checksum.
func checkPNG(data []byte) error {
	rest := data[pngSignature:]
	for len(rest) >= 12 {
		n := uint64(binary.BigEndian.Uint32(rest))
		if n+12 > uint64(len(rest)) {
			return ErrTruncated
		}
		body, sum := rest[4:8+n], binary.BigEndian.Uint32(rest[8+n:])
		if crc32.ChecksumIEEE(body) != sum {
			return ErrTruncated
		}
		if string(body[:4]) == "IEND" {
			return nil
		}
		rest = rest[12+n:]
	}
	return ErrTruncated
}
