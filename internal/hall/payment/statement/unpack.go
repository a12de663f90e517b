package statement

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
)

// Limits of a file. A line takes less than a kilobyte: they hold more payments than all of the city makes in a day.
const (
	MaxPacked = 32 << 20 // octets as they come over the wire
	MaxPlain  = 64 << 20 // octets unpacked, all files of an archive together
	maxFiles  = 16       // in an archive
)

// Read reads to the end, but no more than max octets.
func Read(r io.Reader, max int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, max+1))
	if err != nil {
		return nil, Bad("read: %w", err)
	}
	if int64(len(data)) > max {
		return nil, Bad("more than %d octets", max)
	}
	return data, nil
}

// Gunzip unpacks one file.
func Gunzip(packed []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, Bad("gzip: %w", err)
	}
	return Read(r, MaxPlain)
}

// Inflate unpacks one file that was packed in zlib's format.
func Inflate(packed []byte) ([]byte, error) {
	r, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, Bad("zlib: %w", err)
	}
	return Read(r, MaxPacked)
}

// File is one of an archive. Its name may be in any encoding.
type File struct {
	Name string
	Data []byte
}

// Unzip unpacks an archive. Sizes that it states are not believed.
func Unzip(packed []byte) ([]File, error) {
	archive, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		return nil, Bad("zip: %w", err)
	}
	if len(archive.File) > maxFiles {
		return nil, Bad("%d files in the archive", len(archive.File))
	}
	var files []File
	left := int64(MaxPlain)
	for _, f := range archive.File {
		if f.FileInfo().IsDir() {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return nil, Bad("zip: %w", err)
		}
		data, err := Read(r, left)
		if err != nil {
			return nil, err
		}
		left -= int64(len(data))
		files = append(files, File{f.Name, data})
	}
	return files, nil
}

// Bounded is the client with answers of no more than MaxPacked octets: what SDKs read, they read to the end.
func Bounded(client *http.Client) *http.Client {
	next := client.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	c := *client
	c.Transport = bounded{next}
	return &c
}

type bounded struct{ next http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.next.RoundTrip(r)
	if err == nil {
		res.Body = http.MaxBytesReader(nil, res.Body, MaxPacked)
	}
	return res, err
}
