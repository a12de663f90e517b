package inbox

import (
	"errors"
	"net/http"

	"github.com/google/uuid"

	"yichuang/internal/kit/web"
)

// Routes of the room: every notice is its reader's own.
func (r *Room) Routes(rt *web.Router) {
	rt.Get("/inbox", web.SignedIn, r.showList)
	rt.Post("/inbox", web.SignedIn, r.markAll)
	rt.Get("/inbox/{id}", web.SignedIn, r.showOne)
}

func (r *Room) showList(w http.ResponseWriter, req *http.Request) error {
	after, _ := uuid.Parse(req.URL.Query().Get("after"))
	page, more, err := r.list(req.Context(), web.Who(req.Context()).ID, after)
	if err != nil {
		return err
	}
	return web.Render(w, req, http.StatusOK, listPage(page, more))
}

func (r *Room) markAll(w http.ResponseWriter, req *http.Request) error {
	if err := r.readAll(req.Context(), web.Who(req.Context()).ID); err != nil {
		return err
	}
	return web.Redirect(w, req, "/inbox")
}

func (r *Room) showOne(w http.ResponseWriter, req *http.Request) error {
	id, err := uuid.Parse(req.PathValue("id"))
	if err != nil {
		return web.NotFound()
	}
	l, err := r.open(req.Context(), web.Who(req.Context()).ID, id)
	if errors.Is(err, errNone) {
		return web.NotFound()
	}
	if err != nil {
		return err
	}
	return web.Render(w, req, http.StatusOK, onePage(l))
}
