package flow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/pg"
)

// Library holds definitions by their version, and which of them new instances of a process start on. It is safe for
// concurrent use.
type Library struct {
	mu      sync.RWMutex
	current map[string]*Definition // by process
	version map[string]*Definition // by digest
}

// NewLibrary makes a library of definitions, each the current one of its process.
func NewLibrary(defs ...*Definition) *Library {
	l := &Library{current: map[string]*Definition{}, version: map[string]*Definition{}}
	for _, d := range defs {
		l.Add(d)
	}
	return l
}

// Add makes the definition the one that new instances of its process start on. Running ones stay on theirs.
func (l *Library) Add(d *Definition) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.current[d.ID], l.version[d.Digest] = d, d
}

// Current is the definition that new instances of the process start on.
func (l *Library) Current(process string) (*Definition, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	d, ok := l.current[process]
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrNoSuchProcess, process)
	}
	return d, nil
}

// Install stores the current definitions in the database where they are not yet, so that instances find theirs after
// the next version has come. An instance can only start on an installed definition.
func (l *Library) Install(ctx context.Context, db pg.DB, now time.Time) error {
	l.mu.RLock()
	batch := &pgx.Batch{}
	for _, d := range l.current {
		batch.Queue(`INSERT INTO flow_definition (digest, process, source, published) VALUES ($1, $2, $3, $4) ON CONFLICT (digest) DO NOTHING`,
			d.Digest, d.ID, string(d.Source), now)
	}
	l.mu.RUnlock()
	if err := db.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("flow: install definitions: %w", err)
	}
	return nil
}

// find gives the version with a digest, from the database when it is an older one that this process has not met yet.
func (l *Library) find(ctx context.Context, db pg.DB, digest string) (*Definition, error) {
	l.mu.RLock()
	d, ok := l.version[digest]
	l.mu.RUnlock()
	if ok {
		return d, nil
	}
	var source string
	err := db.QueryRow(ctx, `SELECT source FROM flow_definition WHERE digest = $1`, digest).Scan(&source)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("%w: version %s", ErrNoSuchProcess, digest)
	}
	if err != nil {
		return nil, fmt.Errorf("flow: load definition: %w", err)
	}
	if d, err = Parse(bytes.NewReader([]byte(source))); err != nil {
		return nil, fmt.Errorf("flow: version %s: %w", digest, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.version[digest] = d
	return d, nil
}
