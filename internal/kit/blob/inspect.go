package blob

import (
	"bytes"
	"image"
	_ "image/jpeg" // the kinds that we accept
	_ "image/png"
	"net/http"
	"slices"
)

// The kinds of files that we accept.
const (
	MimeJPEG = "image/jpeg"
	MimePNG  = "image/png"
	MimePDF  = "application/pdf"
)

// MaxPixels is how large a picture may be: 50 megapixels, what the cameras of phones make. It's judged by the header alone: a
// picture of 20,000 × 20,000 takes a kilobyte on the way here and 1.6 GB when it's decoded.
const MaxPixels = 50_000_000

// Info is what the bytes of a file say about it.
type Info struct {
	Mime          string
	Pages         int // of a PDF; 1 for a picture
	Width, Height int // of a picture as it's meant to be seen, in pixels; 0 for a PDF
}

// Inspect tells what a file is and whether it's whole, or fails with ErrEmpty, ErrKind, ErrTruncated, ErrEncrypted or ErrPixels. It
// decodes nothing: the largest file takes milliseconds and hardly any memory.
func Inspect(data []byte) (Info, error) {
	if len(data) == 0 {
		return Info{}, ErrEmpty
	}
	switch mime := sniff(data); mime {
	case MimePDF:
		return inspectPDF(data)
	case MimeJPEG, MimePNG:
		return inspectPicture(mime, data)
	default:
		return Info{}, ErrKind{mime}
	}
}

// sniff finds the kind of a file from its first bytes (WHATWG MIME sniffing). A PDF may have up to a kilobyte of other bytes
// before its mark, as some scanners write.
func sniff(data []byte) string {
	mime := http.DetectContentType(data)
	plain := mime == "application/octet-stream" || mime == "text/plain; charset=utf-8"
	if plain && !bytes.HasPrefix(data, []byte("MZ")) && bytes.Contains(data[:min(len(data), 1024)], []byte("%PDF-")) {
		return MimePDF
	}
	return mime
}

func accepted(mime string) bool { return slices.Contains([]string{MimeJPEG, MimePNG, MimePDF}, mime) }

func inspectPicture(mime string, data []byte) (Info, error) {
	cfg, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || cfg.Width <= 0 || cfg.Height <= 0 {
		return Info{}, ErrTruncated
	}
	if int64(cfg.Width)*int64(cfg.Height) > MaxPixels {
		return Info{}, ErrPixels{cfg.Width, cfg.Height}
	}
	info := Info{Mime: mime, Pages: 1, Width: cfg.Width, Height: cfg.Height}
	if mime == MimePNG {
		return info, checkPNG(data)
	}
	head, err := readJPEG(data)
	if err != nil {
		return Info{}, err
	}
	if head.sideways() {
		info.Width, info.Height = info.Height, info.Width
	}
	return info, nil
}
