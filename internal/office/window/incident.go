package window

import (
	"errors"
	"net/http"

	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
	"yichuang/internal/office/casework"
)

// incidentView is the page on which something that puts a case in doubt is reported; once sent it cannot be taken back.
type incidentView struct {
	Case *casework.Case
	Form *web.Form
}

func incidentChoices() []ui.Choice {
	var out []ui.Choice
	for _, k := range casework.IncidentKinds {
		out = append(out, ui.Choice{Value: k.Code, Text: k.Name})
	}
	return out
}

func (r *Room) incidentPage(w http.ResponseWriter, req *http.Request) error {
	v, err := r.open(req)
	if err != nil {
		return err
	}
	return web.Render(w, req, http.StatusOK, incidentPage(incidentView{v.Case, web.NewForm(req)}))
}

func (r *Room) incident(w http.ResponseWriter, req *http.Request) error {
	f, err := web.ParseForm(req)
	if err != nil {
		return err
	}
	v, err := r.open(req)
	if err != nil {
		return err
	}
	err = r.Cases.Report(req.Context(), v.Me, v.Case.ID, casework.Incident{Kind: f.Value("kind"), Text: f.Value("text"), Source: web.Source(req.Context())})
	var fields casework.FieldErrors
	if errors.As(err, &fields) {
		for name, words := range fields {
			f.Fail(name, words)
		}
		return web.Render(w, req, http.StatusUnprocessableEntity, incidentPage(incidentView{v.Case, f}))
	}
	if err != nil {
		return err
	}
	web.Flash(req.Context(), "green", "已报告，由复审研判能否续办")
	return web.Redirect(w, req, "/w/case/"+string(v.Case.No))
}

// reportable tells whether an incident can still be reported.
func reportable(v *file) bool {
	return v.Case.State == casework.Running && v.Case.Facts.EnteredAt.IsZero() && v.MayReport
}
