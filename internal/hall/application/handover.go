package application

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"image/png"
	"net/http"
	"time"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/web"
)

// handoverFor is how long a phone may bring files by one code.
const handoverFor = 15 * time.Minute

// phoneView is the page with the code that a phone reads.
type phoneView struct {
	*view
	Need  Need
	Code  string // the secret part of the address, 24 characters
	Image string // data address of the QR code
	Until time.Time
}

// phonePage makes a one-time address for a phone, as a QR code and as a link.
func (rm *Room) phonePage(w http.ResponseWriter, r *http.Request) error {
	a, err := rm.own(r)
	if err != nil {
		return err
	}
	v, err := rm.at(r, a, "materials")
	if err != nil {
		return err
	}
	n, ok := v.findNeed(r.PathValue("slot"))
	if !ok || !a.Open() {
		return web.NotFound()
	}
	var secret [18]byte
	rand.Read(secret[:])
	token := base64.RawURLEncoding.EncodeToString(secret[:])
	key := sha256.Sum256([]byte(token))
	until := v.Now.Add(handoverFor)
	_, err = rm.Pool.Exec(r.Context(), `INSERT INTO application_handovers (token, app, slot, account, expires) VALUES ($1, $2, $3, $4, $5)`,
		key[:], a.ID, n.Slot(), a.Owner, until)
	if err != nil {
		return fmt.Errorf("application: hand over to a phone: %w", err)
	}
	p := phoneView{view: v, Need: n, Code: token, Until: until}
	if p.Image, err = qrImage(rm.Site + "/u/" + token); err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, phonePage(p))
}

// qrImage draws a QR code as a picture within the page.
func qrImage(text string) (string, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", fmt.Errorf("application: QR code: %w", err)
	}
	big, err := barcode.Scale(code, 360, 360)
	if err != nil {
		return "", fmt.Errorf("application: QR code: %w", err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, big); err != nil {
		return "", fmt.Errorf("application: QR code: %w", err)
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// handover is what a phone may do with its code.
type handover struct {
	App   *App
	Need  Need
	By    uuid.UUID
	Form  *web.Form
	Until time.Time
	Path  string
	view  *view
}

// handover finds what the code of the address is for. Unknown and lapsed codes are one.
func (rm *Room) handover(r *http.Request) (*handover, error) {
	gone := &web.Error{Status: http.StatusNotFound, Code: "handover", Title: "这个码不能用了", Message: "上传码 15 分钟内有效，可能已经过期。", Next: "请在电脑上重新打开“用手机拍”，再扫一次。"}
	key := sha256.Sum256([]byte(r.PathValue("token")))
	h := &handover{Path: r.URL.Path}
	var app uuid.UUID
	var slot string
	err := rm.Pool.QueryRow(r.Context(), `SELECT app, slot, account, expires FROM application_handovers WHERE token = $1 AND expires > $2`, key[:], rm.Clock.Now()).
		Scan(&app, &slot, &h.By, &h.Until)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, gone
	}
	if err != nil {
		return nil, fmt.Errorf("application: find handover: %w", err)
	}
	if h.App, err = rm.load(r.Context(), rm.Pool, app); err != nil {
		return nil, notFound(err)
	}
	if h.view, err = rm.at(r, h.App, "materials"); err != nil {
		return nil, err
	}
	var ok bool
	if h.Need, ok = h.view.findNeed(slot); !ok || !h.App.Open() {
		return nil, gone
	}
	return h, nil
}

func (rm *Room) handoverPage(w http.ResponseWriter, r *http.Request) error {
	h, err := rm.handover(r)
	if err != nil {
		return err
	}
	h.Form = web.NewForm(r)
	return web.Render(w, r, http.StatusOK, handoverPage(h))
}

// handoverUpload takes a photo from the phone. The phone sees small pictures of nothing: only how many files have come.
func (rm *Room) handoverUpload(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ParseForm(r)
	if err != nil {
		return err
	}
	h, err := rm.handover(r)
	if err != nil {
		return err
	}
	h.Form = form
	_, err = rm.Uploads.Take(r.Context(), h.App.ID, h.By, h.Need.Slot(), form.Files("f"), h.Need.MaxFiles())
	var fault FileFault
	if errors.As(err, &fault) {
		form.Check("f", fault)
		return web.Again(w, r, form, handoverPage(h))
	}
	if err != nil {
		return err
	}
	web.Flash(r.Context(), "green", "已上传。可以接着拍下一页，也可以回到电脑上继续。")
	return web.Redirect(w, r, h.Path+"#done")
}
