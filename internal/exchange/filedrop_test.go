package exchange_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/exchange/spec/filedrop"
	"yichuang/internal/kit/folder"
	"yichuang/internal/kit/sm"
)

// The districts whose systems are reached by files are asked, entrusted with work, and answer, over SFTP.
func TestFileDropWithTheSimulatedCity(t *testing.T) {
	o := openOutside(t)
	ctx := t.Context()
	k, u := o.contract(t, "321282")
	route := exchange.Route{District: "321282", Case: caseNo}
	var home spec.RegistryUnitQueryResponse
	ask := spec.RegistryUnitQueryRequest{CertificateNo: string(k.Cert), OwnerName: k.Sellers[0].Name, DocumentNumber: k.Sellers[0].Document.Number, Purpose: "买卖"}
	if err := o.client.Call(ctx, spec.RegistryUnitQuery, route, "query", ask, &home); err != nil || !home.Matched || home.Unit.UnitCode != string(k.Unit) {
		t.Fatalf("%+v, %v", home, err)
	}
	survey := spec.RegistrySurveyPushRequest{WorkID: uuid.Must(uuid.NewV7()), CaseNo: caseNo, UnitCode: string(k.Unit), Address: u.Address, Area: u.Area.String(),
		Applicants: []spec.Person{{Name: k.Buyers[0].Name, DocumentKind: spec.DocumentKind(k.Buyers[0].Document.Kind), DocumentNumber: k.Buyers[0].Document.Number}}}
	var receipt spec.Receipt
	if err := o.client.Call(ctx, spec.RegistrySurveyPush, route, "survey", survey, &receipt); err != nil || !receipt.Accepted {
		t.Fatalf("%+v, %v", receipt, err)
	}
	o.pass(t, func() bool { return len(o.surveys) > 0 })
	if got := o.surveys[0]; got.WorkID != survey.WorkID || got.Review.Outcome != spec.OutcomePass || !o.from[0].Serves("321282") {
		t.Errorf("result %+v of %+v", got, o.from[0])
	}
	k, _ = o.contract(t, "321281")
	route.District = "321281"
	var signed spec.HousingContractQueryResponse
	if err := o.client.Call(ctx, spec.HousingContractQuery, route, "query", spec.HousingContractQueryRequest{ContractNo: k.Number}, &signed); err != nil || !signed.Found {
		t.Fatalf("%+v, %v", signed, err)
	}
	push := spec.HousingContractPushRequest{WorkID: uuid.Must(uuid.NewV7()), CaseNo: caseNo, Action: spec.ContractActionCreate, Contract: signed.Contract}
	if err := o.client.Call(ctx, spec.HousingContractPush, route, "push", push, nil); err != nil {
		t.Fatal(err)
	}
	o.pass(t, func() bool { return len(o.filings) > 0 })
	if got := o.filings[0]; got.WorkID != push.WorkID || got.FilingNo == "" {
		t.Errorf("result %+v", got)
	}
	for _, line := range o.calls(t) {
		if line.Outcome != exchange.OK {
			t.Errorf("line %+v", line)
		}
	}
}

// drop is a counterpart that is reached by files, and the server that fetches its messages.
type drop struct {
	*bench
	dir     string
	signer  *sm.Signer
	us      *sm.PublicKey
	theirs  *filedrop.Box
	taken   []spec.PlatformMaterialFetchRequest
	content []byte
	e       exchange.Endpoint
}

func newDrop(t *testing.T) *drop {
	t.Helper()
	d := &drop{bench: newBench(t), dir: t.TempDir(), signer: newSigner(t), content: []byte("合同影像")}
	d.e = d.endpoint(t, "", d.signer.Public(), func(e *exchange.Endpoint) { e.Dialect, e.Folder = "filedrop", "file://"+d.dir })
	d.us = publicKey(t, d.e.OwnKey)
	d.theirs = filedrop.New(filedrop.Options{Out: filedrop.From, In: filedrop.To, Clock: d.clock, Open: func() (folder.Folder, error) {
		return folder.Open(t.Context(), folder.Address{URL: "file://" + d.dir})
	}})
	exchange.Receive(d.server, spec.PlatformMaterialFetch, func(_ context.Context, _ pgx.Tx, _ exchange.Caller, in spec.PlatformMaterialFetchRequest) (spec.PlatformMaterialFetchResponse, error) {
		d.taken = append(d.taken, in)
		return spec.PlatformMaterialFetchResponse{Digest: in.Digest, Mime: "application/pdf", Size: len(d.content), Content: d.content}, nil
	})
	return d
}

// fetch lets the server look into the folder while during runs.
func (d *drop) fetch(t *testing.T, during func()) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { d.server.Fetch(ctx); close(done) }()
	during()
	stop()
	<-done
}

func (d *drop) message(t *testing.T, id string) filedrop.Message {
	t.Helper()
	info, _ := spec.Lookup(spec.PlatformMaterialFetch)
	return filedrop.Message{Info: info, MessageID: id, Body: mustJSON(t, spec.PlatformMaterialFetchRequest{CaseNo: caseNo, Digest: sm.SM3Hex(d.content)}),
		Self: spec.Identity{App: d.e.PeerApp, Key: spec.SM2Key(d.signer)}, Peer: spec.SM2Verifier(d.us)}
}

