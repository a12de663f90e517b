package unionpay_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"sort"
	"strings"
	"testing"
	"time"

	"yichuang/internal/sim/board"
	"yichuang/internal/sim/board/boardtest"
	"yichuang/internal/sim/pay"
	"yichuang/internal/sim/pay/paytest"
	"yichuang/internal/sim/pay/unionpay"
)

// shop is a merchant that speaks version 5.1.0 by itself: signs with its key and checks UnionPay's certificate.
type shop struct {
	t        *testing.T
	board    *board.Board
	gateway  *unionpay.Gateway
	keys     map[string]string
	key      *rsa.PrivateKey
	notifyTo string
	heard    []map[string]string
	forged   int
}

func open(t *testing.T) *shop {
	t.Helper()
	s := &shop{t: t}
	s.board = boardtest.Start(t, "unionpay", func(b *board.Board) http.Handler {
		var err error
		if s.gateway, err = unionpay.New(b, paytest.Vault(t)); err != nil {
			t.Fatal(err)
		}
		return s.gateway.Handler()
	})
	s.keys = s.gateway.Keys()
	block, _ := pem.Decode([]byte(s.keys["merchantPrivateKey"]))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	s.key = key.(*rsa.PrivateKey)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		fields := map[string]string{}
		for k, v := range r.PostForm {
			fields[k] = v[0]
		}
		if err := s.verify(fields); err != nil {
			s.forged++
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		s.heard = append(s.heard, fields)
	}))
	t.Cleanup(srv.Close)
	s.notifyTo = srv.URL
	return s
}

func hexDigest(fields map[string]string) string {
	var keys []string
	for k := range fields {
		if k != "signature" {
			keys = append(keys, k)
		}
	}
	sort.Strings(keys)
	var pairs []string
	for _, k := range keys {
		pairs = append(pairs, k+"="+fields[k])
	}
	sum := sha256.Sum256([]byte(strings.Join(pairs, "&")))
	return hex.EncodeToString(sum[:])
}

func (s *shop) form(fields map[string]string) url.Values {
	s.t.Helper()
	for k, v := range map[string]string{"version": "5.1.0", "encoding": "UTF-8", "signMethod": "01", "bizType": "000201", "accessType": "0",
		"channelType": "07", "merId": s.keys["merId"], "certId": s.keys["certId"], "txnTime": "20261124101500", "currencyCode": "156"} {
		if _, ok := fields[k]; !ok {
			fields[k] = v
		}
	}
	sum := sha256.Sum256([]byte(hexDigest(fields)))
	sig, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, sum[:])
	if err != nil {
		s.t.Fatal(err)
	}
	out := url.Values{"signature": {base64.StdEncoding.EncodeToString(sig)}}
	for k, v := range fields {
		out.Set(k, v)
	}
	return out
}

// verify checks certificate chain, name and signature as a merchant has to.
func (s *shop) verify(fields map[string]string) error {
	block, _ := pem.Decode([]byte(fields["signPubKeyCert"]))
	if block == nil {
		return fmt.Errorf("no certificate")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return err
	}
	roots, middles := x509.NewCertPool(), x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(s.keys["rootCert"]))
	middles.AppendCertsFromPEM([]byte(s.keys["middleCert"]))
	if _, err := cert.Verify(x509.VerifyOptions{Roots: roots, Intermediates: middles, CurrentTime: time.Now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
		return err
	}
	if parts := strings.Split(cert.Subject.CommonName, "@"); len(parts) < 3 || parts[2] != "中国银联股份有限公司" {
		return fmt.Errorf("certificate of %s", cert.Subject.CommonName)
	}
	sig, err := base64.StdEncoding.DecodeString(fields["signature"])
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(hexDigest(fields)))
	return rsa.VerifyPKCS1v15(cert.PublicKey.(*rsa.PublicKey), crypto.SHA256, sum[:], sig)
}

// ask sends a machine's message and checks the answer.
func (s *shop) ask(to string, fields map[string]string) map[string]string {
	s.t.Helper()
	resp, err := http.PostForm(to, s.form(fields))
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	out := map[string]string{}
	for _, pair := range strings.Split(string(body), "&") {
		k, v, _ := strings.Cut(pair, "=")
		out[k] = v
	}
	if err := s.verify(out); err != nil {
		s.t.Fatalf("answer %v: %v", out, err)
	}
	return out
}

func (s *shop) order(fields map[string]string) (*http.Response, string) {
	s.t.Helper()
	resp, err := http.PostForm(s.keys["frontUrl"], s.form(fields))
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp, string(body)
}

