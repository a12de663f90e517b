package sm

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A signer lies on disk as two or three files: office.key, the private key, for its owner alone; office.pub, its public half, to be
// handed to whoever checks its signatures; and, once keys have changed, office.former with the public halves of the
// keys before, oldest first.
const (
	publicExt = ".pub"
	formerExt = ".former"
)

// PublicFile is where the public half of the private key at path lies.
func PublicFile(path string) string { return strings.TrimSuffix(path, filepath.Ext(path)) + publicExt }

func formerFile(path string) string { return strings.TrimSuffix(path, filepath.Ext(path)) + formerExt }

// LoadOrCreateSigner reads the private key (PEM, PKCS #8) stored at path, or makes one there (mode 0600), and sees to its
// public half beside it. Two processes that start at once end with the same key.
func LoadOrCreateSigner(path string) (*Signer, error) {
	s, err := loadSigner(path)
	if errors.Is(err, fs.ErrNotExist) {
		if s, err = createSigner(path); errors.Is(err, fs.ErrExist) {
			s, err = loadSigner(path) // another process was faster: its key counts
		}
	}
	if err != nil {
		return nil, err
	}
	return s, s.publish(path)
}

func loadSigner(path string) (*Signer, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("load signer: %w", err)
	}
	s, err := ParseSigner(raw)
	if err != nil {
		return nil, ErrKeyFile{path, err.Error()}
	}
	return s, nil
}

func createSigner(path string) (*Signer, error) {
	s, err := NewSigner()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("create signer: %w", err)
	}
	tmp, err := writeBeside(path, s.PEM())
	if err != nil {
		return nil, fmt.Errorf("create signer: %w", err)
	}
	defer os.Remove(tmp)
	if err := os.Link(tmp, path); err != nil {
		return nil, fmt.Errorf("create signer: %w", err)
	}
	return s, nil
}

// publish writes the public half where it is missing or belongs to a former key.
func (s *Signer) publish(path string) error {
	want := s.Public().PEM()
	if have, err := os.ReadFile(PublicFile(path)); err == nil && bytes.Equal(have, want) {
		return nil
	}
	if err := replaceFile(PublicFile(path), want); err != nil {
		return fmt.Errorf("public half of %s: %w", path, err)
	}
	return nil
}

// LoadPublicKey reads a public key (PEM) that another installation has handed over.
func LoadPublicKey(path string) (*PublicKey, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("load public key: %w", err)
	}
	k, err := ParsePublicKey(raw)
	if err != nil {
		return nil, ErrKeyFile{path, err.Error()}
	}
	return k, nil
}

// LoadFormerKeys reads the public halves of the keys that the one at path has replaced, oldest first; none where it is the first.
func LoadFormerKeys(path string) ([]*PublicKey, error) {
	path = formerFile(path)
	rest, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("load former keys: %w", err)
	}
	var all []*PublicKey
	for {
		block, after := pem.Decode(rest)
		if block == nil {
			break
		}
		k, err := ParsePublicKey(pem.EncodeToMemory(block))
		if err != nil {
			return nil, ErrKeyFile{path, err.Error()}
		}
		all, rest = append(all, k), after
	}
	if len(bytes.TrimSpace(rest)) > 0 || len(all) == 0 {
		return nil, ErrKeyFile{path, "something in it is not a public key"}
	}
	return all, nil
}

// RotateSigner puts a new private key in the place of the one at path and keeps the public half of the old one among the
// former keys, so that what it signed can still be checked. The old private key is gone. Whatever step it breaks off at,
// the next one begins from a whole state: a key among the former ones that still signs does no harm.
func RotateSigner(path string) (*Signer, error) {
	old, err := loadSigner(path)
	if err != nil {
		return nil, err
	}
	former, err := LoadFormerKeys(path)
	if err != nil {
		return nil, err
	}
	var list bytes.Buffer
	for _, k := range former {
		if !k.Equal(old.Public()) {
			list.Write(k.PEM())
		}
	}
	list.Write(old.Public().PEM())
	next, err := NewSigner()
	if err != nil {
		return nil, err
	}
	if err := replaceFile(formerFile(path), list.Bytes()); err != nil {
		return nil, fmt.Errorf("keep the former key: %w", err)
	}
	if err := replaceFile(path, next.PEM()); err != nil {
		return nil, fmt.Errorf("store the new key: %w", err)
	}
	return next, next.publish(path)
}

// replaceFile puts a whole new file in the place of an old one, mode 0600.
func replaceFile(path string, content []byte) error {
	tmp, err := writeBeside(path, content)
	if err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	return nil
}

// writeBeside writes the whole file and syncs it under another name, so that a full disk or a power cut never leaves half a
// key file.
func writeBeside(path string, content []byte) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // CreateTemp makes it 0600
	if err != nil {
		return "", err
	}
	_, err = f.Write(content)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}
