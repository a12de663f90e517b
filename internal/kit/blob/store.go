package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/gcerrors"

	"yichuang/internal/kit/sm"
)

// Store keeps encrypted files by digest. It is safe for concurrent use.
type Store struct {
	bucket *blob.Bucket
	dir    string // of a store on disk, else ""
	keys   *sm.Keyring
}

// Ref is how a stored file is referred to.
type Ref struct {
	Digest string // SM3 of the content, 64 lower-case hexadecimal digits
	Size   int64  // bytes of the content
	Mime   string // image/jpeg, image/png or application/pdf, from the bytes
}

// Open opens the store in a folder, made where missing, or at an address of gocloud.dev/blob such as s3://bucket whose driver the
// program has linked in. Files are sealed with k.
func Open(ctx context.Context, dir string, k *sm.Keyring) (*Store, error) {
	if strings.Contains(dir, "://") {
		bucket, err := blob.OpenBucket(ctx, dir)
		if err != nil {
			return nil, fmt.Errorf("open file store: %w", err)
		}
		return &Store{bucket: bucket, keys: k}, nil
	}
	bucket, err := fileblob.OpenBucket(dir, &fileblob.Options{
		CreateDir:   true,
		DirFileMode: 0o700,
		NoTempDir:   true, // a rename is atomic only within one file system
		Metadata:    fileblob.MetadataDontWrite,
	})
	if err != nil {
		return nil, fmt.Errorf("open file store: %w", err)
	}
	return &Store{bucket: bucket, dir: dir, keys: k}, nil
}

// Close lets go of the store.
func (s *Store) Close() error { return s.bucket.Close() }

// Put stores what r holds, and returns when it's safe on disk. It fails with ErrTooBig (more than max bytes), ErrEmpty or
// ErrKind, and stores nothing then. Content that is stored already is not stored again.
func (s *Store) Put(ctx context.Context, r io.Reader, max int64) (Ref, error) {
	data, err := Read(r, max)
	if err != nil {
		return Ref{}, err
	}
	mime := sniff(data)
	if !accepted(mime) {
		return Ref{}, ErrKind{mime}
	}
	ref := Ref{Digest: sm.SM3Hex(data), Size: int64(len(data)), Mime: mime}
	if old, err := s.Get(ctx, ref.Digest); err == nil && bytes.Equal(old, data) {
		return ref, nil
	}
	if err := s.write(ctx, ref.Digest, data); err != nil {
		return Ref{}, fmt.Errorf("store file: %w", err)
	}
	return ref, nil
}

// Read reads a file of at most max bytes into memory, or fails with ErrTooBig or ErrEmpty. It stops reading at the limit.
func Read(r io.Reader, max int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, max+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read file: %w", err)
	case int64(len(data)) > max:
		return nil, ErrTooBig{max}
	case len(data) == 0:
		return nil, ErrEmpty
	}
	return data, nil
}

func (s *Store) write(ctx context.Context, digest string, data []byte) error {
	sealed := s.keys.Seal(data, []byte(digest))
	opts := &blob.WriterOptions{ContentType: "application/octet-stream", DisableContentTypeDetection: true}
	if err := s.bucket.WriteAll(ctx, key(digest), sealed, opts); err != nil {
		return err
	}
	if s.dir == "" {
		return nil
	}
	return syncPath(filepath.Join(s.dir, key(digest)))
}

// syncPath makes a file and its name in the folder survive a power cut: rows of the database that name it do.
func syncPath(path string) error {
	for _, p := range []string{path, filepath.Dir(path)} {
		f, err := os.Open(p)
		if err != nil {
			return err
		}
		err = f.Sync()
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// Get returns the content of a file: ErrNotFound where there is none, ErrDamaged where it's not what its digest says.
func (s *Store) Get(ctx context.Context, digest string) ([]byte, error) {
	if !isDigest(digest) {
		return nil, ErrNotFound
	}
	sealed, err := s.bucket.ReadAll(ctx, key(digest))
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read stored file: %w", err)
	}
	data, err := s.keys.Open(sealed, []byte(digest))
	if errors.Is(err, sm.ErrSealed) || (err == nil && sm.SM3Hex(data) != digest) {
		return nil, ErrDamaged
	}
	if err != nil {
		return nil, fmt.Errorf("open stored file: %w", err)
	}
	return data, nil
}

// Has tells whether a file of this digest is stored.
func (s *Store) Has(ctx context.Context, digest string) (bool, error) {
	if !isDigest(digest) {
		return false, nil
	}
	ok, err := s.bucket.Exists(ctx, key(digest))
	if err != nil {
		return false, fmt.Errorf("look for stored file: %w", err)
	}
	return ok, nil
}

// Delete removes a file; one that is not there is no error. Whether anything still refers to it is for the caller to know.
func (s *Store) Delete(ctx context.Context, digest string) error {
	if !isDigest(digest) {
		return nil
	}
	err := s.bucket.Delete(ctx, key(digest))
	if err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return fmt.Errorf("delete stored file: %w", err)
	}
	return nil
}

// key spreads the files over 256 folders.
func key(digest string) string { return digest[:2] + "/" + digest }

// isDigest keeps everything else from becoming a path.
func isDigest(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}
