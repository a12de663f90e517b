package account

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/audit"
	"yichuang/internal/kit/blob"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/web"
)

// Purpose is what a face check is for.
type Purpose struct {
	Code  string // "confirm": part of the address
	Title string // 确认买卖申请
	Why   string // the rule or the risk, in a sentence
}

const (
	facePasses = 10 * time.Minute // a passed check is good for so long
	faceWindow = 24 * time.Hour   // failed tries count for so long
	faceTries  = 3
	photoMax   = 5 << 20
)

// Face are the pages of the face check, and its memory.
type Face struct {
	pool      *pgxpool.Pool
	directory *Directory
	service   FaceService
	audit     *audit.Log
	clock     clock.Clock
	log       *slog.Logger
	purposes  map[string]Purpose
}

// FaceOptions are what the face check needs.
type FaceOptions struct {
	Pool      *pgxpool.Pool
	Directory *Directory
	Service   FaceService
	Audit     *audit.Log
	Clock     clock.Clock
	Log       *slog.Logger
	Purposes  []Purpose
}

// NewFace makes the pages.
func NewFace(o FaceOptions) *Face {
	f := &Face{pool: o.Pool, directory: o.Directory, service: o.Service, audit: o.Audit, clock: o.Clock, log: o.Log, purposes: map[string]Purpose{}}
	for _, p := range o.Purposes {
		f.purposes[p.Code] = p
	}
	return f
}

// Routes adds the pages.
func (f *Face) Routes(rt *web.Router) {
	rt.Get("/face/{purpose}", web.SignedIn, f.show)
	rt.Post("/face/{purpose}", web.SignedIn, f.check, web.In(web.ClassSignIn), web.MaxBody(photoMax+(64<<10)))
}

// Path is the page of a face check that leads back to a page of ours afterwards.
func (f *Face) Path(purpose, back string) string {
	return "/face/" + url.PathEscape(purpose) + "?back=" + url.QueryEscape(web.LocalPath(back))
}

// Passed says whether the account passed a check for this purpose within ten minutes.
func (f *Face) Passed(ctx context.Context, db pg.DB, account uuid.UUID, purpose string) (bool, error) {
	var ok bool
	err := db.QueryRow(ctx, `SELECT EXISTS (SELECT FROM face_check WHERE account = $1 AND purpose = $2 AND passed AND at > $3)`,
		account, purpose, f.clock.Now().Add(-facePasses)).Scan(&ok) // index: face_check_recent
	if err != nil {
		return false, fmt.Errorf("account: face check passed: %w", err)
	}
	return ok, nil
}

// triesLeft counts what is left since the last pass or since a day ago, whichever is later.
func (f *Face) triesLeft(ctx context.Context, db pg.DB, account uuid.UUID, purpose string) (int, error) {
	var failed int
	err := db.QueryRow(ctx, `SELECT count(*) FROM face_check WHERE account = $1 AND purpose = $2 AND NOT passed AND at > $3
		AND at > coalesce((SELECT max(at) FROM face_check WHERE account = $1 AND purpose = $2 AND passed), '-infinity')`,
		account, purpose, f.clock.Now().Add(-faceWindow)).Scan(&failed)
	if err != nil {
		return 0, fmt.Errorf("account: count face checks: %w", err)
	}
	return max(0, faceTries-failed), nil
}

// faceView is what the page shows.
type faceView struct {
	Purpose Purpose
	Back    string
	Self    string // this page
	Left    int
	Passed  bool
	Form    *web.Form
}

func (f *Face) view(r *http.Request, form *web.Form) (faceView, error) {
	p, ok := f.purposes[r.PathValue("purpose")]
	if !ok {
		return faceView{}, web.NotFound()
	}
	v := faceView{Purpose: p, Back: web.LocalPath(r.URL.Query().Get("back")), Form: form}
	v.Self = f.Path(p.Code, v.Back)
	who := web.Who(r.Context())
	var err error
	if v.Passed, err = f.Passed(r.Context(), f.pool, who.ID, p.Code); err != nil {
		return faceView{}, err
	}
	v.Left, err = f.triesLeft(r.Context(), f.pool, who.ID, p.Code)
	return v, err
}

func (f *Face) show(w http.ResponseWriter, r *http.Request) error {
	v, err := f.view(r, web.NewForm(r))
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, facePage(v))
}

func (f *Face) check(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ParseForm(r)
	if err != nil {
		return err
	}
	v, err := f.view(r, form)
	if err != nil {
		return err
	}
	if v.Passed {
		return web.Redirect(w, r, v.Back)
	}
	if v.Left == 0 {
		return web.Render(w, r, http.StatusForbidden, facePage(v))
	}
	photo := readPhoto(form)
	if !form.OK() {
		return web.Again(w, r, form, facePage(v))
	}
	return f.compare(w, r, v, photo)
}

// readPhoto takes the picture of the form and fails the field where it is none.
func readPhoto(form *web.Form) []byte {
	files := form.Files("photo")
	if len(files) == 0 || files[0].Size == 0 {
		form.Fail("photo", "请拍一张正面照片，或选一张刚拍的")
		return nil
	}
	file, err := files[0].Open()
	if err != nil {
		form.Fail("photo", "照片没有传完整，请再拍一次")
		return nil
	}
	defer file.Close()
	data, err := blob.Read(file, photoMax)
	if err != nil {
		form.Fail("photo", "照片太大，超过 5 MB，请用手机的普通清晰度重拍")
		return nil
	}
	info, err := blob.Inspect(data)
	if err != nil || (info.Mime != blob.MimeJPEG && info.Mime != blob.MimePNG) {
		form.Fail("photo", "这不是 JPG 或 PNG 照片，请用相机直接拍")
		return nil
	}
	return data
}

func (f *Face) compare(w http.ResponseWriter, r *http.Request, v faceView, photo []byte) error {
	ctx := r.Context()
	person, err := f.directory.Get(ctx, f.pool, web.Who(ctx).ID)
	if err != nil {
		return err
	}
	result, err := f.service.Check(ctx, person, photo)
	if errors.Is(err, ErrFaceDown) {
		f.log.WarnContext(ctx, "face check", "err", err)
		return web.Render(w, r, http.StatusServiceUnavailable, faceDownPage(v))
	}
	if err != nil {
		return err
	}
	if err := f.keep(ctx, person, v.Purpose, result); err != nil {
		return err
	}
	if result.Pass {
		web.Flash(ctx, "green", "人脸核验已通过，10 分钟内有效。")
		return web.Redirect(w, r, v.Back)
	}
	v.Left--
	if v.Left > 0 {
		v.Form.Fail("photo", fmt.Sprintf("没有通过人脸核验，还可以试 %d 次。请摘下口罩，面对光线；也可以带身份证到窗口核验", v.Left))
	}
	return web.Again(w, r, v.Form, facePage(v))
}

// keep remembers and records the result; the photo is not kept.
func (f *Face) keep(ctx context.Context, c Citizen, p Purpose, result FaceResult) error {
	how := audit.Refused
	if result.Pass {
		how = audit.OK
	}
	err := pg.InTx(ctx, f.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO face_check (id, account, purpose, at, passed, score, reason) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			uuid.Must(uuid.NewV7()), c.ID, p.Code, f.clock.Now(), result.Pass, result.Score, result.Reason)
		if err != nil {
			return err
		}
		return f.audit.Record(ctx, tx, entry(ctx, c.ID.String(), c.Name, "人脸核验", how, map[string]any{"purpose": p.Code, "score": result.Score}))
	})
	if err != nil {
		return fmt.Errorf("account: keep face check: %w", err)
	}
	return nil
}
