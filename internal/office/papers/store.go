package papers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/blob"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/doc"
	"yichuang/internal/kit/doc/code"
	"yichuang/internal/kit/doc/esign"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
)

// State says whether a paper still holds.
type State string

// The states. Only a valid paper changes its state, once.
const (
	Valid      State = "valid"
	Superseded State = "superseded" // a later one stands in its place
	Cancelled  State = "cancelled"
)

// The errors of the store.
var (
	ErrNotFound    = errors.New("no such paper")
	ErrNumberTaken = errors.New("a paper of this kind has the number already")
	ErrNotValid    = errors.New("the paper is superseded or cancelled already")
	ErrSignature   = errors.New("the record of the paper does not match its signature")
)

// maxPDF bounds a rendered file; a contract with 40 parties has 0.3 MB.
const maxPDF = 20 << 20

// Config is what a Store needs.
type Config struct {
	Fonts  *doc.Fonts
	Blobs  *blob.Store
	Keys   *sm.Keyring
	Signer *sm.Signer      // the office's: signs what is issued
	Former []*sm.PublicKey // of keys that signed before it
	Seal   *esign.Identity // the same key with its certificate: signs the file itself
	Clock  clock.Clock
	Random io.Reader // crypto/rand.Reader
	Verify string    // address of the hall, under which /v/{code} answers
}

// Store issues papers and keeps what was issued.
type Store struct {
	Config
	signer string // name of the signing key
	public map[string]*sm.PublicKey
}

// NewStore checks what it is given and returns a store.
func NewStore(c Config) (*Store, error) {
	u, err := url.Parse(c.Verify)
	if err != nil || u.Scheme == "" || u.Host == "" {
		return nil, fmt.Errorf("papers: %q is no address for verification", c.Verify)
	}
	if c.Seal == nil {
		return nil, errors.New("papers: no identity to seal with")
	}
	c.Verify = strings.TrimRight(c.Verify, "/")
	s := &Store{Config: c, signer: keyName(c.Signer.Public()), public: map[string]*sm.PublicKey{}}
	for _, k := range append([]*sm.PublicKey{c.Signer.Public()}, c.Former...) {
		s.public[keyName(k)] = k
	}
	return s, nil
}

func keyName(k *sm.PublicKey) string { return sm.SM3Hex(k.PEM()) }

// Paper is a document to be issued.
type Paper struct {
	District string    // whose registry issues
	Case     uuid.UUID // uuid.Nil: none
	Holders  []Party   // whose paper it is: who may see it, and by whose name it is verified
	Title    string    // shown in lists; empty: the name of the kind
	Content  Content
	// Once names an occasion: a second issue for the same case, kind and occasion returns the first paper and makes
	// nothing. Empty: every issue makes a paper.
	Once string
	// Replaces makes this kind's valid papers of the case superseded.
	Replaces bool
}

// Party is a holder of a paper.
type Party struct {
	Ref  string // in the application: "b1"; empty for others, such as a bank
	Name string // in full
}

// Issued is a paper as it stands in the record.
type Issued struct {
	ID        uuid.UUID
	Code      code.Code
	Kind      Kind
	District  string
	Issuer    string
	Case      uuid.UUID
	Title     string
	Number    string
	Holders   []Party
	Digest    string // SM3 of the PDF
	Size      int64
	IssuedAt  time.Time
	Signature []byte // SM2 of the office over Statement
	Signer    string // SM3 of the public key
	State     State
	Reason    string   // why it is no longer valid
	Ended     []Issued // what this issue has superseded; known to Issue only
}

// Names are the full names of the holders.
func (i Issued) Names() []string {
	out := make([]string, len(i.Holders))
	for k, h := range i.Holders {
		out[k] = h.Name
	}
	return out
}

// Refs are the parties of the application who may see the paper.
func (i Issued) Refs() []string {
	var out []string
	for _, h := range i.Holders {
		if h.Ref != "" {
			out = append(out, h.Ref)
		}
	}
	return out
}

// Statement is what the office signs: all that was issued, state aside.
func (i Issued) Statement() []byte {
	return []byte(strings.Join([]string{"yichuang paper 1", string(i.Code), string(i.Kind), i.Issuer, i.Number, strings.Join(i.Names(), "、"),
		i.IssuedAt.UTC().Format(time.RFC3339), i.Digest}, "\n"))
}

