package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/democity"
	"yichuang/internal/hall/appointment"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/pg/pgtest"
	"yichuang/internal/kit/web/webtest"
	"yichuang/internal/sim"
)

// asProgram makes this test's binary behave as yichuang itself, so that tests start real processes.
const asProgram = "YICHUANG_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// program is yichuang with arguments and with none of the settings of whoever runs the test.
func program(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = []string{asProgram + "=1", "PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}
	return cmd
}

// command runs yichuang to its end.
func command(t *testing.T, stdin string, args ...string) (out string, ok bool) {
	t.Helper()
	cmd := program(t.Context(), args...)
	cmd.Stdin = strings.NewReader(stdin)
	raw, err := cmd.CombinedOutput()
	return string(raw), err == nil
}

// process is a yichuang that goes on serving.
type process struct {
	said  *bytes.Buffer
	stop  func()
	ended chan struct{}
}

func start(t *testing.T, args ...string) *process {
	t.Helper()
	cmd := program(context.WithoutCancel(t.Context()), args...)
	p := &process{said: &bytes.Buffer{}, ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p.said, p.said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = cmd.Wait(); close(p.ended) }() // how it ended stands in what it said
	p.stop = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.ended:
		case <-time.After(20 * time.Second):
			_ = cmd.Process.Kill()
			<-p.ended
			t.Errorf("yichuang %v did not end within 20 s of SIGTERM", args)
		}
		if t.Failed() {
			t.Logf("yichuang %v said:\n%s", args, p.said)
		}
	}
	t.Cleanup(p.stop)
	return p
}

// ready waits until a process answers that its databases do.
func (p *process) ready(t *testing.T, ops string) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		if res, err := http.Get("http://" + ops + "/readyz"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-p.ended:
			t.Fatalf("the process ended before it was ready:\n%s", p.said)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatal("the process is not ready")
		}
	}
}

// freeAddress is one that nobody listens on now.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// balancer ends TLS in front of a zone, as the operator's does, and says for whom it asks.
func balancer(t *testing.T, to, client string) *httptest.Server {
	t.Helper()
	srv := httptest.NewTLSServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: to})
			r.Out.Host = r.In.Host
			r.Out.Header["X-Forwarded-For"] = append(r.In.Header["X-Forwarded-For"], client)
		}})
	t.Cleanup(srv.Close)
	return srv
}

// installation is two zones in two folders with two databases, as on two machines.
type installation struct {
	hallData, officeData       string
	hallDB, officeDB           string
	hall, office               string // listeners
	hallOps, officeOps         string
	hallFerry, officeFerry     string
	front                      *httptest.Server // of the hall
	trusted                    string           // proxies of the office
	outside                    string           // file
	city                       *democity.City
	hallProcess, officeProcess *process
}

func newInstallation(t *testing.T) *installation {
	t.Helper()
	i := &installation{hallData: t.TempDir(), officeData: t.TempDir(), hallDB: pgtest.URL(t), officeDB: pgtest.URL(t),
		hall: freeAddress(t), office: freeAddress(t), hallOps: freeAddress(t), officeOps: freeAddress(t), hallFerry: freeAddress(t), officeFerry: freeAddress(t), trusted: "127.0.0.1/32"}
	i.front = balancer(t, i.hall, "198.51.100.7")
	i.world(t)
	return i
}

