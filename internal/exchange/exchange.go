package exchange

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"yichuang/internal/audit"
	"yichuang/internal/exchange/dialect"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/folder"
	"yichuang/internal/kit/log"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
)

// Options are what an Exchange stands on.
type Options struct {
	Pool     *pgxpool.Pool
	Keyring  *sm.Keyring
	Clock    clock.Clock
	Document *spec.Document        // nil: loaded; zones of one process may share it
	Log      *slog.Logger          // nil: none
	Registry prometheus.Registerer // nil: not measured; of two zones in one process, each wrapped with its zone as a label
	Audit    Recorder              // records every change of a setting, in its transaction
	// TLS has the certificate that we show to counterparts and the authorities whose certificates we believe; nil: none, and the machine's.
	TLS *tls.Config
	// Attachment gives the content of a file that our messages name by its digest; nil: none has files.
	Attachment func(ctx context.Context, digest string) ([]byte, error)
}

// Recorder keeps the audit record: *audit.Log.
type Recorder interface {
	Record(ctx context.Context, db pg.DB, e audit.Entry) error
}

// Actor is who changes a setting, and from which address.
type Actor struct{ ID, Name, Source string }

// Exchange is one zone's side of all its lines: endpoints, log and measures, on which its Client and Server stand.
type Exchange struct {
	pool       *pgxpool.Pool
	keyring    *sm.Keyring
	clock      clock.Clock // what time it is in the business
	machine    clock.Clock // how long something takes
	log        *slog.Logger
	audit      Recorder
	document   *spec.Document
	attachment func(ctx context.Context, digest string) ([]byte, error)
	dialects   map[string]dialect.Dialect
	known      *directory
	journal    *journal
	measures   *measures
}

// New makes an Exchange. The database must be migrated.
func New(o Options) (*Exchange, error) {
	if o.Pool == nil || o.Keyring == nil || o.Clock == nil || o.Audit == nil {
		return nil, errors.New("exchange: pool, keyring, clock and audit are needed")
	}
	if o.Document == nil {
		var err error
		if o.Document, err = spec.Load(); err != nil {
			return nil, err
		}
	}
	m, err := newMeasures(o.Registry)
	if err != nil {
		return nil, err
	}
	if o.Log == nil {
		o.Log = log.Discard()
	}
	x := &Exchange{
		pool: o.Pool, keyring: o.Keyring, clock: o.Clock, machine: clock.System(), log: o.Log, audit: o.Audit,
		document: o.Document, attachment: o.Attachment, dialects: dialects(o.Clock, dialect.NewClients(o.TLS)), journal: newJournal(o.Pool), measures: m,
	}
	x.known = newDirectory(x)
	return x, nil
}

