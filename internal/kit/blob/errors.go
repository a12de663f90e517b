package blob

import (
	"errors"
	"fmt"
)

// Errors of a file that a person brings. Each has its own sentence beside the field of the upload.
var (
	// ErrEmpty says that the file has no bytes.
	ErrEmpty = errors.New("file is empty")
	// ErrTruncated says that the end of the file is missing or its structure broken: a copy or an upload that was cut off.
	ErrTruncated = errors.New("file is cut off or damaged")
	// ErrEncrypted says that the PDF opens only with a password.
	ErrEncrypted = errors.New("PDF is protected by a password")
)

// ErrTooBig says that the file has more than Max bytes.
type ErrTooBig struct{ Max int64 }

func (e ErrTooBig) Error() string { return fmt.Sprintf("file is larger than %d bytes", e.Max) }

// ErrKind says that the file is not a JPEG, PNG or PDF, whatever its name says.
type ErrKind struct{ Mime string } // what its bytes look like

func (e ErrKind) Error() string { return fmt.Sprintf("file is %s, not a JPEG, PNG or PDF", e.Mime) }

// ErrPixels says that the picture has more pixels than MaxPixels.
type ErrPixels struct{ Width, Height int }

func (e ErrPixels) Error() string {
	return fmt.Sprintf("picture of %d × %d pixels is too large", e.Width, e.Height)
}

// Errors of the store.
var (
	// ErrNotFound says that no file of this digest is stored.
	ErrNotFound = errors.New("no such file")
	// ErrDamaged says that a stored file is no longer what its digest says: the disk or somebody changed it.
	ErrDamaged = errors.New("stored file does not match its digest")
	// ErrNoRenderer says that this machine cannot draw PDF pages (Debian package poppler-utils).
	ErrNoRenderer = errors.New("no program to draw PDF pages")
)