// A counterpart without a listener fetches the content of a material by files, as any other asks for it.
func TestMaterialByFiles(t *testing.T) {
	d := newDrop(t)
	d.fetch(t, func() {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		r, err := d.theirs.Send(ctx, d.message(t, "material-1"))
		if err != nil || r.Status != http.StatusOK || !bytes.Contains(r.Body, []byte(sm.SM3Hex(d.content))) {
			t.Errorf("%d %s %v", r.Status, r.Body, err)
		}
	})
	if calls := d.calls(t); len(calls) != 1 || calls[0].Outcome != exchange.OK || calls[0].Source != "folder" || calls[0].Operation != spec.PlatformMaterialFetch {
		t.Errorf("log %+v", calls)
	}
}

// What is not the counterpart's own message, whole and fresh, is refused with its code, logged, kept in bad/, and does nothing.
func TestFilesThatAreRefused(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(text string) string
		after time.Duration
		want  spec.Code
	}{
		{"forged", func(s string) string { return strings.Replace(s, "X-Signature: SM2:", "X-Signature: SM2:AAAA", 1) }, 0, spec.CodeBadSignature},
		{"a stranger's", func(s string) string {
			return strings.Replace(s, "X-App-Id: registry-321202", "X-App-Id: registry-999999", 1)
		}, 0, spec.CodeUnknownApp},
		{"altered", func(s string) string { return strings.Replace(s, caseNo, "TZ-261124-00413-6", 1) }, 0, spec.CodeAltered},
		{"late", func(s string) string { return s }, filedrop.Lying + 2*spec.MaxSkew, spec.CodeLate},
		{"too big", func(s string) string { return s + strings.Repeat(" ", 2<<20) }, 0, spec.CodeTooBig},
		{"for a work that it does not name", func(s string) string {
			return strings.Replace(s, "X-Digest", "X-Relates-To: "+uuid.NewString()+"\nX-Digest", 1)
		}, 0, spec.CodeHeader},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDrop(t)
			d.dropFile(t, "material-1", tt.spoil)
			d.clock.Advance(tt.after)
			d.fetch(t, func() { d.awaitBad(t, 1) })
			calls := d.calls(t)
			if len(calls) != 1 || calls[0].Code != string(tt.want) || len(d.taken) != 0 {
				t.Errorf("log %+v, taken %v", calls, d.taken)
			}
		})
	}
}

// A copy of a file that was taken is a replay, however long the file may lie; the message under a new head is the same message.
func TestReplayedFile(t *testing.T) {
	d := newDrop(t)
	name, text := d.dropFile(t, "material-1", func(s string) string { return s })
	d.fetch(t, func() {
		d.await(t, "from/done/*/*request*", 1)
		d.clock.Advance(filedrop.Lying)
		if err := d.Sweep(t.Context(), 24*time.Hour); err != nil {
			t.Error(err)
		}
		if err := os.WriteFile(filepath.Join(d.dir, "from", name), []byte(text), 0o600); err != nil {
			t.Error(err)
		}
		d.awaitBad(t, 1)
	})
	if len(d.taken) != 1 || d.calls(t)[0].Code != string(spec.CodeReplayed) {
		t.Errorf("taken %d times, log %+v", len(d.taken), d.calls(t)[0])
	}
}

// dropFile writes a good message as the counterpart does, and puts it into the folder spoiled.
func (d *drop) dropFile(t *testing.T, id string, spoil func(string) string) (name, text string) {
	t.Helper()
	aside := t.TempDir()
	writer := filedrop.New(filedrop.Options{Out: filedrop.From, In: filedrop.To, Clock: d.clock, Open: func() (folder.Folder, error) {
		return folder.Open(t.Context(), folder.Address{URL: "file://" + aside})
	}})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan struct{})
	go func() { _, _ = writer.Send(ctx, d.message(t, id)); close(done) }()
	for range 2000 {
		found, err := filepath.Glob(filepath.Join(aside, "from", "2*.txt"))
		if err != nil {
			t.Fatal(err)
		}
		if len(found) == 1 {
			raw, err := os.ReadFile(found[0])
			name, text = filepath.Base(found[0]), spoil(string(raw))
			err = errors.Join(err, os.MkdirAll(filepath.Join(d.dir, "from"), 0o700), os.WriteFile(filepath.Join(d.dir, "from", name), []byte(text), 0o600))
			cancel()
			<-done
			if err != nil {
				t.Fatal(err)
			}
			return name, text
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("no file was written")
	return "", ""
}

func (d *drop) awaitBad(t *testing.T, n int) {
	t.Helper()
	d.await(t, "from/bad/*/*.reason.txt", n)
}

func (d *drop) await(t *testing.T, pattern string, n int) {
	t.Helper()
	for range 1000 {
		if found, err := filepath.Glob(filepath.Join(d.dir, pattern)); err != nil || len(found) == n {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("no %s", pattern)
}
