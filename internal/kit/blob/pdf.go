package blob

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
)

// inspectPDF reads the structure of a PDF and counts its pages.
func inspectPDF(data []byte) (Info, error) {
	if !ended(data) {
		return Info{}, ErrTruncated
	}
	pages, err := countPages(data)
	if errors.Is(err, pdfcpu.ErrWrongPassword) {
		return Info{}, ErrEncrypted
	}
	if err != nil && bytes.Contains(data, []byte("/Encrypt")) {
		return Info{}, ErrEncrypted // with a method that the reader does not know
	}
	if err != nil || pages == 0 {
		return Info{}, ErrTruncated
	}
	return Info{Mime: MimePDF, Pages: pages}, nil
}

// ended looks for the end mark near the end: the reader would mend a PDF that was cut off, silently without its last pages.
func ended(data []byte) bool {
	const tail = 2048 // some programs append bytes of their own
	return bytes.Contains(data[max(0, len(data)-tail):], []byte("%%EOF"))
}

// countPages reads the structure within limits: a small file may unpack to gigabytes. The reader panics on some files that are
// broken on purpose; that is an error like the others.
func countPages(data []byte) (pages int, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("PDF reader: %v", p)
		}
	}()
	api.DisableConfigDir() // it would write its settings into the home folder
	conf := model.NewDefaultConfiguration()
	conf.Offline = true
	conf.Limits.MaxStreamBytes = 64 << 20
	conf.Limits.MaxDecodeBytes = 64 << 20
	conf.Limits.MaxObjectCount = 500_000
	conf.Limits.MaxXRefEntries = 500_000
	ctx, err := api.ReadContext(bytes.NewReader(data), conf)
	if err != nil {
		return 0, err
	}
	if err := ctx.EnsurePageCount(); err != nil {
		return 0, err
	}
	return ctx.PageCount, nil
}
