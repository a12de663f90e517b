package play

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

const shop = `<html><body><main id="main"><h1>缴费</h1>
<div><p>税款 <a href="/pay/1">缴费</a></p></div><div><p>登记费 <a href="/pay/2">缴费</a></p></div>
<form method="get"><input name="channel"></form>
<form method="post" action="/pay"><input type="hidden" name="csrf_token" value="t"><input type="radio" name="channel" value="wechat"><input type="radio" name="channel" value="alipay" checked>
<select name="bank"><option value="">请选择</option><option value="fcyh">凤城银行</option></select><textarea name="note">原来的</textarea><button name="do" value="go">去支付</button></form>
<form method="post" action="/file" enctype="multipart/form-data"><input type="file" name="f"><button>上传</button></form>
</main></body></html>`

// store serves the page above, tells what was posted, and fails where it is asked to.
func store(t *testing.T) *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, shop)
	})
	mux.HandleFunc("POST /pay", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, "<main>%s %s %s %s</main>", r.FormValue("csrf_token"), r.FormValue("channel"), r.FormValue("bank"), r.FormValue("note"))
	})
	mux.HandleFunc("POST /file", func(w http.ResponseWriter, r *http.Request) {
		_, head, err := r.FormFile("f")
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, "<main>%s of %d</main>", head.Filename, head.Size)
	})
	mux.HandleFunc("GET /broken", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "internal", http.StatusInternalServerError)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func TestFormIsSentAsThePageShowsIt(t *testing.T) {
	s, b := store(t), NewBrowser()
	if err := b.Open(s.URL + "/"); err != nil {
		t.Fatal(err)
	}
	if err := b.Submit("channel", Fields("bank", b.Option("bank", 1))); err != nil {
		t.Fatal(err)
	}
	if want := "t alipay fcyh 原来的"; !b.Page.Says(want) {
		t.Errorf("the store got %q, want %q", b.Page.Complaint(), want)
	}
}

func TestFileIsAttached(t *testing.T) {
	s, b := store(t), NewBrowser()
	if err := b.Open(s.URL + "/"); err != nil {
		t.Fatal(err)
	}
	if n := len(b.uploads()); n != 1 {
		t.Fatalf("%d forms take a file", n)
	}
	if err := b.Attach("f", "合同.jpg", []byte("12345")); err != nil {
		t.Fatal(err)
	}
	if !b.Page.Says("合同.jpg of 5") {
		t.Errorf("the store got %q", b.Page.Complaint())
	}
}

func TestLinkBelowItsHeading(t *testing.T) {
	s, b := store(t), NewBrowser()
	if err := b.Open(s.URL + "/"); err != nil {
		t.Fatal(err)
	}
	if at, ok := b.Page.Below("登记费", "缴费"); !ok || at != "/pay/2" {
		t.Errorf("登记费 is paid at %q", at)
	}
	if at, ok := b.Page.Below("首付款", "缴费"); ok {
		t.Errorf("首付款, which is not there, is paid at %q", at)
	}
}

func TestFailingPageIsToldWithItsStatus(t *testing.T) {
	s, b := store(t), NewBrowser()
	err := b.Open(s.URL + "/broken")
	var status *StatusError
	if !errors.As(err, &status) || status.Status != http.StatusInternalServerError || status.Path != "/broken" {
		t.Errorf("%v", err)
	}
	if err := b.Open("/"); err != nil {
		t.Errorf("the next page: %v", err)
	}
	if _, err := b.Form("nothing"); err == nil {
		t.Error("found a form that is not there")
	}
}

// TestCrowdHasAddresses: people of a crowd do not share an address.
func TestCrowdHasAddresses(t *testing.T) {
	seen := map[string]bool{}
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		seen[host] = true
	}))
	defer s.Close()
	c := &City{Crowd: true}
	for range 3 {
		if err := c.browser().Open(s.URL); err != nil {
			t.Skipf("this machine has no loopback address but 127.0.0.1: %v", err)
		}
	}
	if len(seen) != 3 {
		t.Errorf("three people come from %v", seen)
	}
}

func TestEndedTellsWhy(t *testing.T) {
	c := &City{Data: t.TempDir(), args: []string{"sh", "-c", "echo the port is taken >&2; exit 3"}}
	if err := c.Up(t.Context()); err == nil {
		t.Fatal("a city that ended came up")
	}
	if got := c.Ended(); got != "exit status 3; the port is taken" {
		t.Errorf("it ended with %q", got)
	}
}