// world plays the identity provider and the payment channels, and writes what they hand out.
func (i *installation) world(t *testing.T) {
	t.Helper()
	mux := http.NewServeMux()
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	const today = "2026-11-24"
	world, err := sim.Open(sim.Options{Dir: t.TempDir(), Base: srv.URL, Seed: 1, Today: today, Speed: 1, Hall: i.front.URL, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle("/", world.Handler())
	i.city = democity.Build(1, today)
	res, err := http.Get(srv.URL + "/keys.json")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var f outsideFile
	if err := json.NewDecoder(res.Body).Decode(&f.handedOut); err != nil {
		t.Fatal(err)
	}
	f.Halls = []appointment.Hall{{Code: "321202-1", Name: "海陵分中心", District: "321202", Windows: 2, PerSlot: 2}}
	raw, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	i.outside = filepath.Join(t.TempDir(), "outside.json")
	if err := os.WriteFile(i.outside, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (i *installation) serveHall() []string {
	return []string{"serve", "--zone", "hall", "--data", i.hallData, "--hall-db", i.hallDB, "--hall-listen", i.hall, "--ops-listen", i.hallOps, "--ferry-listen", i.hallFerry,
		"--hall-url", i.front.URL, "--peer-url", "http://" + i.officeFerry, "--outside", i.outside, "--trusted-proxies", "127.0.0.1/32"}
}

func (i *installation) serveOffice() []string {
	return []string{"serve", "--zone", "office", "--data", i.officeData, "--office-db", i.officeDB, "--office-listen", i.office, "--partner-listen", "127.0.0.1:0",
		"--ops-listen", i.officeOps, "--ferry-listen", i.officeFerry, "--hall-url", i.front.URL, "--peer-url", "http://" + i.hallFerry, "--trusted-proxies", i.trusted}
}

// handOver carries the keys between the machines as the programs say, after it has seen them say so.
func (i *installation) handOver(t *testing.T) {
	t.Helper()
	for zone, data := range map[string]string{"hall": i.hallData, "office": i.officeData} {
		if out, ok := command(t, "", "keys", "make", "--zone", zone, "--data", data); !ok || !strings.Contains(out, zone+".pub") {
			t.Fatalf("keys make: %s", out)
		}
	}
	for _, x := range []struct {
		file, from, to string
		serve          []string
	}{{"office.pub", i.officeData, i.hallData, i.serveHall()}, {"ferry.ring", i.officeData, i.hallData, i.serveHall()}, {"hall.pub", i.hallData, i.officeData, i.serveOffice()}} {
		to := filepath.Join(x.to, "keys", x.file)
		if out, ok := command(t, "", x.serve...); ok || !strings.Contains(out, "copy keys/"+x.file) || !strings.Contains(out, to) {
			t.Fatalf("without %s a zone says: %s", x.file, out)
		}
		raw, err := os.ReadFile(filepath.Join(x.from, "keys", x.file))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, secret := range []string{filepath.Join(i.hallData, "keys", "office.key"), filepath.Join(i.hallData, "keys", "office.ring"),
		filepath.Join(i.officeData, "keys", "hall.key"), filepath.Join(i.officeData, "keys", "hall.ring")} {
		if _, err := os.Stat(secret); err == nil {
			t.Errorf("%s is where it does not belong", secret)
		}
	}
}

func (i *installation) start(t *testing.T) {
	t.Helper()
	i.officeProcess, i.hallProcess = start(t, i.serveOffice()...), start(t, i.serveHall()...)
	i.officeProcess.ready(t, i.officeOps)
	i.hallProcess.ready(t, i.hallOps)
}

func open(t *testing.T, address string) *pgxpool.Pool {
	t.Helper()
	pool, err := pg.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// A real installation from nothing: keys made and handed over, two processes, the first administrator signs in, and a
// citizen's question crosses to the office and comes back. Then keys are changed under it, and all of it goes on.
func TestTwoZonesAsTwoProcesses(t *testing.T) {
	i := newInstallation(t)
	i.handOver(t)
	i.start(t)
	office, hall := open(t, i.officeDB), open(t, i.hallDB)

	home := webtest.At(t, i.front).Browser().Get("/")
	if home.Status != http.StatusOK || !home.Has("不动产") || !home.Has("登录") {
		t.Fatalf("the hall's home page: %d %s", home.Status, home.Text())
	}
	i.firstAdministrator(t, office)
	citizen := i.citizen(t)
	i.question(t, citizen, hall, office)

	for zone, data := range map[string]string{"office": i.officeData, "hall": i.hallData} {
		for _, file := range []string{zone + ".ring", zone + ".key"} {
			if out, ok := command(t, "", "keys", "rotate", "--data", data, file); !ok {
				t.Fatalf("keys rotate %s: %s", file, out)
			}
		}
	}
	if out, ok := command(t, "", "keys", "rotate", "--data", i.officeData, "ferry.ring"); !ok {
		t.Fatalf("keys rotate ferry.ring: %s", out)
	}
	for _, x := range [][2]string{{i.officeData + "/keys/office.pub", i.hallData + "/keys/office.pub"}, {i.officeData + "/keys/ferry.ring", i.hallData + "/keys/ferry.ring"},
		{i.hallData + "/keys/hall.pub", i.officeData + "/keys/hall.pub"}} {
		raw, err := os.ReadFile(x[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(x[1], raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	i.officeProcess.stop()
	i.hallProcess.stop()
	i.trusted = "192.0.2.0/24,2001:db8::/32"
	i.start(t)
	i.question(t, citizen, hall, office) // the session, sealed with the key before, is still his
	i.administrator(t, "Chuangkou-2026", "/admin")
	recorded(t, office, "新建账号 command line", "登录 198.51.100.9", "登录 127.0.0.1")
}

// administrator signs in through a balancer, with a forged address of his own, and is led to a page.
func (i *installation) administrator(t *testing.T, password, to string) (*webtest.Browser, *webtest.Page) {
	t.Helper()
	b := webtest.At(t, balancer(t, i.office, "198.51.100.9")).Browser()
	b.Header.Set("X-Forwarded-For", "203.0.113.66")
	p := b.Get("/login").Submit("登录", url.Values{"login": {"first.admin"}, "password": {password}})
	if p.Status != http.StatusOK || p.URL.Path != to {
		t.Fatalf("after the sign-in: %d %s %s", p.Status, p.URL.Path, p.Text())
	}
	return b, p
}

// recorded compares what the audit record says of accounts and sign-ins, each with where it came from: the address that a
// trusted proxy saw, or the proxy's own.
func recorded(t *testing.T, office *pgxpool.Pool, want ...string) {
	t.Helper()
	rows, err := office.Query(t.Context(), `SELECT action || ' ' || split_part(source, ' on ', 1) FROM audit_record
		WHERE kind IN ('sign-in', 'config') ORDER BY pos`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("recorded %q, want %q (%v)", got, want, err)
	}
}

var firstPassword = regexp.MustCompile(`First password, shown this once: (\S+)`)

// firstAdministrator is made on the command line and gets in through the pages.
func (i *installation) firstAdministrator(t *testing.T, office *pgxpool.Pool) {
	t.Helper()
	at := []string{"staff", "add", "--office-db", i.officeDB, "--data", i.officeData, "--login", "first.admin", "--name", "管理员", "--role", "admin", "--reason", "安装"}
	if out, ok := command(t, "", append(at, "--role", "window")...); ok || !strings.Contains(out, "not held together") {
		t.Errorf("an administrator with a second role: %s", out)
	}
	if out, ok := command(t, "short\n", append(at, "--password-stdin")...); ok {
		t.Errorf("a password of five letters: %s", out)
	}
	out, ok := command(t, "", at...)
	given := firstPassword.FindStringSubmatch(out)
	if !ok || given == nil {
		t.Fatalf("staff add: %s", out)
	}
	if out, ok := command(t, "", at...); ok || !strings.Contains(out, "taken") {
		t.Errorf("the same login again: %s", out)
	}
	b, page := i.administrator(t, given[1], "/password")
	if p := b.Get("/admin"); p.Status != http.StatusForbidden || !p.Has("请先修改密码") {
		t.Errorf("before the password is changed: %d %s", p.Status, p.Text())
	}
	if p := b.Get("/"); p.URL.Path != "/password" {
		t.Errorf("the front leads to %s", p.URL.Path)
	}
	if p := page.Submit("修改密码", url.Values{"old": {given[1]}, "fresh": {given[1]}, "again": {given[1]}}); p.Status != http.StatusUnprocessableEntity {
		t.Errorf("the first password again: %d", p.Status)
	}
	page = b.Get("/password").Submit("修改密码", url.Values{"old": {given[1]}, "fresh": {"Chuangkou-2026"}, "again": {"Chuangkou-2026"}})
	if page.Status != http.StatusOK || page.URL.Path != "/admin" {
		t.Fatalf("after the change: %d %s %s", page.Status, page.URL.Path, page.Text())
	}
	recorded(t, office, "新建账号 command line", "登录 198.51.100.9")
}

// citizen signs in at the provider and comes back.
func (i *installation) citizen(t *testing.T) *webtest.Browser {
	t.Helper()
	b := webtest.At(t, i.front).Browser()
	a := i.city.Citizens[0]
	if p := b.Get("/login/start?back=/me").Submit("登录", url.Values{"login": {a.Login}, "password": {a.Password}}); p.URL.Path != "/me" || !p.Has("我的办件") {
		t.Fatalf("after the sign-in: %s %s", p.URL, p.Text())
	}
	return b
}

// question asks for a home. The office's book is empty, so the answer that comes back is that nothing matches.
func (i *installation) question(t *testing.T, b *webtest.Browser, hall, office *pgxpool.Pool) {
	t.Helper()
	before := crossed(t, office, "home.query")
	p := b.Get("/apply/existing-home-sale")
	var consents []string
	for n := range p.Root.Descendants() {
		if n.Data == "input" && webtest.Attr(n, "name") == "consent" {
			consents = append(consents, webtest.Attr(n, "value"))
		}
	}
	if p = p.Submit("同意并开始", url.Values{"consent": consents}); !strings.HasPrefix(p.URL.Path, "/app/") {
		t.Fatalf("the start leads to %s: %s", p.URL.Path, p.Text())
	}
	app := "/app/" + strings.Split(p.URL.Path, "/")[2]
	p = b.Get(app+"/home").Submit("查找房屋", url.Values{"home.certificate": {"苏(2020)泰州市不动产权第0000098号"}})
	for deadline := time.Now().Add(time.Minute); !p.Has("没有找到相符的房屋"); p = b.Get(app + "/home") {
		if time.Now().After(deadline) {
			t.Fatalf("no answer came back: %s", p.Text())
		}
		time.Sleep(200 * time.Millisecond)
	}
	if n := crossed(t, office, "home.query"); n != before+1 {
		t.Errorf("%d questions have crossed, want %d", n, before+1)
	}
	if n := crossed(t, hall, "home.replied"); n != before+1 {
		t.Errorf("%d answers have crossed, want %d", n, before+1)
	}
}

func crossed(t *testing.T, pool *pgxpool.Pool, kind string) (n int) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM ferry_in WHERE type = $1 AND state = 'applied'`, kind).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
