package blob

import (
	"bytes"
	"encoding/binary"
)

// jpegHead is what we need to know of a JPEG beyond its size.
type jpegHead struct {
	orientation int  // EXIF: 1 to 8, 1 is upright
	progressive bool // decoding holds all coefficients in memory
}

// sideways tells whether the camera was turned by 90°: width and height are the other way round for the viewer.
func (h jpegHead) sideways() bool { return h.orientation >= 5 }

// Markers of ITU-T T.81 table B.1.
const (
	markSOF2 = 0xC2 // progressive
	markRST0 = 0xD0 // RST0 to RST7 and SOI, EOI have no length
	markEOI  = 0xD9
	markSOS  = 0xDA
	markAPP1 = 0xE1 // EXIF
)

// readJPEG walks the segments of a JPEG to its end mark. What follows the end mark is none of ours: phones append videos.
func readJPEG(data []byte) (jpegHead, error) {
	head := jpegHead{orientation: 1}
	rest := data[2:] // after the start mark
	for {
		i := bytes.IndexByte(rest, 0xFF)
		if i < 0 || i+1 >= len(rest) {
			return head, ErrTruncated
		}
		mark := rest[i+1]
		rest = rest[i+1:]
		switch {
		case mark == 0xFF: // fill byte
			continue
		case mark == markEOI:
			return head, nil
		case mark == 0x00 || mark == 0x01 || mark >= markRST0 && mark < markEOI: // within picture data
			rest = rest[1:]
			continue
		}
		body, ok := segment(rest[1:])
		if !ok {
			return head, ErrTruncated
		}
		switch mark {
		case markSOF2:
			head.progressive = true
		case markAPP1:
			if o := exifOrientation(body); o != 0 {
				head.orientation = o
			}
		}
		rest = rest[1+2+len(body):]
	}
}

// segment returns what follows a mark, without its two bytes of length.
func segment(rest []byte) ([]byte, bool) {
	if len(rest) < 2 {
		return nil, false
	}
	n := int(binary.BigEndian.Uint16(rest))
	if n < 2 || n > len(rest) {
		return nil, false
	}
	return rest[2:n], true
}

// exifOrientation reads tag 0x0112 of the first directory in an EXIF segment (CIPA DC-008); 0 where it isn't there.
func exifOrientation(body []byte) int {
	tiff, ok := bytes.CutPrefix(body, []byte("Exif\x00\x00"))
	if !ok || len(tiff) < 8 {
		return 0
	}
	var order binary.ByteOrder = binary.BigEndian
	if string(tiff[:2]) == "II" {
		order = binary.LittleEndian
	}
	start := uint64(order.Uint32(tiff[4:]))
	if start+2 > uint64(len(tiff)) {
		return 0
	}
	entries := tiff[start+2:]
	for n := order.Uint16(tiff[start:]); n > 0 && len(entries) >= 12; n-- {
		if order.Uint16(entries) == 0x0112 {
			if v := int(order.Uint16(entries[8:])); v >= 1 && v <= 8 {
				return v
			}
			return 0
		}
		entries = entries[12:]
	}
	return 0
}
