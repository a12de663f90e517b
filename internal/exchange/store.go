package exchange

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
)

// row is an endpoint with its sealed keys, as it lies in the table.
type row struct {
	Endpoint
	signer, secret, folderPassword []byte
}

const endpointColumns = `id, name, counterpart, district, item, party, dialect, base_url, app, peer_app, signer, peer_key, secret,
	timeout_ms, attempts, retry_delay_ms, rate, burst, concurrency, breaker_failures, breaker_delay_ms,
	enabled, certificate, folder, folder_key, folder_password, grade, quiet_from, quiet_to, open_since, version, updated_at, updated_by`

func scanEndpoint(r pgx.CollectableRow) (row, error) {
	var (
		e                                 row
		timeout, retryDelay, breakerDelay int64
		openSince                         *time.Time
	)
	err := r.Scan(&e.ID, &e.Name, &e.Counterpart, &e.District, &e.Item, &e.Party, &e.Dialect, &e.BaseURL, &e.App, &e.PeerApp, &e.signer, &e.PeerKey, &e.secret,
		&timeout, &e.Limits.Attempts, &retryDelay, &e.Limits.Rate, &e.Limits.Burst, &e.Limits.Concurrency, &e.Limits.BreakerFailures, &breakerDelay,
		&e.Enabled, &e.Certificate, &e.Folder, &e.FolderKey, &e.folderPassword, &e.Grade, &e.Quiet.From, &e.Quiet.To, &openSince, &e.Version, &e.UpdatedAt, &e.UpdatedBy)
	e.Limits.Timeout = time.Duration(timeout) * time.Millisecond
	e.Limits.RetryDelay = time.Duration(retryDelay) * time.Millisecond
	e.Limits.BreakerDelay = time.Duration(breakerDelay) * time.Millisecond
	if openSince != nil {
		e.OpenSince = *openSince
	}
	return e, err
}

// loadEndpoints reads all endpoints and the version of the configuration they belong to.
func loadEndpoints(ctx context.Context, db pg.DB) (int64, []row, error) {
	version, err := configVersion(ctx, db)
	if err != nil {
		return 0, nil, err
	}
	rows, err := db.Query(ctx, `SELECT `+endpointColumns+` FROM exchange_endpoints ORDER BY counterpart, party, district, item`)
	if err != nil {
		return 0, nil, fmt.Errorf("load endpoints: %w", err)
	}
	all, err := pgx.CollectRows(rows, scanEndpoint)
	if err != nil {
		return 0, nil, fmt.Errorf("load endpoints: %w", err)
	}
	return version, all, nil
}

func configVersion(ctx context.Context, db pg.DB) (version int64, err error) {
	if err = db.QueryRow(ctx, `SELECT version FROM exchange_config`).Scan(&version); err != nil {
		return 0, fmt.Errorf("configuration version: %w", err)
	}
	return version, nil
}

// lockEndpoint reads one endpoint for a change.
func lockEndpoint(ctx context.Context, tx pgx.Tx, id uuid.UUID) (row, error) {
	rows, err := tx.Query(ctx, `SELECT `+endpointColumns+` FROM exchange_endpoints WHERE id = $1 FOR UPDATE`, id)
	if err != nil {
		return row{}, fmt.Errorf("lock endpoint: %w", err)
	}
	e, err := pgx.CollectExactlyOneRow(rows, scanEndpoint)
	if errors.Is(err, pgx.ErrNoRows) {
		return row{}, ErrNotFound
	}
	if err != nil {
		return row{}, fmt.Errorf("lock endpoint: %w", err)
	}
	return e, nil
}

