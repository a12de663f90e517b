package hall_test

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/pg/pgtest"
	"yichuang/internal/kit/web/webtest"
)

// counterpart is the other end of the ferry: it sends what an office would, and counts what the hall sends.
type counterpart struct {
	l    *lobby
	door *ferry.Door
	got  map[message.Type]int
}

func (l *lobby) office() *counterpart {
	l.t.Helper()
	o := &counterpart{l: l, got: map[message.Type]int{}}
	o.door = ferry.New(ferry.Options{Zone: "office", Peer: "hall", Pool: pgtest.New(l.t, pgtest.Set{FS: ferry.Migrations(), Table: "ferry_version"}), Clock: l.clock,
		Keys: l.keys, Shared: l.keys, Signer: l.signer, PeerKey: l.signer.Public(), Blobs: l.blobs, Log: slog.New(slog.DiscardHandler)})
	o.door.Connect(ferry.Loop{To: l.zone.Door})
	l.zone.Door.Connect(ferry.Loop{To: o.door})
	count(o, message.CorrectionSubmitted, message.CorrectionReply{})
	count(o, message.TaxConfirmed, message.TaxDecision{})
	count(o, message.TaxDisputed, message.TaxDecision{})
	count(o, message.ApplicationWithdrawn, message.Withdrawn{})
	return o
}

func count[T any](o *counterpart, typ message.Type, _ T) {
	ferry.Handle(o.door, typ, func(context.Context, pgx.Tx, ferry.Inbound, T) error { o.got[typ]++; return nil })
}

// tells sends the hall one message and waits until it has been applied.
func (o *counterpart) tells(typ message.Type, app uuid.UUID, body any) {
	o.l.t.Helper()
	err := pg.InTx(o.l.t.Context(), o.door.Pool(), func(tx pgx.Tx) error {
		return o.door.Send(o.l.t.Context(), tx, ferry.Message{Type: typ, Case: app.String(), Body: body})
	})
	if err != nil {
		o.l.t.Fatal(err)
	}
	o.l.carry(o.door, o.l.zone.Door)
}

// hears is how many messages of a type have come from the hall.
func (o *counterpart) hears(typ message.Type) int {
	o.l.t.Helper()
	o.l.carry(o.l.zone.Door, o.door)
	return o.got[typ]
}

func (l *lobby) carry(from, to *ferry.Door) {
	l.t.Helper()
	for more, err := from.Pump(l.t.Context()); more || err != nil; more, err = from.Pump(l.t.Context()) {
		if err != nil {
			l.t.Fatal(err)
		}
	}
	for found, err := to.Apply(l.t.Context()); found || err != nil; found, err = to.Apply(l.t.Context()) {
		if err != nil {
			l.t.Fatal(err)
		}
	}
}

// scan is a picture that a phone might take.
func scan(t *testing.T) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 600, 800))
	r := rand.New(rand.NewPCG(1, 2))
	for i := range img.Pix {
		img.Pix[i] = byte(r.IntN(256))
	}
	img.Set(0, 0, color.White)
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// party is a citizen with a running case, and the office that works on it.
func party(t *testing.T) (*citizen, *counterpart, uuid.UUID, string) {
	t.Helper()
	l := newLobby(t)
	o := l.office()
	c := l.citizen("王晓明", 1)
	no := c.belongings().no
	var app uuid.UUID
	if err := l.pool.QueryRow(t.Context(), `SELECT app FROM case_views WHERE case_no = $1`, no).Scan(&app); err != nil {
		t.Fatal(err)
	}
	return c, o, app, no
}

func want(t *testing.T, p *webtest.Page, status int, words ...string) {
	t.Helper()
	if p.Status != status {
		t.Errorf("%s answered %d: %s", p.URL, p.Status, p.Text())
	}
	for _, w := range words {
		if !p.Has(w) {
			t.Errorf("%s does not say %q: %s", p.URL, w, p.Text())
		}
	}
}

// Snapshots may come late or twice: the newest is shown.
func TestNewestProgressIsShown(t *testing.T) {
	c, o, app, no := party(t)
	for _, s := range []struct {
		seq  int64
		what string
	}{{5, "登记机构正在复审"}, {3, "住建部门正在办理合同备案"}, {5, "住建部门正在办理合同备案"}} {
		o.tells(message.CaseProgress, app, message.Progress{App: app, Seq: s.seq, State: "running", Now: []message.Waiting{{What: s.what, Holder: "登记中心"}}})
	}
	p := c.b.Get("/case/" + no)
	want(t, p, http.StatusOK, "登记机构正在复审")
	if p.Has("合同备案") {
		t.Error("an older snapshot is shown")
	}
}

