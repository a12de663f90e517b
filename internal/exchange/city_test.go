package exchange_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/democity"
	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/sm"
	"yichuang/internal/land"
	"yichuang/internal/sim"
	"yichuang/internal/sim/wire"
)

// outside is a simulated city, with an exchange that knows the systems of it that do not speak the interface itself.
type outside struct {
	*bench
	dir    string
	city   *sim.Simcity
	built  *democity.City
	server *exchange.Server
	client *exchange.Client
	files  map[string]string // contents by digest

	mu      sync.Mutex
	surveys []spec.RegistrySurveyResultRequest
	filings []spec.HousingContractResultRequest
	from    []exchange.Caller
}

func openOutside(t *testing.T) *outside {
	t.Helper()
	b := newBench(t)
	o := &outside{bench: b, dir: t.TempDir(), files: map[string]string{}}
	web := httptest.NewUnstartedServer(nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	today := land.DateOf(b.clock.Now())
	o.city, err = sim.Open(sim.Options{Dir: o.dir, Base: "http://" + web.Listener.Addr().String(), Files: l.Addr().String(), Seed: 7, Today: today, Speed: 60, Clock: b.clock})
	if err != nil {
		t.Fatal(err)
	}
	o.built = democity.Build(7, today)
	web.Config.Handler = o.city.Handler()
	web.Start()
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	var looking sync.WaitGroup
	looking.Go(func() { o.city.WatchFolders(ctx) })
	go func() { served <- o.city.ServeFiles(ctx, l) }()
	t.Cleanup(func() {
		stop()
		web.Close()
		looking.Wait()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	x := b.withFiles(t, func(_ context.Context, digest string) ([]byte, error) { return []byte(o.files[digest]), nil })
	b.Exchange = x // what is set is in force at once
	o.client, o.server = exchange.NewClient(x), exchange.NewServer(x)
	o.listen()
	partner := httptest.NewServer(o.server)
	t.Cleanup(partner.Close)
	o.meet(t, web.URL, partner.URL)
	looking.Go(func() { o.server.Fetch(ctx) })
	return o
}

func (o *outside) listen() {
	exchange.Receive(o.server, spec.RegistrySurveyResult, func(_ context.Context, _ pgx.Tx, from exchange.Caller, in spec.RegistrySurveyResultRequest) (spec.Ack, error) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.surveys, o.from = append(o.surveys, in), append(o.from, from)
		return spec.Ack{Received: true}, nil
	})
	exchange.Receive(o.server, spec.HousingContractResult, func(_ context.Context, _ pgx.Tx, from exchange.Caller, in spec.HousingContractResultRequest) (spec.Ack, error) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.filings, o.from = append(o.filings, in), append(o.from, from)
		return spec.Ack{Received: true}, nil
	})
}

// meet makes both sides known to each other.
func (o *outside) meet(t *testing.T, city, partner string) {
	t.Helper()
	signer := newSigner(t)
	peer, err := json.Marshal(wire.Peer{Zone: wire.Office, App: "taizhou-yichuang", URL: partner, PublicKey: string(signer.Public().PEM())})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(city+"/control/peer", "application/json", bytes.NewReader(peer))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	list, err := http.Get(city + "/control/peer")
	if err != nil {
		t.Fatal(err)
	}
	defer list.Body.Close()
	var directory struct {
		Systems []wire.Endpoint `json:"systems"`
	}
	if err := json.NewDecoder(list.Body).Decode(&directory); err != nil || resp.StatusCode != 200 {
		t.Fatalf("%d, %v", resp.StatusCode, err)
	}
	for _, s := range directory.Systems {
		if s.Dialect == wire.Unified {
			continue
		}
		e := exchange.Endpoint{Name: s.Title, Counterpart: s.Counterpart, District: s.District, Dialect: s.Dialect, BaseURL: s.URL, Folder: s.Folder.URL, FolderKey: s.Folder.HostKey,
			App: "taizhou-yichuang", PeerApp: s.App, Grade: spec.GradeSensitive, Limits: exchange.DefaultLimits(), Enabled: true}
		keys := &exchange.Keys{Signer: signer, Peer: publicKey(t, s.PublicKey), Folder: s.Folder.Password}
		if _, err := o.SetEndpoint(t.Context(), admin, e, keys, "演示"); err != nil {
			t.Fatal(err)
		}
	}
}

// attach keeps a content and names it.
func (o *outside) attach(content string) spec.Attachment {
	a := attachment(content)
	o.files[sm.SM3Hex([]byte(content))] = content
	return a
}

func (o *outside) contract(t *testing.T, district string) (*democity.Contract, *democity.Unit) {
	t.Helper()
	for i := range o.built.Contracts {
		if k := &o.built.Contracts[i]; k.District == district {
			u, _ := o.built.Unit(k.Unit)
			return k, u
		}
	}
	t.Fatalf("no contract in %s", district)
	return nil, nil
}

func (o *outside) pass(t *testing.T, done func() bool) {
	t.Helper()
	for range 400 {
		o.clock.Advance(time.Second)
		o.city.Tick(t.Context())
		o.mu.Lock()
		ready := done()
		o.mu.Unlock()
		if ready {
			return
		}
	}
	t.Fatalf("no result; the log says %+v", o.calls(t)[:3])
}

// The districts whose systems speak XML are asked, entrusted with work and its files over SFTP, and answer, over the real protocols of both sides.
func TestXMLWithTheSimulatedCity(t *testing.T) {
	o := openOutside(t)
	ctx := t.Context()
	for district, want := range map[string]string{"321204": "bizxml", "321281": "bizxml-soap"} {
		k, u := o.contract(t, district)
		route := exchange.Route{District: district, Case: caseNo}
		var home spec.RegistryUnitQueryResponse
		ask := spec.RegistryUnitQueryRequest{CertificateNo: string(k.Cert), OwnerName: k.Sellers[0].Name, DocumentNumber: k.Sellers[0].Document.Number, Purpose: "买卖"}
		if err := o.client.Call(ctx, spec.RegistryUnitQuery, route, "q-"+district, ask, &home); err != nil || !home.Matched || home.Unit.UnitCode != string(k.Unit) {
			t.Fatalf("%s: %+v, %v", want, home, err)
		}
		files := []spec.Attachment{o.attach("合同正文 " + district), o.attach("平面图 " + district)}
		push := spec.RegistrySurveyPushRequest{WorkID: uuid.Must(uuid.NewV7()), CaseNo: caseNo, UnitCode: string(k.Unit), Address: u.Address, Area: u.Area.String(),
			Applicants: []spec.Person{{Name: k.Buyers[0].Name, DocumentKind: spec.DocumentKind(k.Buyers[0].Document.Kind), DocumentNumber: k.Buyers[0].Document.Number}}, Attachments: files}
		var receipt spec.Receipt
		if err := o.client.Call(ctx, spec.RegistrySurveyPush, route, "s-"+district, push, &receipt); err != nil || !receipt.Accepted {
			t.Fatalf("%s: %+v, %v", want, receipt, err)
		}
		for _, f := range files {
			if content, err := os.ReadFile(filepath.Join(o.dir, "files", "registry-"+district, caseNo, f.Digest)); err != nil || string(content) != o.files[f.Digest] {
				t.Errorf("%s: file %q, %v", want, content, err)
			}
		}
		before := len(o.surveys)
		o.pass(t, func() bool { return len(o.surveys) > before })
		got := o.surveys[before]
		if got.WorkID != push.WorkID || got.Review.Outcome != spec.OutcomePass || got.SurveyNo == "" || got.Unit.UnitCode != string(k.Unit) || !o.from[len(o.from)-1].Serves(district) {
			t.Errorf("%s: result %+v", want, got)
		}
	}
	for district, want := range map[string]string{"321203": "bizxml", "321282": "bizxml-soap"} {
		k, _ := o.contract(t, district)
		route := exchange.Route{District: district, Case: caseNo}
		var signed spec.HousingContractQueryResponse
		if err := o.client.Call(ctx, spec.HousingContractQuery, route, "q-"+district, spec.HousingContractQueryRequest{ContractNo: k.Number}, &signed); err != nil || !signed.Found || signed.Contract.Price != int64(k.Price) {
			t.Fatalf("%s: %+v, %v", want, signed, err)
		}
		push := spec.HousingContractPushRequest{WorkID: uuid.Must(uuid.NewV7()), CaseNo: caseNo, Action: spec.ContractActionCreate, Contract: signed.Contract, Attachments: []spec.Attachment{o.attach("合同 " + district)}}
		if err := o.client.Call(ctx, spec.HousingContractPush, route, "c-"+district, push, nil); err != nil {
			t.Fatalf("%s: %v", want, err)
		}
		before := len(o.filings)
		o.pass(t, func() bool { return len(o.filings) > before })
		if got := o.filings[before]; got.WorkID != push.WorkID || got.FilingNo == "" || !o.from[len(o.from)-1].Serves(district) {
			t.Errorf("%s: result %+v", want, got)
		}
	}
	for _, line := range o.calls(t) {
		if line.Outcome != exchange.OK {
			t.Errorf("line %+v", line)
		}
	}
}