func (s *shop) purchase(number, fen string) map[string]string {
	return map[string]string{"txnType": "01", "txnSubType": "01", "orderId": number, "txnAmt": fen,
		"backUrl": s.notifyTo, "frontUrl": "http://hall.example/paid", "reqReserved": "bill-1"}
}

func (s *shop) query(number string) map[string]string {
	s.t.Helper()
	return s.ask(s.keys["queryUrl"], map[string]string{"txnType": "00", "txnSubType": "00", "orderId": number})
}

func TestPurchase(t *testing.T) {
	s := open(t)
	resp, _ := s.order(s.purchase("BILL000001", "1280000"))
	if got := s.query("BILL000001"); got["respCode"] != "00" || got["origRespCode"] != "05" {
		t.Fatalf("query before payment: %v", got)
	}
	resp, err := http.PostForm(resp.Request.URL.String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	s.checkReturn(string(page))
	s.board.Courier.Tick(t.Context())
	if len(s.heard) != 1 || s.heard[0]["txnAmt"] != "1280000" || s.heard[0]["respCode"] != "00" || s.heard[0]["reqReserved"] != "bill-1" {
		t.Fatalf("heard %v", s.heard)
	}
	if got := s.query("BILL000001"); got["origRespCode"] != "00" || got["queryId"] != s.heard[0]["queryId"] {
		t.Fatalf("query after payment: %v", got)
	}
}

// checkReturn reads the form that takes the payer back and verifies its signature.
func (s *shop) checkReturn(page string) {
	s.t.Helper()
	if !strings.Contains(page, `action="http://hall.example/paid"`) {
		s.t.Fatalf("no way back in %s", page)
	}
	fields := map[string]string{}
	for _, m := range regexp.MustCompile(`(?s)name="(\w+)" value="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		fields[m[1]] = html.UnescapeString(m[2])
	}
	if err := s.verify(fields); err != nil {
		s.t.Fatalf("return form %v: %v", fields, err)
	}
}

func TestRefund(t *testing.T) {
	s := open(t)
	s.order(s.purchase("BILL000002", "900"))
	paid, err := s.gateway.Desk().Pay("BILL000002", pay.Notice{Skip: true})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ number, fen, code string }{
		{"REFUND01", "400", "00"},
		{"REFUND01", "400", "00"}, // the same again
		{"REFUND02", "501", "61"},
		{"REFUND02", "500", "00"},
	}
	for _, tt := range tests {
		got := s.ask(s.keys["backUrl"], map[string]string{"txnType": "04", "txnSubType": "00", "orderId": tt.number, "txnAmt": tt.fen,
			"origQryId": paid.Reference, "backUrl": s.notifyTo})
		if got["respCode"] != tt.code {
			t.Errorf("refund %s of %s: %v", tt.number, tt.fen, got)
		}
	}
	s.board.Courier.Tick(t.Context())
	if len(s.heard) != 2 || s.heard[1]["txnType"] != "04" || s.heard[1]["origQryId"] != paid.Reference {
		t.Fatalf("heard %v", s.heard)
	}
	if got := s.query("REFUND02"); got["origRespCode"] != "00" || got["txnAmt"] != "500" {
		t.Fatalf("query of a refund: %v", got)
	}
}

func TestRefusals(t *testing.T) {
	s := open(t)
	altered := s.form(s.purchase("BILL000003", "900"))
	altered.Set("txnAmt", "1")
	resp, err := http.PostForm(s.keys["frontUrl"], altered)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "验证签名失败") {
		t.Fatalf("an altered amount was taken: %s", page)
	}
	if got := s.query("NONE0000001"); got["respCode"] != "34" {
		t.Fatalf("unknown order: %v", got)
	}
	bad := s.purchase("BILL000004", "900")
	bad["txnTime"] = "now"
	if _, page := s.order(bad); !strings.Contains(page, "txnTime") {
		t.Fatalf("a bad time was taken: %s", page)
	}
	bad = s.purchase("BILL000006", "900")
	bad["reqReserved"] = "a&b=c"
	if _, page := s.order(bad); !strings.Contains(page, "reqReserved") {
		t.Fatalf("a field that breaks the answers was taken: %s", page)
	}
}

func TestForgedNotice(t *testing.T) {
	s := open(t)
	s.order(s.purchase("BILL000005", "900"))
	if _, err := s.gateway.Desk().Pay("BILL000005", pay.Notice{Forge: true}); err != nil {
		t.Fatal(err)
	}
	s.board.Courier.Tick(t.Context())
	if s.forged != 1 || len(s.heard) != 0 {
		t.Fatalf("%d forged, heard %v", s.forged, s.heard)
	}
	if len(s.board.Courier.Pending()) != 1 {
		t.Fatal("a notice that was refused is not tried again")
	}
}
