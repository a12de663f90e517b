package application

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"mime/multipart"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/blob"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
)

// MaxFile is how large a file may be, in bytes.
const MaxFile = 20 << 20

// MaxUpload is the limit of a request that carries one: above MaxFile, so that a file that is too large is still read and
// refused with its own sentence.
const MaxUpload = 32 << 20

// thumbSide is the longer side of the small picture that is kept beside a file, in pixels.
const thumbSide = 192

// Uploads takes files that people bring for an application, by one set of rules wherever they are asked: what a file is follows from
// its bytes, the same file counts once, nobody but the parties sees it.
type Uploads struct {
	pool  *pgxpool.Pool
	keys  *sm.Keyring
	blobs *blob.Store
	clock clock.Clock
}

// Stored is a file of an application.
type Stored struct {
	message.File
	ID   uuid.UUID
	App  uuid.UUID
	Slot string
	At   time.Time
}

// FileFault is what is wrong with a file; it names the sentence that says so. It is a web.Fault.
type FileFault struct {
	ID    string
	Slots map[string]any
}

func (f FileFault) Error() string { return "application: file refused: " + f.ID }

// Sentence names the sentence that tells the person so.
func (f FileFault) Sentence() (string, map[string]any) { return f.ID, f.Slots }

// Take stores the file of a form field under a slot of the application, which takes at most max files. Errors that the person can
// mend are FileFault.
func (u *Uploads) Take(ctx context.Context, app, by uuid.UUID, slot string, files []*multipart.FileHeader, max int) (Stored, error) {
	if len(files) == 0 || files[0].Filename == "" && files[0].Size == 0 {
		return Stored{}, FileFault{ID: "err.file.none"}
	}
	data, err := readFile(files[0])
	if err != nil {
		return Stored{}, err
	}
	info, err := blob.Inspect(data)
	if err != nil {
		return Stored{}, fileFault(err, int64(len(data)))
	}
	thumb, err := blob.Thumbnail(data, thumbSide)
	if err != nil {
		return Stored{}, fileFault(err, int64(len(data)))
	}
	s := Stored{ID: uuid.Must(uuid.NewV7()), App: app, Slot: slot, At: u.clock.Now(),
		File: message.File{Digest: sm.SM3Hex(data), Name: cleanFileName(files[0].Filename), Mime: info.Mime, Size: int64(len(data)), Pages: info.Pages}}
	return s, u.keep(ctx, s, by, data, thumb, max)
}

func readFile(h *multipart.FileHeader) ([]byte, error) {
	if h.Size > MaxFile {
		return nil, fileFault(blob.ErrTooBig{Max: MaxFile}, h.Size)
	}
	f, err := h.Open()
	if err != nil {
		return nil, fmt.Errorf("application: open upload: %w", err)
	}
	defer f.Close()
	data, err := blob.Read(f, MaxFile)
	if err != nil {
		return nil, fileFault(err, h.Size)
	}
	return data, nil
}

// fileFault says in the catalog's words why a file was not taken.
func fileFault(err error, size int64) error {
	var big blob.ErrTooBig
	var kind blob.ErrKind
	var pixels blob.ErrPixels
	switch {
	case errors.Is(err, blob.ErrEmpty):
		return FileFault{ID: "err.file.empty"}
	case errors.As(err, &big):
		return FileFault{ID: "err.file.big", Slots: map[string]any{"size": sizeText(size)}}
	case errors.As(err, &kind):
		return FileFault{ID: "err.file.type"}
	case errors.Is(err, blob.ErrTruncated):
		return FileFault{ID: "err.file.broken"}
	case errors.Is(err, blob.ErrEncrypted):
		return FileFault{ID: "err.file.locked"}
	case errors.As(err, &pixels):
		return FileFault{ID: "err.file.pixels", Slots: map[string]any{"w": pixels.Width, "h": pixels.Height}}
	}
	return fmt.Errorf("application: inspect upload: %w", err)
}