// Issue renders a document, signs and keeps its PDF, and writes the record in the caller's transaction. The file is stored at once: if
// the transaction fails, it stays behind unnamed. Errors: ErrIncomplete, *doc.MissingError, ErrNumberTaken.
func (s *Store) Issue(ctx context.Context, tx pgx.Tx, p Paper) (Issued, error) {
	office, ok := OfficeOf(p.District)
	if !ok {
		return Issued{}, fmt.Errorf("papers: no registry of district %q", p.District)
	}
	if p.Once != "" {
		if old, err := s.once(ctx, tx, p); !errors.Is(err, ErrNotFound) {
			return old, err
		}
	}
	i := Issued{ID: uuid.Must(uuid.NewV7()), Kind: p.Content.kind(), District: p.District, Issuer: office.Name, Case: p.Case, Title: p.Title,
		Holders: p.Holders, IssuedAt: s.Clock.Now().Truncate(time.Second), Signer: s.signer, State: Valid}
	if named, ok := p.Content.(interface{ title() string }); ok && i.Title == "" {
		i.Title = named.title()
	}
	if i.Title == "" {
		i.Title = i.Kind.Label()
	}
	var err error
	if i.Code, err = code.New(s.Random); err != nil {
		return Issued{}, err
	}
	if i.Number, err = s.number(ctx, tx, p.Content, office, i.IssuedAt); err != nil {
		return Issued{}, err
	}
	pdf, err := Render(s.Fonts, p.Content, Stamp{Office: office, Number: i.Number, Code: i.Code, URL: s.Verify + "/v/" + string(i.Code), At: i.IssuedAt})
	if err != nil {
		return Issued{}, err
	}
	if pdf, err = esign.Sign(pdf, s.Seal, esign.Note{Name: s.Seal.Owner(), Reason: "签发" + i.Kind.Label() + " " + i.Number, At: i.IssuedAt}); err != nil {
		return Issued{}, fmt.Errorf("papers: seal %s: %w", i.Kind, err)
	}
	ref, err := s.Blobs.Put(ctx, bytes.NewReader(pdf), maxPDF)
	if err != nil {
		return Issued{}, fmt.Errorf("papers: keep %s: %w", i.Kind, err)
	}
	i.Digest, i.Size = ref.Digest, ref.Size
	if i.Signature, err = s.Signer.Sign(i.Statement()); err != nil {
		return Issued{}, fmt.Errorf("papers: sign %s: %w", i.Kind, err)
	}
	if p.Replaces {
		if i.Ended, err = s.supersede(ctx, tx, i); err != nil {
			return Issued{}, err
		}
	}
	return i, s.insert(ctx, tx, i, p.Once)
}

// number returns the document's own number or gives the next one of its kind, issuer and year.
func (s *Store) number(ctx context.Context, tx pgx.Tx, c Content, o Office, at time.Time) (string, error) {
	if own := c.ownNumber(); own != "" {
		return own, nil
	}
	if err := c.check(); err != nil { // before the lock on the series
		return "", err
	}
	year := at.In(clock.Shanghai()).Year()
	var serial int
	err := tx.QueryRow(ctx, `INSERT INTO paper_serials AS s (kind, issuer, year, last) VALUES ($1, $2, $3, 1)
		ON CONFLICT (kind, issuer, year) DO UPDATE SET last = s.last + 1 RETURNING last`, c.kind(), o.Issuing, year).Scan(&serial)
	if err != nil {
		return "", fmt.Errorf("papers: number %s: %w", c.kind(), err)
	}
	return serialNumber(c.kind(), o, year, serial), nil
}

func (s *Store) insert(ctx context.Context, tx pgx.Tx, i Issued, once string) error {
	_, err := tx.Exec(ctx, `INSERT INTO papers (id, code, kind, district, issuer, case_id, title, number, digest, size, issued_at, signature, signer,
		once, state_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, nullif($14, ''), $11)`,
		i.ID, i.Code, i.Kind, i.District, i.Issuer, nullable(i.Case), i.Title, i.Number, i.Digest, i.Size, i.IssuedAt, i.Signature, i.Signer, once)
	if pg.IsUnique(err, "papers_number") {
		return fmt.Errorf("%w: %s", ErrNumberTaken, i.Number)
	}
	if err != nil {
		return fmt.Errorf("papers: record %s: %w", i.Kind, err)
	}
	for seq, h := range i.Holders {
		sealed := s.Keys.SealString(h.Name, place(i.ID, seq))
		if _, err := tx.Exec(ctx, `INSERT INTO paper_holders (paper_id, seq, ref, name) VALUES ($1, $2, $3, $4)`, i.ID, seq, h.Ref, sealed); err != nil {
			return fmt.Errorf("papers: record holder: %w", err)
		}
	}
	return nil
}

// place binds a sealed name to its row.
func place(id uuid.UUID, seq int) string { return fmt.Sprintf("paper_holders.name:%s:%d", id, seq) }

