package court

import (
	"bytes"
	"fmt"
)

// Assistance is the title of the paper that asks a registry to assist.
const Assistance = "协助执行通知书"

// Paper writes a paper of one page, the same each time. It has no text that people could read: what counts is that it's a PDF with a
// digest of its own.
func Paper(controlNo, title string) []byte {
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
		fmt.Sprintf("<< /Title <%x> /Subject <%x> >>", utf16(title), utf16(controlNo)),
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	var at []int
	for i, o := range objects {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	table := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, n := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", n)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R /Info 4 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, table)
	return b.Bytes()
}

// utf16 is how PDF writes text beyond ASCII: big-endian, with a mark in front.
func utf16(s string) []byte {
	out := []byte{0xfe, 0xff}
	for _, r := range s {
		out = append(out, byte(r>>8), byte(r)) // no character of these is outside of the first plane
	}
	return out
}
