package tickets_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/uuid"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/sm"
	"yichuang/internal/land"
)

// vendor is a ticket machine of another maker, on a line of its own.
type vendor struct {
	*pages
	url string
	me  spec.Identity
}

func newVendor(t *testing.T, counterpart, district string) *vendor {
	t.Helper()
	p := newPages(t)
	z := p.Zone()
	ours, theirs := newSigner(t), newSigner(t)
	if _, err := z.Exchange.SetEndpoint(t.Context(), exchange.Actor{ID: "admin", Name: "管理员"}, exchange.Endpoint{Name: "大厅取号机", Counterpart: counterpart, District: district, Dialect: "unified", Grade: 4,
		BaseURL: "http://machine.invalid", App: "taizhou-yichuang", PeerApp: "machine-1", Limits: exchange.DefaultLimits(), Enabled: true},
		&exchange.Keys{Signer: ours, Peer: theirs.Public()}, "试用"); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(z.Partner())
	t.Cleanup(srv.Close)
	return &vendor{pages: p, url: srv.URL, me: spec.Identity{App: "machine-1", Key: spec.SM2Key(theirs)}}
}

func newSigner(t *testing.T) *sm.Signer {
	t.Helper()
	s, err := sm.NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// take asks for a ticket, signed; code is that of the refusal.
func (v *vendor) take(message string, in spec.QueueTicketTakeRequest) (out spec.QueueTicketTakeResponse, code string) {
	v.T.Helper()
	body, err := spec.Encode(in)
	if err != nil {
		v.T.Fatal(err)
	}
	info, _ := spec.Lookup(spec.QueueTicketTake)
	req, err := http.NewRequestWithContext(v.T.Context(), http.MethodPost, v.url+info.Path, bytes.NewReader(body))
	if err != nil {
		v.T.Fatal(err)
	}
	if _, err := spec.SignRequest(v.me, req, message, "", body, v.Clock.Now()); err != nil {
		v.T.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		v.T.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		v.T.Fatal(err)
	}
	if res.StatusCode == http.StatusOK {
		if err := json.Unmarshal(raw, &out); err != nil {
			v.T.Fatal(err)
		}
		return out, ""
	}
	var problem spec.Problem
	if err := json.Unmarshal(raw, &problem); err != nil {
		v.T.Fatalf("%d %s", res.StatusCode, raw)
	}
	return out, problem.Code
}

// A machine of another maker takes the same tickets by a signed message; told twice it's one ticket.
func TestOtherMachinesTakeTickets(t *testing.T) {
	v := newVendor(t, "queue", "321202")
	v.book(1, hall, "10:00-10:30", uuid.Nil)
	v.book(2, hall, "15:00-15:30", uuid.Nil)
	card := string(person(1))
	first, code := v.take("message-0001", spec.QueueTicketTakeRequest{Hall: hall, Card: card})
	if code != "" || first.Number != "A001" || first.Series != "A" || first.Name != land.MaskName("王小明") || first.Ahead != 0 {
		t.Fatalf("%+v %s", first, code)
	}
	for _, message := range []string{"message-0001", "message-0002"} {
		if again, code := v.take(message, spec.QueueTicketTakeRequest{Hall: hall, Card: card}); code != "" || again.Number != "A001" {
			t.Errorf("%s: %+v %s", message, again, code)
		}
	}
	if shown := v.enter("machine").Get("/board/" + hall); !shown.Has("A001") {
		t.Errorf("our board: %s", shown.Text())
	}
	for i, tt := range []struct {
		in   spec.QueueTicketTakeRequest
		want string // number or code of the refusal
	}{
		{spec.QueueTicketTakeRequest{Hall: hall, Card: "Y20001"}, "A001"},
		{spec.QueueTicketTakeRequest{Hall: hall, Card: string(person(2))}, "slot-early"},
		{spec.QueueTicketTakeRequest{Hall: hall, Card: string(person(2)), WalkIn: true}, "B001"},
		{spec.QueueTicketTakeRequest{Hall: hall, Card: string(person(3))}, "B002"},
		{spec.QueueTicketTakeRequest{Hall: hall, Card: "Y99999"}, "no-booking"},
		{spec.QueueTicketTakeRequest{Hall: hall, Card: card[:17]}, "number-invalid"},
		{spec.QueueTicketTakeRequest{Hall: hall, Card: "Y1234567"}, "number-invalid"},
		{spec.QueueTicketTakeRequest{Hall: "321202-9", Card: card}, "not-found"},
		{spec.QueueTicketTakeRequest{Hall: other, Card: card}, "not-found"},
		{spec.QueueTicketTakeRequest{Hall: "x", Card: card}, "schema"},
		{spec.QueueTicketTakeRequest{Hall: hall, Card: ""}, "schema"},
	} {
		out, code := v.take("message-1"+string(rune('a'+i))+"00", tt.in)
		if got := out.Number + code; got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.in, got, tt.want)
		}
	}
}

// Only the systems of halls take tickets.
func TestOtherSystemsTakeNoTickets(t *testing.T) {
	v := newVendor(t, "tax", "321202")
	if out, code := v.take("message-0001", spec.QueueTicketTakeRequest{Hall: hall, Card: string(person(1))}); code == "" {
		t.Errorf("the tax office got %+v", out)
	}
}