func nullable(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

// once finds the paper that an occasion has already had.
func (s *Store) once(ctx context.Context, db pg.DB, p Paper) (Issued, error) {
	return s.one(ctx, db, `case_id = $1 AND kind = $2 AND once = $3`, p.Case, p.Content.kind(), p.Once)
}

// supersede ends the valid papers of the kind that the case has.
func (s *Store) supersede(ctx context.Context, tx pgx.Tx, i Issued) ([]Issued, error) {
	old, err := s.find(ctx, tx, `case_id = $1 AND kind = $2 AND state = 'valid' ORDER BY issued_at, id FOR UPDATE`, i.Case, i.Kind)
	if err != nil {
		return nil, err
	}
	for k := range old {
		if old[k], err = s.End(ctx, tx, old[k].ID, Superseded, "已由 "+i.Number+" 替换"); err != nil {
			return nil, err
		}
	}
	return old, nil
}

// End makes a valid paper superseded or cancelled, for a reason that the public may read. Errors: ErrNotFound, ErrNotValid.
func (s *Store) End(ctx context.Context, tx pgx.Tx, id uuid.UUID, state State, reason string) (Issued, error) {
	i, err := s.one(ctx, tx, `id = $1 FOR UPDATE`, id)
	switch {
	case err != nil:
		return Issued{}, err
	case i.State != Valid:
		return Issued{}, ErrNotValid
	}
	i.State, i.Reason = state, reason
	if _, err := tx.Exec(ctx, `UPDATE papers SET state = $2, state_at = $3, reason = $4 WHERE id = $1`, id, state, s.Clock.Now(), reason); err != nil {
		return Issued{}, fmt.Errorf("papers: end %s: %w", i.Number, err)
	}
	return i, nil
}

// ByCase lists the papers of a case, oldest first.
func (s *Store) ByCase(ctx context.Context, db pg.DB, id uuid.UUID) ([]Issued, error) {
	return s.find(ctx, db, `case_id = $1 ORDER BY issued_at, id`, id) // papers_case
}

// ByCode finds a paper by its code. Error: ErrNotFound.
func (s *Store) ByCode(ctx context.Context, db pg.DB, c code.Code) (Issued, error) {
	return s.one(ctx, db, `code = $1`, c)
}

// ByNumber finds a certificate or another paper by kind and number. Error: ErrNotFound.
func (s *Store) ByNumber(ctx context.Context, db pg.DB, k Kind, number string) (Issued, error) {
	return s.one(ctx, db, `kind = $1 AND number = $2`, k, number)
}

// PDF returns the file of a paper, after checking the signature of its record (the file store checks the digest).
// Error: ErrSignature.
func (s *Store) PDF(ctx context.Context, i Issued) ([]byte, error) {
	key, ok := s.public[i.Signer]
	if !ok || key.Verify(i.Statement(), i.Signature) != nil {
		return nil, ErrSignature
	}
	return s.Blobs.Get(ctx, i.Digest)
}

func (s *Store) one(ctx context.Context, db pg.DB, where string, args ...any) (Issued, error) {
	found, err := s.find(ctx, db, where, args...)
	if err != nil {
		return Issued{}, err
	}
	if len(found) == 0 {
		return Issued{}, ErrNotFound
	}
	return found[0], nil
}

// find reads papers by a condition of this file.
func (s *Store) find(ctx context.Context, db pg.DB, where string, args ...any) ([]Issued, error) {
	rows, err := db.Query(ctx, `SELECT id, code, kind, district, issuer, coalesce(case_id, '00000000-0000-0000-0000-000000000000'), title, number,
		digest, size, issued_at, signature, signer, state, reason FROM papers WHERE `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("papers: read: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (i Issued, err error) {
		err = r.Scan(&i.ID, &i.Code, &i.Kind, &i.District, &i.Issuer, &i.Case, &i.Title, &i.Number, &i.Digest, &i.Size, &i.IssuedAt, &i.Signature,
			&i.Signer, &i.State, &i.Reason)
		i.IssuedAt = i.IssuedAt.In(clock.Shanghai())
		return i, err
	})
	if err != nil {
		return nil, fmt.Errorf("papers: read: %w", err)
	}
	for k := range out {
		if out[k].Holders, err = s.holders(ctx, db, out[k].ID); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *Store) holders(ctx context.Context, db pg.DB, id uuid.UUID) ([]Party, error) {
	rows, err := db.Query(ctx, `SELECT seq, ref, name FROM paper_holders WHERE paper_id = $1 ORDER BY seq`, id)
	if err != nil {
		return nil, fmt.Errorf("papers: read holders: %w", err)
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (p Party, err error) {
		var seq int
		var sealed []byte
		if err = r.Scan(&seq, &p.Ref, &sealed); err != nil {
			return p, err
		}
		p.Name, err = s.Keys.OpenString(sealed, place(id, seq))
		return p, err
	})
}
