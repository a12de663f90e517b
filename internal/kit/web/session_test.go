package web_test

import (
	"context"
	"errors"
	"io"
	stdlog "log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/a-h/templ"
	"github.com/jackc/pgx/v5/pgconn"

	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/webtest"
)

// fullDisk is a database that stores no session while it is full.
type fullDisk struct {
	pg.DB
	full atomic.Bool
}

func (d *fullDisk) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if d.full.Load() && strings.Contains(sql, "web_session") {
		return pgconn.CommandTag{}, errors.New("no space left")
	}
	return d.DB.Exec(ctx, sql, args...)
}

// lines is a log that several goroutines write.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// A session is stored at the first byte of the answer. Where that fails, the answer is the error page alone, said once.
func TestSessionThatCannotBeStored(t *testing.T) {
	disk := &fullDisk{}
	z := newZone(t, func(o *web.Options) { disk.DB, o.DB = o.DB, disk })
	ended := make(chan error, 1)
	z.rt.Get("/live", web.SignedIn, func(w http.ResponseWriter, r *http.Request) error {
		err := web.Stream(w, r, func(_ context.Context, _ string, send func(string, templ.Component) error) error {
			return send("1", templ.Raw("<p>一</p>"))
		})
		ended <- err
		return err
	}, web.Live())
	site, complaints := watched(t, z)
	b := site.Browser()
	b.SignIn(citizen())
	if p := b.Get("/price"); p.Status != http.StatusOK {
		t.Fatalf("before: %d", p.Status)
	}
	disk.full.Store(true)
	for _, path := range []string{"/price", "/live"} {
		p := b.Get(path)
		if p.Status != http.StatusInternalServerError || !p.Has("页面没有打开") {
			t.Errorf("%s: %d %s", path, p.Status, p.Text())
		}
		if strings.Count(p.Body, "</html>") != 1 || strings.Contains(p.Body, "data: ") {
			t.Errorf("%s: the page follows its error:\n%s", path, p.Body)
		}
	}
	<-ended
	if s := complaints.String(); s != "" {
		t.Errorf("the server complains: %s", s)
	}
}

// A reader who leaves ends a stream without a word from the server.
func TestReaderLeavesStream(t *testing.T) {
	z := newZone(t)
	ended := make(chan struct{})
	z.rt.Get("/live", web.SignedIn, func(w http.ResponseWriter, r *http.Request) error {
		defer close(ended)
		return web.Stream(w, r, func(ctx context.Context, _ string, send func(string, templ.Component) error) error {
			if err := send("1", templ.Raw("<p>一</p>")); err != nil {
				return err
			}
			<-ctx.Done()
			return ctx.Err()
		})
	}, web.Live())
	site, complaints := watched(t, z)
	b := site.Browser()
	b.SignIn(citizen())
	ctx, leave := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, site.Server.URL+"/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := b.Client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := io.ReadFull(res.Body, make([]byte, 8)); err != nil {
		t.Fatal(err)
	}
	leave()
	<-ended
	site.Server.Close() // waits for the handler to be done with its layers
	if s := complaints.String(); s != "" {
		t.Errorf("the server complains: %s", s)
	}
	if s := z.log.String(); strings.Contains(s, `"level":"ERROR"`) {
		t.Errorf("the log complains: %s", s)
	}
}

// watched serves the zone once more, and collects what the HTTP server itself complains about.
func watched(t *testing.T, z *zone) (*webtest.Site, *lines) {
	t.Helper()
	complaints := &lines{}
	srv := httptest.NewUnstartedServer(z.rt)
	srv.Config.ErrorLog = stdlog.New(complaints, "", 0)
	srv.Start()
	t.Cleanup(srv.Close)
	return webtest.At(t, srv), complaints
}
