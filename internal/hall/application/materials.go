package application

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/audit"
	"yichuang/internal/kit/blob"
	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
)

func materialsSection() section {
	return section{
		needs: []string{"home", "parties"},
		asks:  []string{askShare},
		page:  materialsPage,
		fill:  func(*view) url.Values { return url.Values{} },
		take: func(v *view) {
			for _, n := range v.need() {
				if n.Missing {
					v.Input.Fail("m-"+n.Slot(), v.say("mat.missing", map[string]any{"material": n.Title(), "reason": n.Reason}))
				}
			}
		},
		line: func(v *view) string {
			count, free := 0, 0
			for _, n := range v.need() {
				switch n.Way {
				case wayUpload:
					count++
				case wayShared, wayCheck:
					count++
					free++
				}
			}
			if count == 0 {
				return ""
			}
			return v.say("mat.count", map[string]any{"n": count, "m": free})
		},
		rows: func(v *view) []ui.Row { return v.materialRows() },
		lacks: func(v *view) []string {
			var out []string
			for _, n := range v.need() {
				if n.Missing {
					out = append(out, v.say("mat.missing", map[string]any{"material": n.Title(), "reason": n.Reason}))
				}
			}
			return out
		},
	}
}

// materialRows are the materials on the page that checks all: what was uploaded one by one, the rest in a line each.
func (v *view) materialRows() []ui.Row {
	var rows []ui.Row
	for _, n := range v.byWay(wayUpload, wayShow) {
		rows = append(rows, ui.Row{Label: n.Title(), Value: ui.Str(v.needWords(n))})
	}
	for _, x := range []struct{ label, way string }{{"无需提交", wayShared}, {"办理时核对", wayCheck}, {"由我们生成", wayOurs}} {
		if list := v.byWay(x.way); len(list) > 0 {
			rows = append(rows, ui.Row{Label: x.label, Value: ui.Str(join(titles(list)))})
		}
	}
	return rows
}

// needWords says in a line how a material comes.
func (v *view) needWords(n Need) string {
	switch n.Way {
	case wayShared:
		words := v.say("mat.shared", map[string]any{"source": n.Given, "time": stamp(n.At)})
		if n.Summary != "" {
			words += " · " + n.Summary
		}
		return words
	case wayOurs:
		return v.say("mat.system", nil)
	case wayCheck:
		return "无需提交 · 办理时向" + n.From + "核对"
	case wayShow:
		return v.say("mat.original", nil)
	case wayUpload:
		if n.Missing {
			return "还差"
		}
		words := v.say("ok.uploaded", map[string]any{"n": len(n.Files)})
		if n.Original {
			words += "，" + v.say("mat.original", nil)
		}
		return words
	}
	return "由" + n.From + "提供，您不用管"
}

// upload is a material as the page shows it, with what is wrong with the last try.
func (v *view) upload(n Need) ui.UploadProps {
	p := ui.UploadProps{ID: "m-" + n.Slot(), Name: n.Title(), Why: "因为" + n.Reason + "。" + v.say("mat.basis", map[string]any{"law": n.Law.String()}),
		How: n.How + "。JPG、PNG 或 PDF，每个不超过 20 MB", Action: v.path("m/" + n.Slot()), Phone: v.path("m/" + n.Slot() + "/phone")}
	if v.Return {
		p.Action += "?return=check"
	}
	p.State, p.Tone = "已上传", "green"
	if n.Missing {
		p.State, p.Tone = "还差", "amber"
	}
	p.Error = v.Input.Err(p.ID)
	p.Files = fileProps(n.Files, true)
	return p
}

func fileProps(files []Stored, remove bool) []ui.FileProps {
	var out []ui.FileProps
	for _, f := range files {
		out = append(out, ui.FileProps{ID: f.ID.String(), Href: f.href(), Thumb: f.href() + "/t", Name: f.Name, Note: f.note(), CanRemove: remove})
	}
	return out
}

