package verify_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/ferry/message"
	"yichuang/internal/hall/migrations"
	"yichuang/internal/hall/verify"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/doc/code"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/pg/pgtest"
	"yichuang/internal/kit/sm"
	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
	"yichuang/internal/kit/web/webtest"
)

type hall struct {
	*verify.Store
	pool *pgxpool.Pool
	now  *clock.Fake
	rt   *web.Router
}

func newHall(t *testing.T) hall {
	t.Helper()
	const file = "00600_documents.sql"
	sql, err := migrations.FS.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	h := hall{now: clock.NewFake(time.Date(2026, 11, 26, 10, 0, 0, 0, clock.Shanghai()))}
	h.pool = pgtest.New(t, pgtest.Set{FS: web.Migrations, Table: web.MigrationTable}, pgtest.Set{FS: fstest.MapFS{file: {Data: sql}}, Table: "goose_verify"})
	keys := sm.NewTestKeyring(t)
	h.Store = verify.NewStore(keys, h.now)
	h.rt = web.NewRouter(web.Options{Zone: "hall", DB: h.pool, Keys: keys, Clock: h.now, Failure: ui.Failure, Decorate: ui.Use(ui.Site{Class: "hall", Name: "泰州市不动产"})})
	verify.NewPages(h.Store, h.pool).Routes(h.rt)
	return h
}

func (h hall) put(r verify.Record) error {
	return pg.InTx(context.Background(), h.pool, func(tx pgx.Tx) error { return h.Put(context.Background(), tx, r) })
}

func (h hall) must(t *testing.T, r verify.Record) {
	t.Helper()
	if err := h.put(r); err != nil {
		t.Fatal(err)
	}
}

