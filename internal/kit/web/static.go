package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strconv"

	"yichuang/internal/kit/web/style"
)

//go:embed static
var staticFiles embed.FS

// asset is a static file, ready to be sent.
type asset struct {
	data, packed []byte
	mime, hash   string
}

// loadAssets reads the kit's own files, the sheet, and what the zone adds, and packs them once.
func loadAssets(more fs.FS) (map[string]*asset, error) {
	sheet, err := style.Sheet()
	if err != nil {
		return nil, err
	}
	all := map[string]*asset{}
	if all["yc.css"], err = newAsset("yc.css", sheet); err != nil {
		return nil, err
	}
	own, err := fs.Sub(staticFiles, "static")
	if err != nil {
		return nil, err
	}
	for _, fsys := range []fs.FS{own, more} {
		if fsys == nil {
			continue
		}
		err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := fs.ReadFile(fsys, name)
			if err != nil {
				return err
			}
			if path.Ext(name) == ".js" && path.Dir(name) == "." {
				data = squeeze(data)
			}
			all[name], err = newAsset(name, data)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("load static files: %w", err)
		}
	}
	return all, nil
}

// squeeze leaves comments, indentation and, on lines without a string or pattern, needless blanks out of a script of ours.
func squeeze(js []byte) []byte {
	comment, blank := regexp.MustCompile(`(?s)/\*.*?\*/`), regexp.MustCompile(` *([=+*<>!&|?:,;(){}]) *`)
	var out bytes.Buffer
	for line := range bytes.Lines(comment.ReplaceAll(js, nil)) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if !bytes.ContainsAny(line, `'"/`) {
			line = blank.ReplaceAll(line, []byte("$1"))
		}
		out.Write(line)
		out.WriteByte('\n')
	}
	return out.Bytes()
}

func newAsset(name string, data []byte) (*asset, error) {
	sum := sha256.Sum256(data)
	kind := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8"}[path.Ext(name)]
	if kind == "" {
		kind = mime.TypeByExtension(path.Ext(name))
	}
	packed, err := pack(data, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if len(packed) > len(data)*9/10 {
		packed = nil
	}
	return &asset{data, packed, kind, hex.EncodeToString(sum[:6])}, nil
}

// Asset is the address of a static file, with its content's hash, so that browsers may keep it for ever.
func Asset(ctx context.Context, name string) string {
	if s := stateOf(ctx); s != nil && s.router != nil {
		if a := s.router.assets[name]; a != nil {
			return "/s/" + name + "?v=" + a.hash
		}
	}
	return "/s/" + name
}

func (rt *Router) serveAsset(w http.ResponseWriter, r *http.Request) {
	a := rt.assets[r.PathValue("name")]
	if a == nil {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.mime)
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "public, max-age=300")
	if r.URL.Query().Get("v") == a.hash {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body := a.data
	if a.packed != nil && acceptsGzip(r) {
		h.Set("Content-Encoding", "gzip")
		body = a.packed
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}
