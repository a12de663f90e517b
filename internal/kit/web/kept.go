package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

const keptFor = time.Hour

// kept is a form that could not be handled: its session had ended, or something of ours failed.
type kept struct {
	Path   string     `json:"path"` // the page to fill
	Key    string     `json:"key"`  // form key: says whose form it was
	Values url.Values `json:"values"`
}

// toSignIn sends a stranger to the sign-in page and from there back. A form that was sent is kept, sealed, for an
// hour and shown again filled. It reports false where sending them there would lead in a circle.
func (rt *Router) toSignIn(w http.ResponseWriter, r *http.Request) bool {
	if r.URL.Path == rt.opt.SignIn {
		return false
	}
	back := r.URL.RequestURI()
	if r.Method == http.MethodPost {
		back = rt.backOf(r)
		if err := rt.keep(w, r, back); err != nil {
			rt.opt.Log.ErrorContext(r.Context(), "form not kept", "err", err)
		}
	}
	http.Redirect(w, r, rt.opt.SignIn+"?back="+url.QueryEscape(back), http.StatusSeeOther)
	return true
}

// backOf is the page whose form was sent: the same path where it can be read, else where the browser came from.
func (rt *Router) backOf(r *http.Request) string {
	get := r.Clone(r.Context())
	get.Method = http.MethodGet
	if _, pattern := rt.mux.Handler(get); pattern != "" && pattern != "/" {
		return r.URL.Path
	}
	ref, err := url.Parse(r.Referer())
	if err != nil || ref.Host != r.Host {
		return "/"
	}
	return LocalPath(ref.RequestURI())
}

// keepFailed keeps a form that failed through no fault of its sender, and tells the page to go back to.
func (rt *Router) keepFailed(w http.ResponseWriter, r *http.Request, s *state, e *Error) (back string, ok bool) {
	if r.Method != http.MethodPost || !s.session || !s.who.SignedIn() || (e.Status < 500 && e.Status != http.StatusTooManyRequests) {
		return "", false
	}
	if len(r.PostForm) == 0 || r.MultipartForm != nil {
		return "", false
	}
	back = rt.backOf(r)
	if err := rt.keep(w, r, back); err != nil {
		rt.opt.Log.ErrorContext(r.Context(), "form not kept", "err", err)
		return "", false
	}
	return back, true
}

func (rt *Router) keep(w http.ResponseWriter, r *http.Request, back string) error {
	if len(r.PostForm) == 0 || r.MultipartForm != nil { // files are sent again
		return nil
	}
	k := kept{Path: back, Key: r.PostFormValue(keyField), Values: url.Values{}}
	for name, v := range r.PostForm {
		if name != keyField && name != csrfField {
			k.Values[name] = v
		}
	}
	plain, err := json.Marshal(k)
	if err != nil {
		return err
	}
	var b [24]byte
	rand.Read(b[:])
	token := base64.RawURLEncoding.EncodeToString(b[:])
	id := sha256.Sum256([]byte(token))
	_, err = rt.opt.DB.Exec(context.WithoutCancel(r.Context()), `INSERT INTO web_kept (id, sealed, expires) VALUES ($1, $2, now() + $3::interval)`,
		id[:], rt.opt.Keys.Seal(plain, id[:]), keptFor)
	if err != nil {
		return fmt.Errorf("keep form: %w", err)
	}
	http.SetCookie(w, rt.keptCookie(token, int(keptFor/time.Second)))
	return nil
}

func (rt *Router) keptCookie(value string, age int) *http.Cookie {
	return &http.Cookie{Name: cookieName(rt.opt, "kept"), Value: value, Path: "/", MaxAge: age, HttpOnly: true,
		Secure: rt.opt.Secure, SameSite: http.SameSiteLaxMode}
}

// restore finds what this person had typed on this page before their session ended. It is given out once.
func (rt *Router) restore(ctx context.Context, s *state, path string) (url.Values, error) {
	if s.kept == nil || !s.who.SignedIn() {
		return nil, nil
	}
	id := sha256.Sum256([]byte(s.kept.Value))
	var sealed []byte
	err := rt.opt.DB.QueryRow(ctx, `SELECT sealed FROM web_kept WHERE id = $1 AND expires > now()`, id[:]).Scan(&sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find kept form: %w", err)
	}
	plain, err := rt.opt.Keys.Open(sealed, id[:])
	if err != nil {
		return nil, nil
	}
	var k kept
	if err := json.Unmarshal(plain, &k); err != nil {
		return nil, nil
	}
	page, _, _ := strings.Cut(k.Path, "?")
	if page != path {
		return nil, nil
	}
	if _, err := rt.opt.DB.Exec(ctx, `DELETE FROM web_kept WHERE id = $1`, id[:]); err != nil {
		return nil, fmt.Errorf("remove kept form: %w", err)
	}
	if _, own := rt.ownKey(k.Key, s.who.ID); !own { // somebody else signed in at this browser
		return nil, nil
	}
	return k.Values, nil
}

// LocalPath is p where p leads to a page of this site, else "/": what comes from outside must not send a user elsewhere.
func LocalPath(p string) string {
	if !strings.HasPrefix(p, "/") || strings.HasPrefix(p, "//") || strings.ContainsAny(p, "\\\r\n\t") {
		return "/"
	}
	u, err := url.Parse(p)
	if err != nil || u.IsAbs() || u.Host != "" {
		return "/"
	}
	return p
}