// saveEndpoint writes the endpoint whole, and moves the version of the configuration.
func saveEndpoint(ctx context.Context, tx pgx.Tx, e row) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO exchange_endpoints (`+endpointColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, NULL, $30, $31, $32)
		ON CONFLICT (id) DO UPDATE SET
			name = excluded.name, counterpart = excluded.counterpart, district = excluded.district, item = excluded.item, party = excluded.party,
			dialect = excluded.dialect, base_url = excluded.base_url, app = excluded.app, peer_app = excluded.peer_app,
			signer = excluded.signer, peer_key = excluded.peer_key, secret = excluded.secret,
			timeout_ms = excluded.timeout_ms, attempts = excluded.attempts, retry_delay_ms = excluded.retry_delay_ms,
			rate = excluded.rate, burst = excluded.burst, concurrency = excluded.concurrency,
			breaker_failures = excluded.breaker_failures, breaker_delay_ms = excluded.breaker_delay_ms,
			enabled = excluded.enabled, certificate = excluded.certificate, folder = excluded.folder, folder_key = excluded.folder_key, folder_password = excluded.folder_password,
			grade = excluded.grade, quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to, open_since = NULL, version = excluded.version,
			updated_at = excluded.updated_at, updated_by = excluded.updated_by`,
		e.ID, e.Name, e.Counterpart, e.District, e.Item, e.Party, e.Dialect, e.BaseURL, e.App, e.PeerApp, e.signer, e.PeerKey, e.secret,
		e.Limits.Timeout.Milliseconds(), e.Limits.Attempts, e.Limits.RetryDelay.Milliseconds(), e.Limits.Rate, e.Limits.Burst, e.Limits.Concurrency,
		e.Limits.BreakerFailures, e.Limits.BreakerDelay.Milliseconds(), e.Enabled, e.Certificate, e.Folder, e.FolderKey, e.folderPassword, e.Grade, e.Quiet.From, e.Quiet.To, e.Version, e.UpdatedAt, e.UpdatedBy)
	if pg.IsUnique(err, "exchange_endpoints_route") {
		return &ErrSetting{"district", "这个对方系统在该区县、事项上已有接入点，改那一个即可"}
	}
	if err != nil {
		return fmt.Errorf("save endpoint: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE exchange_config SET version = version + 1`); err != nil {
		return fmt.Errorf("save endpoint: %w", err)
	}
	return nil
}

// siblings reads the other endpoints of the same system, for a change.
func siblings(ctx context.Context, tx pgx.Tx, e row) ([]row, error) {
	if e.PeerApp == "" {
		return nil, nil
	}
	rows, err := tx.Query(ctx, `SELECT `+endpointColumns+` FROM exchange_endpoints WHERE peer_app = $1 AND id <> $2 ORDER BY id FOR UPDATE`, e.PeerApp, e.ID)
	if err != nil {
		return nil, fmt.Errorf("endpoints of %s: %w", e.PeerApp, err)
	}
	all, err := pgx.CollectRows(rows, scanEndpoint)
	if err != nil {
		return nil, fmt.Errorf("endpoints of %s: %w", e.PeerApp, err)
	}
	return all, nil
}

// markOpen notes since when an endpoint's circuit is open, for the pages; zero is closed.
func markOpen(ctx context.Context, db pg.DB, id uuid.UUID, since time.Time) error {
	var at *time.Time
	if !since.IsZero() {
		at = &since
	}
	_, err := db.Exec(ctx, `UPDATE exchange_endpoints SET open_since = $2 WHERE id = $1`, id, at)
	return err
}

// keyPlace binds a sealed key to its endpoint and column.
func keyPlace(id uuid.UUID, column string) []byte {
	return []byte("exchange_endpoints." + column + "/" + id.String())
}

// sealKeys puts new keys into the row; nil keeps those it has.
func (e *row) sealKeys(ring *sm.Keyring, keys *Keys) error {
	if keys == nil {
		return nil
	}
	if keys.Folder != "" {
		e.folderPassword = ring.Seal([]byte(keys.Folder), keyPlace(e.ID, "folder_password"))
	}
	switch {
	case len(keys.Secret) > 0:
		if len(keys.Secret) < 16 || keys.Signer != nil || keys.Peer != nil {
			return &ErrSetting{"keys", "共享密钥至少 16 字节，且不与 SM2 密钥并用"}
		}
		e.secret, e.signer, e.PeerKey = ring.Seal(keys.Secret, keyPlace(e.ID, "secret")), nil, ""
		return nil
	case keys.Signer == nil && keys.Peer == nil:
		return nil
	case keys.Signer == nil && len(e.signer) == 0 || keys.Peer == nil && e.PeerKey == "":
		return &ErrSetting{"keys", "需要我方签名私钥与对方公钥"}
	}
	if keys.Signer != nil {
		e.signer = ring.Seal(keys.Signer.PEM(), keyPlace(e.ID, "signer"))
	}
	if keys.Peer != nil {
		e.PeerKey = string(keys.Peer.PEM())
	}
	e.secret = nil
	return nil
}