// A correction asks for what is asked and nothing else, takes it whole, and is sent once.
func TestCorrectionOfACase(t *testing.T) {
	c, o, app, no := party(t)
	at := "/case/" + no + "/fix"
	want(t, c.b.Get(at), http.StatusOK)
	ask := message.CorrectionAsk{App: app, Correction: uuid.Must(uuid.NewV7()), Department: "不动产登记中心", Until: c.l.clock.Now().AddDate(0, 0, 15),
		Requests: []message.CorrectionRequest{{Code: "M-05", Name: "存量房买卖合同", Reason: "第 3 页看不清"}}}
	for range 2 {
		o.tells(message.CorrectionAsked, app, ask)
	}
	p := c.b.Get(at)
	want(t, p, http.StatusOK, "存量房买卖合同", "第 3 页看不清")
	want(t, p.Submit("重新提交", nil), http.StatusUnprocessableEntity, "还差：存量房买卖合同")
	p = c.b.Get(at)
	want(t, p.Upload("上传", webtest.File{Name: "合同.jpg", Data: []byte("MZ\x90\x00 this is a program")}), http.StatusUnprocessableEntity, "JPG")
	p = c.b.Get(at).Upload("上传", webtest.File{Name: "合同.png", Data: scan(t)})
	want(t, p, http.StatusOK, "已上传", "SM3")
	want(t, p.Submit("重新提交", nil), http.StatusOK, "已重新提交")
	if n := o.hears(message.CorrectionSubmitted); n != 1 {
		t.Errorf("the office heard of %d corrections", n)
	}
	want(t, p.Submit("重新提交", nil), http.StatusOK) // the same form again: the first answer comes back
	if n := o.hears(message.CorrectionSubmitted); n != 1 {
		t.Errorf("sent again by the same form: %d", n)
	}
}

// Tax is confirmed for the round that is shown; an objection needs a reason, and an older round changes nothing.
func TestTaxOfACase(t *testing.T) {
	c, o, app, no := party(t)
	at := "/case/" + no + "/tax"
	round := func(n int, number string) {
		o.tells(message.AssessmentReady, app, message.Assessment{App: app, Number: number, Round: n, Total: 12_800_00, Until: c.l.clock.Now().AddDate(0, 0, 10), CanDispute: true,
			Lines: []message.TaxLine{{Tax: "契税", Payer: message.Buyer, Base: 1_280_000_00, Rate: "1%", Amount: 12_800_00}}})
	}
	round(1, "T1")
	old := c.b.Get(at)
	want(t, old, http.StatusOK, "12,800.00")
	want(t, old.Submit("提出异议", nil), http.StatusUnprocessableEntity, "请写明对哪一项有异议")
	want(t, c.b.Get(at).Submit("提出异议", url.Values{"reason": {strings.Repeat("长", 501)}}), http.StatusUnprocessableEntity, "最多写 500 个字")
	want(t, c.b.Get(at).Submit("提出异议", url.Values{"reason": {"这是首套房"}}), http.StatusOK, "异议已提交")
	round(2, "T2")
	want(t, old.Submit("确认税额", nil), http.StatusConflict, "重新核定")
	want(t, c.b.Get(at).Submit("确认税额", nil), http.StatusOK, "已确认税额")
	if o.hears(message.TaxDisputed) != 1 || o.hears(message.TaxConfirmed) != 1 {
		t.Errorf("the office heard %v", o.got)
	}
}

// A case is withdrawn with a reason, while it still can be.
func TestWithdrawalOfACase(t *testing.T) {
	c, o, app, no := party(t)
	at := "/case/" + no + "/withdraw"
	tell := func(seq int64, can bool) {
		o.tells(message.CaseProgress, app, message.Progress{App: app, Seq: seq, State: "running", CanWithdraw: can})
	}
	tell(1, true)
	p := c.b.Get(at)
	want(t, p.Submit("撤回申请", url.Values{"reason": {"  "}}), http.StatusUnprocessableEntity, "请写明撤回的原因")
	tell(2, false)
	want(t, c.b.Get("/case/"+no), http.StatusOK)
	want(t, p.Submit("撤回申请", url.Values{"reason": {"不想卖了"}}), http.StatusConflict, "不能在网上撤回")
	tell(3, true)
	c.l.clock.Advance(time.Hour)
	want(t, c.b.Get(at).Submit("撤回申请", url.Values{"reason": {"不想卖了"}}), http.StatusOK, "撤回申请已送出")
	if n := o.hears(message.ApplicationWithdrawn); n != 1 {
		t.Errorf("the office heard of %d withdrawals", n)
	}
}