// Dialects names the dialects an endpoint may have.
func (x *Exchange) Dialects() []string {
	names := make([]string, 0, len(x.dialects))
	for name := range x.dialects {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// GradeTo is the grade that a counterpart needs to be sent all that its operations hold.
func (x *Exchange) GradeTo(counterpart string) spec.Grade { return x.document.GradeTo(counterpart) }

// Endpoints lists all endpoints by counterpart, district and item.
func (x *Exchange) Endpoints(ctx context.Context) ([]Endpoint, error) {
	_, rows, err := loadEndpoints(ctx, x.pool)
	if err != nil {
		return nil, err
	}
	list := make([]Endpoint, len(rows))
	for i := range rows {
		if list[i], err = x.public(rows[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Endpoint finds one endpoint, or returns ErrNotFound.
func (x *Exchange) Endpoint(ctx context.Context, id uuid.UUID) (Endpoint, error) {
	all, err := x.Endpoints(ctx)
	if err != nil {
		return Endpoint{}, err
	}
	for _, e := range all {
		if e.ID == id {
			return e, nil
		}
	}
	return Endpoint{}, ErrNotFound
}

// SetEndpoint makes an endpoint (zero ID) or changes one (its Version must be the present one, else ErrStale). Nil keys keep those it
// has. The change is audited in the same transaction, and effective at once here, within a second in other processes.
// A wrong value is an *ErrSetting.
func (x *Exchange) SetEndpoint(ctx context.Context, by Actor, e Endpoint, keys *Keys, reason string) (Endpoint, error) {
	d := x.dialects[e.Dialect]
	if err := e.check(d); err != nil {
		return Endpoint{}, err
	}
	var saved Endpoint
	err := pg.InTx(ctx, x.pool, func(tx pgx.Tx) error {
		before, next, err := x.replace(ctx, tx, e)
		if err != nil {
			return err
		}
		if err := next.sealKeys(x.keyring, keys); err != nil {
			return err
		}
		if err := x.checkFolder(d, next); err != nil {
			return err
		}
		if d.Needs().Keys && len(next.secret) == 0 && len(next.signer) == 0 {
			return &ErrSetting{"keys", "需要我方签名私钥与对方公钥，或共享密钥"}
		}
		next.Version, next.UpdatedAt, next.UpdatedBy, next.OpenSince = e.Version+1, x.clock.Now(), by.ID, time.Time{}
		if err := x.alignSiblings(ctx, tx, next, keys, before == nil || before.PeerApp != next.PeerApp); err != nil {
			return err
		}
		if err := saveEndpoint(ctx, tx, next); err != nil {
			return err
		}
		if saved, err = x.public(next); err != nil {
			return err
		}
		return x.audit.Record(ctx, tx, change(by, reason, before, saved, keys != nil))
	})
	if err != nil {
		return Endpoint{}, err
	}
	x.known.expire()
	return saved, nil
}

// replace gives what an endpoint was (nil: it is new) and the row that takes its place, still with the old keys.
func (x *Exchange) replace(ctx context.Context, tx pgx.Tx, e Endpoint) (before *Endpoint, next row, err error) {
	next = row{Endpoint: e}
	if e.ID == uuid.Nil {
		next.ID, next.PeerKey = uuid.Must(uuid.NewV7()), ""
		return nil, next, nil
	}
	old, err := lockEndpoint(ctx, tx, e.ID)
	if err != nil {
		return nil, row{}, err
	}
	if old.Version != e.Version {
		return nil, row{}, ErrStale
	}
	was, err := x.public(old)
	if err != nil {
		return nil, row{}, err
	}
	next.signer, next.secret, next.PeerKey, next.folderPassword = old.signer, old.secret, old.PeerKey, old.folderPassword
	return &was, next, nil
}

// checkFolder tells whether the folder can work, its password included.
func (x *Exchange) checkFolder(d dialect.Dialect, r row) error {
	if r.Folder == "" && !d.Needs().Folder {
		return nil
	}
	l, err := x.line(r)
	if err != nil {
		return err
	}
	switch err := l.Folder.Check(); {
	case errors.Is(err, folder.ErrHostKey):
		return &ErrSetting{"folderKey", "应为 SFTP 服务器的公钥，如 ssh-ed25519 AAAA…"}
	case errors.Is(err, folder.ErrPassword):
		return &ErrSetting{"folderPassword", "请填写 SFTP 密码"}
	case err != nil:
		return &ErrSetting{"folder", "应为 file:///目录 或 sftp://用户@主机:端口/目录"}
	}
	return nil
}

// alignSiblings keeps one system to one key: new keys go to all endpoints of its application, and an endpoint that joins must bring the same.
func (x *Exchange) alignSiblings(ctx context.Context, tx pgx.Tx, e row, keys *Keys, joins bool) error {
	others, err := siblings(ctx, tx, e)
	if err != nil {
		return err
	}
	for _, other := range others {
		if other.Counterpart != e.Counterpart {
			return &ErrSetting{"peerApp", "这个应用号属于“" + other.Name + "”，不是同类系统"}
		}
		if keys == nil {
			if joins && (other.PeerKey != e.PeerKey || len(other.secret) > 0) {
				return &ErrSetting{"keys", "应用号与“" + other.Name + "”相同，请一并录入密钥"}
			}
			continue
		}
		if err := other.sealKeys(x.keyring, keys); err != nil {
			return err
		}
		other.Version, other.UpdatedAt, other.UpdatedBy = other.Version+1, e.UpdatedAt, e.UpdatedBy
		if err := saveEndpoint(ctx, tx, other); err != nil {
			return err
		}
	}
	return nil
}

// public is the endpoint without its private keys.
func (x *Exchange) public(r row) (Endpoint, error) {
	e := r.Endpoint
	e.Scheme, e.OwnKey = "", ""
	switch {
	case len(r.secret) > 0:
		e.Scheme = spec.SchemeHMAC
	case len(r.signer) > 0:
		signer, err := x.openSigner(r)
		if err != nil {
			return Endpoint{}, err
		}
		e.Scheme, e.OwnKey = spec.SchemeSM2, string(signer.Public().PEM())
	}
	return e, nil
}

func (x *Exchange) openSigner(r row) (*sm.Signer, error) {
	pem, err := x.keyring.Open(r.signer, keyPlace(r.ID, "signer"))
	if err != nil {
		return nil, fmt.Errorf("key of endpoint %s: %w", r.Name, err)
	}
	signer, err := sm.ParseSigner(pem)
	if err != nil {
		return nil, fmt.Errorf("key of endpoint %s: %w", r.Name, err)
	}
	return signer, nil
}

// line is what a dialect needs to reach the endpoint.
func (x *Exchange) line(r row) (dialect.Line, error) {
	l := dialect.Line{BaseURL: r.BaseURL, Certificate: r.Certificate, District: r.District, Folder: folder.Address{URL: r.Folder, HostKey: r.FolderKey}, Self: spec.Identity{App: r.App}}
	if len(r.folderPassword) > 0 {
		password, err := x.keyring.Open(r.folderPassword, keyPlace(r.ID, "folder_password"))
		if err != nil {
			return l, fmt.Errorf("folder password of endpoint %s: %w", r.Name, err)
		}
		l.Folder.Password = string(password)
	}
	if len(r.secret) > 0 {
		secret, err := x.keyring.Open(r.secret, keyPlace(r.ID, "secret"))
		if err != nil {
			return l, fmt.Errorf("secret of endpoint %s: %w", r.Name, err)
		}
		l.Self.Key, l.Peer = spec.Secret(secret), spec.Secret(secret)
		return l, nil
	}
	if len(r.signer) == 0 {
		return l, nil // a desk
	}
	signer, err := x.openSigner(r)
	if err != nil {
		return l, err
	}
	peer, err := sm.ParsePublicKey([]byte(r.PeerKey))
	if err != nil {
		return l, fmt.Errorf("public key of endpoint %s: %w", r.Name, err)
	}
	l.Self.Key, l.Peer = spec.SM2Key(signer), spec.SM2Verifier(peer)
	return l, nil
}

// CallsKept is how long zones keep the calls of counterparts for their administrators.
const CallsKept = 90 * 24 * time.Hour

// Sweep removes what is no longer needed: nonces too old to be taken for fresh, and kept answers older than keep. It is run
// once an hour or so.
func (x *Exchange) Sweep(ctx context.Context, keep time.Duration) error {
	now := x.clock.Now()
	if _, err := x.pool.Exec(ctx, `DELETE FROM exchange_nonces WHERE fresh_until < $1`, now.Add(-spec.MaxSkew)); err != nil {
		return fmt.Errorf("sweep nonces: %w", err)
	}
	if _, err := x.pool.Exec(ctx, `DELETE FROM exchange_inbox WHERE at < $1`, now.Add(-keep)); err != nil {
		return fmt.Errorf("sweep inbox: %w", err)
	}
	return nil
}