func newCode(t *testing.T, seed string) code.Code {
	t.Helper()
	c, err := code.New(strings.NewReader(seed))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// theFile is the PDF of title.
const theFile = "%PDF-1.7 a certificate"

func title(t *testing.T) verify.Record {
	return verify.Record{Code: string(newCode(t, "0123456789")), Kind: "title", Title: "不动产权证书", Number: "苏（2026）泰州市不动产权第0005678号",
		Issuer: "泰州市不动产登记中心", Holders: []string{"王晓明", "买买提明·阿不都热合曼"}, Digest: sm.SM3Hex([]byte(theFile)),
		IssuedAt: time.Date(2026, 11, 26, 9, 30, 0, 0, clock.Shanghai()), State: verify.Valid}
}

func TestPut(t *testing.T) {
	h := newHall(t)
	r := title(t)
	h.must(t, r)
	h.must(t, r) // the message came twice
	got, err := h.ByCode(t.Context(), h.pool, code.Code(r.Code))
	if err != nil || got.State != verify.Valid || got.Holders != "王*明、买***·*****曼" {
		t.Fatalf("%+v, %v", got, err)
	}
	h.now.Advance(24 * time.Hour)
	r.State, r.Reason = verify.Cancelled, "房屋已转移"
	h.must(t, r)
	r.State, r.Reason = verify.Valid, ""
	h.must(t, r) // late: an ended document stays ended
	got, err = h.ByCode(t.Context(), h.pool, code.Code(r.Code))
	if err != nil || got.State != verify.Cancelled || got.Reason != "房屋已转移" || !got.StateAt.Equal(h.now.Now()) {
		t.Errorf("%+v, %v", got, err)
	}
	other := r
	other.Digest = strings.Repeat("0", 64)
	if err := h.put(other); !errors.Is(err, verify.ErrConflict) {
		t.Errorf("another file under the code: %v", err)
	}
	for name, edit := range map[string]func(*verify.Record){
		"code":   func(r *verify.Record) { r.Code = "7F3K" },
		"number": func(r *verify.Record) { r.Number = "" },
		"digest": func(r *verify.Record) { r.Digest = "" },
		"state":  func(r *verify.Record) { r.State = "lost"; r.Code = string(newCode(t, "9876543210")) },
	} {
		bad := title(t)
		edit(&bad)
		if err := h.put(bad); !errors.Is(err, verify.ErrRecord) {
			t.Errorf("bad %s: %v", name, err)
		}
	}
}

func TestNoNameIsKept(t *testing.T) {
	h := newHall(t)
	h.must(t, title(t))
	var all string
	err := h.pool.QueryRow(t.Context(), `SELECT (SELECT string_agg(d::text, ' ') FROM issued_documents d) || (SELECT string_agg(h::text, ' ') FROM issued_document_holders h)`).Scan(&all)
	if err != nil || strings.Contains(all, "王晓明") || !strings.Contains(all, "王*明") {
		t.Errorf("%s, %v", all, err)
	}
}

func TestHoldersShown(t *testing.T) {
	h := newHall(t)
	for i, c := range []struct {
		holders []string
		want    string
	}{
		{[]string{"中国建设银行股份有限公司泰州分行"}, "中国建设银行股份有限公司泰州分行"},
		{[]string{"王公司"}, "王*司"},
		{[]string{"李华", "王晓明", "陈玥", "赵六"}, "李*、王*明、陈* 等 4 人"},
	} {
		r := title(t)
		r.Code, r.Holders = string(newCode(t, fmt.Sprintf("%010d", i))), c.holders
		h.must(t, r)
		if got, err := h.ByCode(t.Context(), h.pool, code.Code(r.Code)); err != nil || got.Holders != c.want {
			t.Errorf("%v shown as %q, %v", c.holders, got.Holders, err)
		}
	}
}

func TestByNumber(t *testing.T) {
	h := newHall(t)
	h.must(t, title(t))
	notice := title(t)
	notice.Code, notice.Number, notice.Digest = string(newCode(t, "abcdefghij")), "泰州市不动产受理〔2026〕000412 号", "ab"
	h.must(t, notice)
	for _, c := range []struct {
		name, number, holder string
		found                bool
	}{
		{"as printed", "苏（2026）泰州市不动产权第0005678号", "王晓明", true},
		{"half-width with blanks", "苏 (2026) 泰州市不动产权第 0005678 号", "王晓明", true},
		{"second holder", "苏(2026)泰州市不动产权第0005678号", "买买提明·阿不都热合曼", true},
		{"another dot", "苏(2026)泰州市不动产权第0005678号", "买买提明•阿不都热合曼", true},
		{"number of a notice", "泰州市不动产受理[2026]０００４１２号", "王晓明", true},
		{"wrong name", "苏(2026)泰州市不动产权第0005678号", "王小明", false},
		{"part of the name", "苏(2026)泰州市不动产权第0005678号", "王", false},
		{"masked name", "苏(2026)泰州市不动产权第0005678号", "王*明", false},
		{"wrong number", "苏(2026)泰州市不动产权第0005679号", "王晓明", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := h.ByNumber(t.Context(), h.pool, c.number, c.holder)
			if c.found && err != nil || !c.found && !errors.Is(err, verify.ErrNone) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestGuessingIsSlowed(t *testing.T) {
	h := newHall(t)
	r := title(t)
	h.must(t, r)
	for i := range 10 {
		if _, err := h.ByNumber(t.Context(), h.pool, r.Number, fmt.Sprintf("王某%c", '一'+rune(i))); !errors.Is(err, verify.ErrNone) {
			t.Fatalf("guess %d: %v", i, err)
		}
		h.now.Advance(time.Second)
	}
	var slow verify.ErrSlow
	if _, err := h.ByNumber(t.Context(), h.pool, r.Number, "王晓明"); !errors.As(err, &slow) || slow.Wait != 15*time.Minute-10*time.Second {
		t.Errorf("after ten wrong names even the right one waits: %v", err)
	}
	h.now.Advance(slow.Wait)
	if _, err := h.ByNumber(t.Context(), h.pool, r.Number, "王晓明"); err != nil {
		t.Errorf("after the wait: %v", err)
	}
	h.now.Advance(25 * time.Hour)
	if err := h.Sweep(t.Context(), h.pool); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := h.pool.QueryRow(t.Context(), `SELECT count(*) FROM verify_misses`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d misses left, %v", n, err)
	}
}

// page checks what all pages must keep.
func page(t *testing.T, p *webtest.Page, status int, has ...string) {
	t.Helper()
	if p.Status != status {
		t.Errorf("status %d, want %d: %s", p.Status, status, p.Text())
	}
	for _, words := range has {
		if !p.Has(words) {
			t.Errorf("no %q in: %s", words, p.Text())
		}
	}
	if faults := p.Faults(); len(faults) > 0 {
		t.Errorf("faults: %v", faults)
	}
}

func TestPages(t *testing.T) {
	h := newHall(t)
	r := title(t)
	h.must(t, r)
	b := webtest.Serve(t, h.rt).Browser()
	c := code.Code(r.Code)
	ask := b.Get("/verify")
	page(t, ask, http.StatusOK, "核验证书和文书", "用核验码", "比对文件")

	page(t, b.Get("/v/"+r.Code), http.StatusOK, "真实有效", r.Number, "王*明", "2026 年 11 月 26 日", r.Issuer, c.Grouped())
	page(t, ask.Submit("核验编码", url.Values{"code": {strings.ToLower(c.Grouped())}}), http.StatusOK, "真实有效", r.Number)
	page(t, ask.Submit("核验证号", url.Values{"number": {r.Number}, "holder": {"王晓明"}}), http.StatusOK, "真实有效", r.Number)
	page(t, ask.Upload("比对文件", webtest.File{Name: "证.pdf", Data: []byte(theFile)}), http.StatusOK, "真实有效", "完全一致")

	page(t, b.Get("/v/"+string(newCode(t, "abcdefghij"))), http.StatusNotFound, "查不到这份文书", "没有签发过这个核验码")
	page(t, b.Get("/v/..%2f"), http.StatusNotFound, "查不到这份文书")
	wrong := ask.Submit("核验证号", url.Values{"number": {r.Number}, "holder": {"王小明"}})
	page(t, wrong, http.StatusNotFound, "没有找到编号和姓名都相符的文书")
	nothing := ask.Submit("核验证号", url.Values{"number": {"苏（2026）泰州市不动产权第9999999号"}, "holder": {"王晓明"}})
	if at := func(p *webtest.Page) string { return strings.Split(p.Text(), "核验时间")[0] }; at(wrong) != at(nothing) {
		t.Error("a wrong name and a wrong number are answered differently")
	}
	page(t, ask.Upload("比对文件", webtest.File{Name: "x.pdf", Data: []byte(theFile + " ")}), http.StatusNotFound, "可能被改动")

	r.State, r.Reason = verify.Superseded, "已换发新证"
	h.must(t, r)
	page(t, b.Get("/v/"+r.Code), http.StatusOK, "已被替换，不能再使用", "已换发新证", r.Number)
	r = title(t)
	r.Code, r.Number, r.Digest, r.State = string(newCode(t, "jihgfedcba")), "苏（2026）泰州市不动产权第0000002号", "cd", verify.Cancelled
	h.must(t, r)
	page(t, b.Get("/v/"+r.Code), http.StatusOK, "已注销，不能再使用")
}

func TestFormErrors(t *testing.T) {
	h := newHall(t)
	b := webtest.Serve(t, h.rt).Browser()
	ask := b.Get("/verify")
	c := newCode(t, "0123456789")
	slip := []byte(c)
	slip[0] = 'Z'
	page(t, ask.Submit("核验编码", url.Values{"code": {""}}), 422, "请填写核验码")
	page(t, ask.Submit("核验编码", url.Values{"code": {"123"}}), 422, "核验码是 17 位字母和数字")
	typed := ask.Submit("核验编码", url.Values{"code": {string(slip)}})
	page(t, typed, 422, "有一位对不上")
	if typed.Value("code") != string(slip) {
		t.Errorf("what was typed is lost: %q", typed.Value("code"))
	}
	page(t, ask.Submit("核验证号", url.Values{"number": {""}, "holder": {""}}), 422, "请填写证号或文书编号", "请填写权利人姓名")
	page(t, ask.Submit("比对文件", nil), 422, "请选择要核验的 PDF 文件")
}

func TestStrangersAreLimited(t *testing.T) {
	h := newHall(t)
	b := webtest.Serve(t, h.rt).Browser()
	ask := b.Get("/verify")
	last := 0
	for i := range 12 {
		last = ask.Submit("核验证号", url.Values{"number": {fmt.Sprintf("苏（2026）泰州市不动产权第%07d号", i+1)}, "holder": {"王晓明"}}).Status
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the twelfth question in a moment is answered %d", last)
	}
}

func TestFromMessage(t *testing.T) {
	r := title(t)
	got := verify.FromMessage(message.Document{Code: r.Code, Kind: r.Kind, Title: r.Title, Number: r.Number, Holder: "王晓明、买买提明·阿不都热合曼", Digest: r.Digest, IssuedAt: r.IssuedAt, State: "valid", Issuer: r.Issuer, Reason: "测试"})
	r.Reason = "测试"
	if fmt.Sprint(got) != fmt.Sprint(r) {
		t.Errorf("%+v\nwant %+v", got, r)
	}
}
