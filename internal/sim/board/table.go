package board

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// ErrNone says that a table has no row with the key.
var ErrNone = errors.New("no such row")

// Table is a small map from key to T that survives the death of the process: each change is one line, written
// to the end of a file before it is visible. (It is not synced: a power cut may lose the last lines, a kill may not.)
// A key is never empty. Rows that are handed out are shared, so read them and change them through Update only.
type Table[T any] struct {
	path string

	mu   sync.RWMutex
	file *os.File
	rows map[string]T
	keys []string // in order of first appearance, with gaps ("") where a row was deleted
	at   map[string]int
}

// line is one change of the file; a nil Value deletes.
type line struct {
	Key   string          `json:"k"`
	Value json.RawMessage `json:"v,omitempty"`
}

// OpenTable loads the table of that name from the board's folder.
func OpenTable[T any](b *Board, name string) (*Table[T], error) {
	t := &Table[T]{path: b.Path(name + ".jsonl"), rows: map[string]T{}, at: map[string]int{}}
	if err := t.load(); err != nil {
		return nil, fmt.Errorf("table %s: %w", name, err)
	}
	return t, nil
}

func (t *Table[T]) load() error {
	f, err := os.OpenFile(t.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	t.file = f
	lines, whole := 0, int64(0)
	for r := bufio.NewReader(f); ; lines++ {
		raw, err := r.ReadBytes('\n')
		if err == io.EOF {
			break // what follows the last newline was cut off by a kill
		}
		if err != nil {
			return err
		}
		if err := t.replay(raw); err != nil {
			return fmt.Errorf("line %d: %w", lines+1, err)
		}
		whole += int64(len(raw))
	}
	if err := f.Truncate(whole); err != nil {
		return err
	}
	if lines > 2*len(t.rows)+1000 {
		return t.compact()
	}
	return nil
}

func (t *Table[T]) replay(raw []byte) error {
	var l line
	if err := json.Unmarshal(raw, &l); err != nil {
		return err
	}
	if l.Value == nil {
		t.drop(l.Key)
		return nil
	}
	var v T
	if err := json.Unmarshal(l.Value, &v); err != nil {
		return err
	}
	t.set(l.Key, v)
	return nil
}

// compact rewrites the file with one line a row.
func (t *Table[T]) compact() error {
	var buf bytes.Buffer
	for _, k := range t.keys {
		if k == "" {
			continue
		}
		raw, err := encodeLine(k, t.rows[k])
		if err != nil {
			return err
		}
		buf.Write(raw)
	}
	next := t.path + ".new"
	if err := os.WriteFile(next, buf.Bytes(), 0o600); err != nil {
		return err
	}
	if err := os.Rename(next, t.path); err != nil {
		return err
	}
	f, err := os.OpenFile(t.path, os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	old := t.file
	t.file = f
	return old.Close()
}

func encodeLine(key string, v any) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	out, err := json.Marshal(line{Key: key, Value: raw})
	return append(out, '\n'), err
}

func (t *Table[T]) set(key string, v T) {
	if _, ok := t.at[key]; !ok {
		t.at[key] = len(t.keys)
		t.keys = append(t.keys, key)
	}
	t.rows[key] = v
}

func (t *Table[T]) drop(key string) {
	if i, ok := t.at[key]; ok {
		t.keys[i] = ""
		delete(t.at, key)
		delete(t.rows, key)
	}
	if len(t.keys) > 2*len(t.rows)+64 {
		t.closeGaps()
	}
}

func (t *Table[T]) closeGaps() {
	kept := make([]string, 0, len(t.rows))
	for _, k := range t.keys {
		if k != "" {
			t.at[k] = len(kept)
			kept = append(kept, k)
		}
	}
	t.keys = kept
}

// Get returns the row of a key.
func (t *Table[T]) Get(key string) (T, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	v, ok := t.rows[key]
	return v, ok
}

// Put stores a row, new or not. The caller gives it away.
func (t *Table[T]) Put(key string, v T) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.put(key, v)
}

func (t *Table[T]) put(key string, v T) error {
	raw, err := encodeLine(key, v)
	if err != nil {
		return fmt.Errorf("row %s: %w", key, err)
	}
	if _, err := t.file.Write(raw); err != nil {
		return fmt.Errorf("row %s: %w", key, err)
	}
	t.set(key, v)
	return nil
}

// Add stores a row unless the key has one; it returns the row that stands and whether it is the new one.
func (t *Table[T]) Add(key string, v T) (T, bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if old, ok := t.rows[key]; ok {
		return old, false, nil
	}
	return v, true, t.put(key, v)
}

// Update changes the row of a key in place and returns it. An error of change leaves it as it was; a key without a
// row is ErrNone.
func (t *Table[T]) Update(key string, change func(*T) error) (T, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	old, ok := t.rows[key]
	if !ok {
		return old, ErrNone
	}
	next, err := clone(old)
	if err != nil {
		return old, fmt.Errorf("row %s: %w", key, err)
	}
	if err := change(&next); err != nil {
		return old, err
	}
	return next, t.put(key, next)
}

// clone copies all that a row refers to, so that a reader of the old one sees no change.
func clone[T any](v T) (T, error) {
	var out T
	raw, err := json.Marshal(v)
	if err != nil {
		return out, err
	}
	return out, json.Unmarshal(raw, &out)
}

// Delete removes the row of a key, if there is one.
func (t *Table[T]) Delete(key string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.rows[key]; !ok {
		return nil
	}
	raw, err := json.Marshal(line{Key: key})
	if err != nil {
		return err
	}
	if _, err := t.file.Write(append(raw, '\n')); err != nil {
		return fmt.Errorf("row %s: %w", key, err)
	}
	t.drop(key)
	return nil
}

// List returns all rows, oldest key first.
func (t *Table[T]) List() []T {
	t.mu.RLock()
	defer t.mu.RUnlock()
	out := make([]T, 0, len(t.rows))
	for _, k := range t.keys {
		if k != "" {
			out = append(out, t.rows[k])
		}
	}
	return out
}

// Keys returns the keys of all rows, oldest first.
func (t *Table[T]) Keys() []string {
	t.mu.RLock()
	defer t.mu.RUnlock()
	out := make([]string, 0, len(t.rows))
	for _, k := range t.keys {
		if k != "" {
			out = append(out, k)
		}
	}
	return out
}

// Len counts the rows.
func (t *Table[T]) Len() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.rows)
}

// Find returns the oldest row that match accepts.
func (t *Table[T]) Find(match func(T) bool) (T, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, k := range t.keys {
		if k != "" && match(t.rows[k]) {
			return t.rows[k], true
		}
	}
	var none T
	return none, false
}
