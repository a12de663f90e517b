package bizxml

import (
	"bufio"
	"errors"
	"io"

	"yichuang/internal/exchange/spec"
)

// meter lets so many bytes through and remembers why it stopped: what the decoder above makes of an error is not to be relied on.
type meter struct {
	from *bufio.Reader
	left int64
	err  error // other than the end
	over bool  // there was more than allowed
	last byte
	back bool // last is to be read again
}

func newMeter(r io.Reader, max int64) *meter {
	return &meter{from: bufio.NewReaderSize(r, 32<<10), left: max}
}

// allow sets how many bytes more may come.
func (m *meter) allow(n int64) { m.left = n }

var errOver = errors.New("more bytes than allowed")

func (m *meter) ReadByte() (byte, error) {
	if m.back {
		m.back = false
		return m.last, nil
	}
	if m.left <= 0 {
		m.over = true
		return 0, errOver
	}
	c, err := m.from.ReadByte()
	switch {
	case err == nil:
		m.left--
		m.last = c
	case err != io.EOF:
		m.err = err
	}
	return c, err
}

// unread puts the byte that was read last back.
func (m *meter) unread() { m.back = true }

// follows takes the given bytes if they come next.
func (m *meter) follows(s string) bool {
	next, err := m.from.Peek(len(s))
	if err != nil || string(next) != s || m.left < int64(len(s)) {
		return false
	}
	_, _ = m.from.Discard(len(s)) // they are there
	m.left -= int64(len(s))
	return true
}

// skipBOM passes over the mark that some systems put before UTF-8.
func (m *meter) skipBOM() {
	if head, err := m.from.Peek(3); err == nil && string(head) == "\xEF\xBB\xBF" {
		_, _ = m.from.Discard(3) // they are there
	}
}

// tell gives an error of reading as the fault that it is: too big, too slow, broken off; or the error itself.
func (m *meter) tell(err error, max int64) error {
	switch {
	case err == nil:
		return nil
	case m.over:
		return spec.TooBig(max)
	case m.err != nil:
		return spec.ReadingFault(m.err)
	}
	return err
}