func (rm *Room) routesOfMaterials(rt *web.Router) {
	rt.Post("/app/{id}/materials/again", web.SignedIn, rm.again(askShare))
	rt.Post("/app/{id}/m/{slot}", web.SignedIn, rm.uploadFile, web.In(web.ClassUpload), web.MaxBody(MaxUpload), web.Repeatable())
	rt.Get("/app/{id}/m/{slot}/phone", web.SignedIn, rm.phonePage)
	rt.Get("/u/{token}", web.Public, rm.handoverPage, web.In(web.ClassUpload))
	rt.Post("/u/{token}", web.Public, rm.handoverUpload, web.In(web.ClassUpload), web.MaxBody(MaxUpload), web.Repeatable())
	rt.Get("/f/{file}", web.SignedIn, rm.file)
	rt.Get("/f/{file}/t", web.SignedIn, rm.thumb)
}

// uploadFile takes a file for a material, or removes one.
func (rm *Room) uploadFile(w http.ResponseWriter, r *http.Request) error {
	v, err := rm.posted(r, "materials")
	if err != nil {
		return err
	}
	a, form := v.App, v.Input
	if !a.Open() {
		return errClosed(a)
	}
	n, ok := v.findNeed(r.PathValue("slot"))
	if !ok {
		return web.NotFound()
	}
	field := "m-" + n.Slot()
	if form.Has("del") {
		id, err := uuid.Parse(form.Value("del"))
		if err != nil {
			return web.NotFound()
		}
		if err := rm.Uploads.Remove(r.Context(), a.ID, n.Slot(), id); err != nil {
			return notFound(err)
		}
	} else if _, err := rm.Uploads.Take(r.Context(), a.ID, a.Owner, n.Slot(), form.Files("f"), n.MaxFiles()); err != nil {
		var fault FileFault
		if !errors.As(err, &fault) {
			return err
		}
		form.Check(field, fault)
		return web.Again(w, r, form, materialsPage(v))
	}
	if err := rm.touch(r); err != nil {
		return err
	}
	return web.Redirect(w, r, v.back("materials")+"#"+field)
}

// touch marks the form as worked on, which keeps a draft from lapsing.
func (rm *Room) touch(r *http.Request) error {
	return rm.edit(r, func(context.Context, pgx.Tx, *App) error { return nil })
}

// file shows a file to those who are in the application, and to nobody else.
func (rm *Room) file(w http.ResponseWriter, r *http.Request) error {
	s, err := rm.visible(r)
	if err != nil {
		return err
	}
	data, err := rm.Blobs.Get(r.Context(), s.Digest)
	if errors.Is(err, blob.ErrNotFound) {
		return &web.Error{Status: http.StatusGone, Code: "handed-over", Title: "文件已交给办理部门", Message: "申请提交后，材料的原件就不再存在网上大厅。", Next: "要看的话，可以到受理的大厅窗口。"}
	}
	if err != nil {
		return err
	}
	if err := rm.record(r.Context(), rm.Pool, audit.KindQuery, "查看材料", s.App, audit.OK, map[string]any{"file": s.Digest}); err != nil {
		return err
	}
	return sendFile(w, s.Mime, s.Name, data)
}

func (rm *Room) thumb(w http.ResponseWriter, r *http.Request) error {
	s, err := rm.visible(r)
	if err != nil {
		return err
	}
	data, err := rm.Uploads.Thumb(r.Context(), rm.Pool, s.ID)
	if err != nil {
		return err
	}
	return sendFile(w, http.DetectContentType(data), "", data)
}

// visible finds the file of the address if the person is a party of its application.
func (rm *Room) visible(r *http.Request) (Stored, error) {
	id, err := uuid.Parse(r.PathValue("file"))
	if err != nil {
		return Stored{}, web.NotFound()
	}
	s, err := rm.Uploads.Get(r.Context(), rm.Pool, id)
	if err != nil {
		return s, notFound(err)
	}
	if _, err := rm.PartyOf(r.Context(), rm.Pool, s.App, web.Who(r.Context()).ID); err != nil {
		return s, notFound(err)
	}
	return s, nil
}

func sendFile(w http.ResponseWriter, mime, name string, data []byte) error {
	w.Header().Set("Content-Type", mime)
	if name != "" {
		w.Header().Set("Content-Disposition", "inline; filename*=UTF-8''"+url.PathEscape(name))
	}
	_, _ = w.Write(data) // a client that has gone away cannot be told
	return nil
}
