// Package interfacebook is the directory of all interfaces (/admin/interface): which operations there are, what each is like, who
// speaks which of them and how much, and the guides that a city hands to vendors.
//
// In: the published specification (exchange/spec/book), endpoints and counts of calls. Out: pages, raw documents, and guides as
// pages and papers. Everything follows from the documents; nothing here is about one operation in particular.
package interfacebook

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/exchange/spec/book"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/doc"
	"yichuang/internal/kit/sm"
	"yichuang/internal/kit/web"
	"yichuang/internal/office/staff"
)

// Parts is what the room stands on.
type Parts struct {
	Exchange *exchange.Exchange
	Fonts    *doc.Fonts
	Clock    clock.Clock
}

// Room serves the pages.
type Room struct {
	Parts
	book   *book.Book
	papers map[string]func() (paper, error) // guides, each set when first asked for
}

// paper is a guide as PDF.
type paper struct {
	pdf []byte
	tag string // ETag
}

// New reads the specification.
func New(p Parts) (*Room, error) {
	b, err := book.Open()
	if err != nil {
		return nil, err
	}
	room := &Room{Parts: p, book: b, papers: map[string]func() (paper, error){}}
	for _, name := range b.Guides() {
		room.papers[name] = sync.OnceValues(func() (paper, error) { return room.print(name) })
	}
	return room, nil
}

func (room *Room) print(name string) (paper, error) {
	g, ok := room.book.Guide(name)
	if !ok {
		return paper{}, web.NotFound()
	}
	pdf, err := g.PDF(room.Fonts)
	return paper{pdf, `"` + sm.SM3Hex(pdf)[:32] + `"`}, err
}

// Routes adds the pages to the zone's router.
func (room *Room) Routes(rt *web.Router) {
	rt.Get("/admin/interface", staff.Operate, room.showCatalogue)
	rt.Get("/admin/interface/{operation}", staff.Operate, room.showOperation)
	rt.Get("/admin/interface/codes", staff.Operate, room.showCodes)
	rt.Get("/admin/interface/changes", staff.Operate, room.showChanges)
	rt.Get("/admin/interface/openapi/{file}", staff.Operate, room.sendDocument)
	rt.Get("/admin/interface/guide/{counterpart}", staff.Operate, room.showGuide)
}

func (room *Room) showOperation(w http.ResponseWriter, r *http.Request) error {
	op, ok := room.book.Operation(spec.Operation(r.PathValue("operation")))
	if !ok {
		return web.NotFound()
	}
	v := operationView{Operation: op}
	v.counterpart, _ = room.book.Counterpart(op.Counterpart)
	v.private, v.public, v.secret = room.book.Keys()
	lines, err := room.lines(r.Context())
	if err != nil {
		return err
	}
	v.use = lines.of(op)
	if v.signed, err = room.book.Sign(op); err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, operationPage(v))
}

func (room *Room) showCodes(w http.ResponseWriter, r *http.Request) error {
	return web.Render(w, r, http.StatusOK, codesPage(room.book))
}

func (room *Room) showChanges(w http.ResponseWriter, r *http.Request) error {
	return web.Render(w, r, http.StatusOK, changesPage(room.book))
}

// sendDocument sends a file of the specification as it is.
func (room *Room) sendDocument(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("file")
	raw, ok := room.book.Document(name)
	if !ok {
		return web.NotFound()
	}
	w.Header().Set("Content-Type", "application/yaml; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	_, err := w.Write(raw)
	return err
}

// showGuide shows a guide, or sends it as PDF where its name ends in .pdf.
func (room *Room) showGuide(w http.ResponseWriter, r *http.Request) error {
	name, asPDF := strings.CutSuffix(r.PathValue("counterpart"), ".pdf")
	set, ok := room.papers[name]
	if !ok {
		return web.NotFound()
	}
	if asPDF {
		p, err := set()
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", "application/pdf")
		w.Header().Set("Content-Disposition", `attachment; filename="yichuang-`+name+`.pdf"`)
		w.Header().Set("ETag", p.tag)
		if r.Header.Get("If-None-Match") == p.tag {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
		_, err = w.Write(p.pdf)
		return err
	}
	g, ok := room.book.Guide(name)
	if !ok {
		return web.NotFound()
	}
	return web.Render(w, r, http.StatusOK, guidePage(g))
}

// day is how far back calls are counted.
const day = 24 * time.Hour
