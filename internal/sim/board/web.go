package board

import (
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/a-h/templ"
)

//go:embed board.css
var assets embed.FS

// Stylesheet serves the look of all pages.
func Stylesheet() http.Handler { return http.FileServerFS(assets) }

// Show writes a page.
func Show(w http.ResponseWriter, r *http.Request, status int, page templ.Component) {
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-ancestors 'none'")
	w.Header().Set("Cache-Control", "no-store")
	templ.Handler(page, templ.WithStatus(status)).ServeHTTP(w, r)
}

// Reply writes v as JSON.
func Reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // the caller hung up: nobody is left to tell
}

// Problem is how the control API and the small JSON systems refuse (RFC 9457).
type Problem struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// Refuse answers with a Problem.
func Refuse(w http.ResponseWriter, status int, code string, err error) {
	w.Header().Set("Content-Type", "application/problem+json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(Problem{Status: status, Code: code, Detail: err.Error()})
}

// Read takes a JSON body of at most a megabyte into v. Unknown fields are errors, so that a misspelt one is seen.
func Read(w http.ResponseWriter, r *http.Request, v any) error {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("body: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return fmt.Errorf("body: more than one value")
	}
	return nil
}
