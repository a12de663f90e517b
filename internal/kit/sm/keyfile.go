package sm

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// keyFile is how a keyring lies on disk: readable by its owner only, never beside the database's backups.
type keyFile struct {
	Format  int               `json:"format"`
	Current uint32            `json:"current"`
	Keys    map[string]string `json:"keys"`  // number → base64 of 16 bytes
	Index   string            `json:"index"` // base64 of 32 bytes
}

// ErrKeyFile says that a key file is there but can't be used. Nothing is overwritten: a lost key is lost data.
type ErrKeyFile struct {
	Path   string
	Reason string
}

func (e ErrKeyFile) Error() string { return fmt.Sprintf("key file %s: %s", e.Path, e.Reason) }

// Advice says to an operator what to do.
func (e ErrKeyFile) Advice() string {
	return fmt.Sprintf("密钥文件 %s 无法使用(%s)。请从备份恢复该文件;在恢复之前不要删除它,也不要新建。", e.Path, e.Reason)
}

// LoadOrCreateKeyring reads the keyring stored at path, or makes one there (mode 0600) where none is.
// Two processes that start at once end with the same keys.
func LoadOrCreateKeyring(path string) (*Keyring, error) {
	k, err := loadKeyring(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	if err := newKeyring().create(path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("create keyring: %w", err)
	}
	return loadKeyring(path)
}

func loadKeyring(path string) (*Keyring, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("load keyring: %w", err)
	}
	if open := info.Mode().Perm() & 0o077; open != 0 {
		return nil, ErrKeyFile{path, fmt.Sprintf("others may read it, run: chmod 600 %s", path)}
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("load keyring: %w", err)
	}
	k, err := parseKeyring(raw)
	if err != nil {
		return nil, ErrKeyFile{path, err.Error()}
	}
	k.path = path
	return k, nil
}

func parseKeyring(raw []byte) (*Keyring, error) {
	var f keyFile
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, fmt.Errorf("not a key file: %w", err)
	}
	if f.Format != 1 {
		return nil, fmt.Errorf("format %d is unknown to this version", f.Format)
	}
	k := &Keyring{keys: map[uint32]sealKey{}, current: f.Current}
	for number, text := range f.Keys {
		id, err := strconv.ParseUint(number, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("key number %q", number)
		}
		key, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(key) != 16 {
			return nil, fmt.Errorf("key %d is damaged", id)
		}
		k.keys[uint32(id)] = newSealKey(key)
	}
	if _, ok := k.keys[k.current]; !ok {
		return nil, fmt.Errorf("current key %d is missing", k.current)
	}
	var err error
	if k.index, err = base64.StdEncoding.DecodeString(f.Index); err != nil || len(k.index) != 32 {
		return nil, errors.New("the index key is damaged")
	}
	return k, nil
}

// create stores a new keyring, and fails with fs.ErrExist where another process was faster.
func (k *Keyring) create(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	tmp, err := writeBeside(path, k.marshal())
	if err != nil {
		return err
	}
	defer os.Remove(tmp)
	return os.Link(tmp, path)
}

func (k *Keyring) marshal() []byte {
	f := keyFile{Format: 1, Current: k.current, Keys: map[string]string{}, Index: base64.StdEncoding.EncodeToString(k.index)}
	for id, key := range k.keys {
		f.Keys[strconv.FormatUint(uint64(id), 10)] = base64.StdEncoding.EncodeToString(key.raw)
	}
	raw, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		panic(err) // a struct of strings always marshals
	}
	return append(raw, '\n')
}