// keep stores the bytes and their row. The digest is locked meanwhile, so that nobody deletes the same bytes at this moment.
func (u *Uploads) keep(ctx context.Context, s Stored, by uuid.UUID, data, thumb []byte, max int) error {
	return pg.InTx(ctx, u.pool, func(tx pgx.Tx) error {
		if err := lockDigest(ctx, tx, s.Digest); err != nil {
			return err
		}
		var n int
		var twice bool
		err := tx.QueryRow(ctx, `SELECT count(*), coalesce(bool_or(digest = $3), false) FROM application_files WHERE app = $1 AND slot = $2`,
			s.App, s.Slot, s.Digest).Scan(&n, &twice) // index: application_files_once
		switch {
		case err != nil:
			return fmt.Errorf("application: count files: %w", err)
		case twice:
			return FileFault{ID: "err.file.twice"}
		case n >= max:
			return FileFault{ID: "err.file.many", Slots: map[string]any{"max": max}}
		}
		if _, err := u.blobs.Put(ctx, bytes.NewReader(data), MaxFile); err != nil {
			return fmt.Errorf("application: store file: %w", err)
		}
		_, err = tx.Exec(ctx, `INSERT INTO application_files (id, app, slot, digest, name, mime, size, pages, thumb, by, at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, s.ID, s.App, s.Slot, s.Digest, u.keys.SealString(s.Name, fileAs(s.ID, "name")),
			s.Mime, s.Size, s.Pages, u.keys.Seal(thumb, []byte(fileAs(s.ID, "thumb"))), by, s.At)
		if pg.IsUnique(err, "application_files_once") {
			return FileFault{ID: "err.file.twice"}
		}
		if err != nil {
			return fmt.Errorf("application: keep file: %w", err)
		}
		return nil
	})
}

func fileAs(id uuid.UUID, column string) string {
	return "application_files/" + id.String() + "/" + column
}

func lockDigest(ctx context.Context, tx pgx.Tx, digest string) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('application_files' || $1, 0))`, digest); err != nil {
		return fmt.Errorf("application: lock file: %w", err)
	}
	return nil
}

const fileColumns = `id, app, slot, digest, name, mime, size, pages, at`

func (u *Uploads) scan(row pgx.CollectableRow) (Stored, error) {
	var s Stored
	var name []byte
	if err := row.Scan(&s.ID, &s.App, &s.Slot, &s.Digest, &name, &s.Mime, &s.Size, &s.Pages, &s.At); err != nil {
		return s, err
	}
	var err error
	s.Name, err = u.keys.OpenString(name, fileAs(s.ID, "name"))
	return s, err
}

// List returns the files of an application in the order in which they came; of one slot, or with "" of all.
func (u *Uploads) List(ctx context.Context, db pg.DB, app uuid.UUID, slot string) ([]Stored, error) {
	rows, err := db.Query(ctx, `SELECT `+fileColumns+` FROM application_files WHERE app = $1 AND (slot = $2 OR $2 = '') ORDER BY id`, app, slot)
	if err != nil {
		return nil, fmt.Errorf("application: list files: %w", err)
	}
	out, err := pgx.CollectRows(rows, u.scan)
	if err != nil {
		return nil, fmt.Errorf("application: list files: %w", err)
	}
	return out, nil
}

// Get finds a file by its id. Error: ErrNone.
func (u *Uploads) Get(ctx context.Context, db pg.DB, id uuid.UUID) (Stored, error) {
	rows, err := db.Query(ctx, `SELECT `+fileColumns+` FROM application_files WHERE id = $1`, id)
	if err != nil {
		return Stored{}, fmt.Errorf("application: find file: %w", err)
	}
	s, err := pgx.CollectExactlyOneRow(rows, u.scan)
	if errors.Is(err, pgx.ErrNoRows) {
		return Stored{}, ErrNone
	}
	if err != nil {
		return Stored{}, fmt.Errorf("application: find file: %w", err)
	}
	return s, nil
}

// Thumb is the small picture of a file.
func (u *Uploads) Thumb(ctx context.Context, db pg.DB, id uuid.UUID) ([]byte, error) {
	var sealed []byte
	if err := db.QueryRow(ctx, `SELECT thumb FROM application_files WHERE id = $1`, id).Scan(&sealed); err != nil {
		return nil, fmt.Errorf("application: read thumb: %w", err)
	}
	return u.keys.Open(sealed, []byte(fileAs(id, "thumb")))
}

// Remove takes a file out of a slot of an application. Error: ErrNone.
func (u *Uploads) Remove(ctx context.Context, app uuid.UUID, slot string, id uuid.UUID) error {
	var digest string
	err := u.pool.QueryRow(ctx, `DELETE FROM application_files WHERE id = $1 AND app = $2 AND slot = $3 RETURNING digest`, id, app, slot).Scan(&digest)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNone
	}
	if err != nil {
		return fmt.Errorf("application: remove file: %w", err)
	}
	return u.drop(ctx, digest)
}

// drop removes bytes that no row names any more. Whoever brings the same bytes at this moment waits, and stores them again.
func (u *Uploads) drop(ctx context.Context, digests ...string) error {
	return u.unless(ctx, `SELECT EXISTS (SELECT FROM application_files WHERE digest = $1)`, digests)
}

// Acked removes the bytes of files that the office holds now, as ferry.Options wants it; rows and small pictures stay. The same bytes
// may have been brought elsewhere as well: what an application or a correction still has to send, and what a message on its way names, is
// left. A message whose file is gone would hold up all that come after it.
func (u *Uploads) Acked(ctx context.Context, _ message.Type, digests []string) error {
	return u.unless(ctx, `SELECT EXISTS (SELECT FROM application_files f JOIN applications a ON a.id = f.app
			WHERE f.digest = $1 AND (a.state IN ('draft', 'confirming', 'refused')
				OR f.slot LIKE 'fix/%' AND EXISTS (SELECT FROM case_corrections c WHERE c.app = f.app AND c.state = 'open')))
		OR EXISTS (SELECT FROM ferry_out WHERE acked_at IS NULL AND $1 = ANY (blobs))`, digests)
}

// unless removes bytes from the store unless the question about their digest is answered with yes.
func (u *Uploads) unless(ctx context.Context, used string, digests []string) error {
	for _, d := range digests {
		err := pg.InTx(ctx, u.pool, func(tx pgx.Tx) error {
			if err := lockDigest(ctx, tx, d); err != nil {
				return err
			}
			var stays bool
			if err := tx.QueryRow(ctx, used, d).Scan(&stays); err != nil || stays {
				return err
			}
			return u.blobs.Delete(ctx, d)
		})
		if err != nil {
			return fmt.Errorf("application: drop file: %w", err)
		}
	}
	return nil
}

// cleanFileName keeps a file's own name for showing: its last part, printable, at most 60 characters. It is never a path.
func cleanFileName(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == utf8.RuneError || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return -1
		}
		return r
	}, name)
	if r := []rune(name); len(r) > 60 {
		name = string(r[:40]) + "…" + string(r[len(r)-15:])
	}
	if name == "" || name == "." || name == "/" {
		return "未命名"
	}
	return name
}

// sizeText says how large a file is: 1.2 MB, 340 KB.
func sizeText(n int64) string {
	if n >= 1<<20 {
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%d KB", max(1, n>>10))
}
