package verify

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/doc/code"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
	"yichuang/internal/kit/web"
	"yichuang/internal/land"
)

// maxFile bounds a file to be compared; ours have less than 1 MB.
const maxFile = 20 << 20

// Pages are the public pages of verification.
type Pages struct {
	store *Store
	db    pg.DB
}

// NewPages returns the pages over a store and the hall's database.
func NewPages(s *Store, db pg.DB) *Pages { return &Pages{s, db} }

// Routes adds the pages.
func (p *Pages) Routes(rt *web.Router) {
	rt.Get("/verify", web.Public, p.ask)
	rt.Post("/verify/code", web.Public, p.byCode, web.Repeatable())
	rt.Post("/verify/number", web.Public, p.byNumber, web.In(web.ClassSearch), web.Repeatable())
	rt.Post("/verify/file", web.Public, p.byFile, web.In(web.ClassUpload), web.MaxBody(maxFile+64<<10), web.Repeatable())
	rt.Get("/v/{code}", web.Public, p.show)
}

func (p *Pages) ask(w http.ResponseWriter, r *http.Request) error {
	return web.Render(w, r, http.StatusOK, askPage(web.NewForm(r)))
}

// show is where the QR code of a paper leads.
func (p *Pages) show(w http.ResponseWriter, r *http.Request) error {
	c, err := code.Parse(r.PathValue("code"))
	if err != nil {
		return p.answer(w, r, result{}, ErrNone)
	}
	f, err := p.store.ByCode(r.Context(), p.db, c)
	return p.answer(w, r, result{Found: f, By: byCode}, err)
}

func (p *Pages) byCode(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ParseForm(r)
	if err != nil {
		return err
	}
	if !form.Require("code", "核验码") {
		return web.Again(w, r, form, askPage(form))
	}
	c, err := code.Parse(form.Value("code"))
	switch {
	case errors.Is(err, code.ErrCheck):
		form.Fail("code", "核验码有一位对不上，请对照文书页脚再看一遍")
	case err != nil:
		form.Fail("code", "核验码是 17 位字母和数字，印在文书每一页的页脚")
	default:
		return web.Redirect(w, r, "/v/"+string(c))
	}
	return web.Again(w, r, form, askPage(form))
}

func (p *Pages) byNumber(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ParseForm(r)
	if err != nil {
		return err
	}
	form.Require("number", "证号或文书编号")
	form.Require("holder", "权利人姓名")
	if !form.OK() {
		return web.Again(w, r, form, askPage(form))
	}
	f, err := p.store.ByNumber(r.Context(), p.db, form.Value("number"), form.Value("holder"))
	if slow := (ErrSlow{}); errors.As(err, &slow) {
		return web.TooMany(slow.Wait)
	}
	if err == nil {
		return web.Redirect(w, r, "/v/"+string(f.Code))
	}
	return p.answer(w, r, result{By: byNumber}, err)
}

// byFile compares the bytes of a file with what was issued; the file is not kept.
func (p *Pages) byFile(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ParseForm(r)
	if err != nil {
		return err
	}
	files := form.Files("file")
	if len(files) == 0 || files[0].Size == 0 {
		form.Fail("file", "请选择要核验的 PDF 文件")
		return web.Again(w, r, form, askPage(form))
	}
	if files[0].Size > maxFile {
		form.Fail("file", fmt.Sprintf("这个文件超过 %d MB，不是我们签发的原文件", maxFile>>20))
		return web.Again(w, r, form, askPage(form))
	}
	in, err := files[0].Open()
	if err != nil {
		return fmt.Errorf("verify: open upload: %w", err)
	}
	defer in.Close()
	data, err := io.ReadAll(in)
	if err != nil {
		return fmt.Errorf("verify: read upload: %w", err)
	}
	f, err := p.store.ByDigest(r.Context(), p.db, sm.SM3Hex(data))
	return p.answer(w, r, result{Found: f, By: byFile}, err)
}

// way is how a document was asked for.
type way int

const (
	byCode way = iota
	byNumber
	byFile
)

// result is an answer as the page shows it.
type result struct {
	Found
	By  way
	Now string
}

// answer draws one of the three answers; not found is a page like the others, with status 404.
func (p *Pages) answer(w http.ResponseWriter, r *http.Request, v result, err error) error {
	v.Now = p.store.clock.Now().In(clock.Shanghai()).Format("2006-01-02 15:04:05")
	switch {
	case errors.Is(err, ErrNone):
		return web.Render(w, r, http.StatusNotFound, nonePage(v))
	case err != nil:
		return err
	case v.State == Valid:
		return web.Render(w, r, http.StatusOK, validPage(v))
	}
	return web.Render(w, r, http.StatusOK, endedPage(v))
}

// issuedOn is the day of issue in words.
func (f Found) issuedOn() string { return land.DateOf(f.IssuedAt).Chinese() }

// ended says what became of a document.
func (f Found) ended() string {
	if f.State == Superseded {
		return "已被替换"
	}
	return "已注销"
}

// endedOn is since when it no longer holds.
func (f Found) endedOn() string { return land.DateOf(f.StateAt).Chinese() }
