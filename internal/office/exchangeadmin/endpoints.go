package exchangeadmin

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/sm"
	"yichuang/internal/kit/web"
	"yichuang/internal/land"
)

func (room *Room) showEndpoints(w http.ResponseWriter, r *http.Request) error {
	all, err := room.Exchange.Endpoints(r.Context())
	if err != nil {
		return err
	}
	tallies, err := room.Exchange.Tallies(r.Context(), room.Clock.Now().Add(-day))
	if err != nil {
		return err
	}
	lines := make([]endpointLine, len(all))
	for i, e := range all {
		lines[i] = endpointLine{e, tallies[e.ID]}
	}
	return web.Render(w, r, http.StatusOK, endpointsPage(lines))
}

// endpointLine is one row of the list.
type endpointLine struct {
	exchange.Endpoint
	exchange.Tally
}

func (room *Room) newEndpoint(w http.ResponseWriter, r *http.Request) error {
	f := web.NewForm(r)
	fill(f, exchange.Endpoint{Dialect: "unified", Limits: exchange.DefaultLimits(), Enabled: true, Scheme: spec.SchemeSM2})
	return web.Render(w, r, http.StatusOK, newPage(f, room.Exchange.Dialects()))
}

func (room *Room) addEndpoint(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ParseForm(r)
	if err != nil {
		return err
	}
	e, keys := read(f, exchange.Endpoint{})
	if f.OK() {
		saved, err := room.Exchange.SetEndpoint(r.Context(), actor(r.Context()), e, keys, f.Value("reason"))
		if err == nil {
			web.Flash(r.Context(), "green", "已新增。请把我方公钥交给对方，再点“测试”。")
			return web.Redirect(w, r, "/admin/endpoints/"+saved.ID.String())
		}
		if !told(f, err) {
			return err
		}
	}
	forget(f)
	return web.Again(w, r, f, newPage(f, room.Exchange.Dialects()))
}

func (room *Room) showEndpoint(w http.ResponseWriter, r *http.Request) error {
	v, err := room.view(r)
	if err != nil {
		return err
	}
	v.form = web.NewForm(r)
	fill(v.form, v.endpoint)
	return web.Render(w, r, http.StatusOK, endpointPage(v))
}

func (room *Room) saveEndpoint(w http.ResponseWriter, r *http.Request) error {
	v, err := room.view(r)
	if err != nil {
		return err
	}
	if v.form, err = web.ParseForm(r); err != nil {
		return err
	}
	e, keys := read(v.form, v.endpoint)
	if v.form.OK() {
		_, err := room.Exchange.SetEndpoint(r.Context(), actor(r.Context()), e, keys, v.form.Value("reason"))
		if err == nil {
			web.Flash(r.Context(), "green", "已保存，立即生效。")
			return web.Redirect(w, r, "/admin/endpoints/"+e.ID.String())
		}
		if !told(v.form, err) {
			return err
		}
	}
	forget(v.form)
	return web.Again(w, r, v.form, endpointPage(v))
}

// forget takes out of a form what is not sent back to the browser.
func forget(f *web.Form) {
	f.Set("secret")
	f.Set("folderPassword")
}

// testEndpoint calls the other side once and says what it found.
func (room *Room) testEndpoint(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r)
	if err != nil {
		return err
	}
	p, err := room.Client.Test(r.Context(), id)
	if err != nil {
		return missing(err)
	}
	tone, words := verdict(p)
	web.Flash(r.Context(), tone, words)
	return web.Redirect(w, r, "/admin/endpoints/"+id.String())
}

// endpointView is what the page of one endpoint shows.
type endpointView struct {
	endpoint exchange.Endpoint
	dialects []string
	chart    exchange.Chart
	table    bool // its numbers, too
	form     *web.Form
}

func (room *Room) view(r *http.Request) (endpointView, error) {
	id, err := idOf(r)
	if err != nil {
		return endpointView{}, err
	}
	v := endpointView{dialects: room.Exchange.Dialects(), table: r.URL.Query().Get("table") != ""}
	if v.endpoint, err = room.Exchange.Endpoint(r.Context(), id); err != nil {
		return v, missing(err)
	}
	v.chart, err = room.Exchange.Chart(r.Context(), id, exchange.Span(r.URL.Query().Get("span")))
	return v, err
}

// fill puts a setting into the form.
func fill(f *web.Form, e exchange.Endpoint) {
	l := e.Limits
	for name, value := range map[string]string{
		"name": e.Name, "counterpart": e.Counterpart, "district": e.District, "item": e.Item, "party": e.Party, "dialect": e.Dialect, "baseURL": e.BaseURL, "certificate": e.Certificate, "folder": e.Folder, "folderKey": e.FolderKey,
		"grade": count(int(e.Grade)), "quietFrom": quietWord(e.Quiet, e.Quiet.From), "quietTo": quietWord(e.Quiet, e.Quiet.To),
		"app": e.App, "peerApp": e.PeerApp, "scheme": or(e.Scheme, spec.SchemeSM2), "peerKey": e.PeerKey, "enabled": yes(e.Enabled), "version": strconv.FormatInt(e.Version, 10),
		"timeout": seconds(l.Timeout), "attempts": count(l.Attempts), "retryDelay": seconds(l.RetryDelay), "rate": rate(l.Rate), "burst": strconv.Itoa(l.Burst),
		"concurrency": strconv.Itoa(l.Concurrency), "breakerFailures": count(l.BreakerFailures), "breakerDelay": seconds(l.BreakerDelay),
	} {
		f.Default(name, value)
	}
}

// read takes the setting out of the form; before is what it was. Keys are nil where they stay.
func read(f *web.Form, before exchange.Endpoint) (exchange.Endpoint, *exchange.Keys) {
	e := before
	e.Name, e.Counterpart, e.District = f.Value("name"), f.Value("counterpart"), f.Value("district")
	e.Item, e.Party, e.Dialect, e.BaseURL = f.Value("item"), f.Value("party"), f.Value("dialect"), f.Value("baseURL")
	e.Certificate = strings.ToLower(strings.ReplaceAll(strings.TrimSpace(f.Value("certificate")), ":", ""))
	e.Folder, e.FolderKey = f.Value("folder"), strings.TrimSpace(f.Value("folderKey"))
	e.App, e.PeerApp, e.Enabled = f.Value("app"), f.Value("peerApp"), f.Value("enabled") == "yes"
	e.Grade = spec.Grade(readCount(f, "grade"))
	e.Quiet = exchange.Quiet{From: readMinute(f, "quietFrom"), To: readMinute(f, "quietTo")}
	e.Version, _ = strconv.ParseInt(f.Value("version"), 10, 64)
	e.Limits = exchange.Limits{
		Timeout: readSeconds(f, "timeout"), Attempts: readCount(f, "attempts"), RetryDelay: readSeconds(f, "retryDelay"), Rate: readNumber(f, "rate"),
		Burst: readCount(f, "burst"), Concurrency: readCount(f, "concurrency"), BreakerFailures: readCount(f, "breakerFailures"), BreakerDelay: readSeconds(f, "breakerDelay"),
	}
	f.Require("name", "名称")
	f.Require("counterpart", "对方系统")
	f.Require("dialect", "对接方式")
	f.Require("reason", "修改原因")
	keys := readKeys(f, before)
	if password := f.Value("folderPassword"); password != "" {
		if keys == nil {
			keys = &exchange.Keys{}
		}
		keys.Folder = password
	}
	return e, keys
}

// readKeys makes new keys where the form asks for them: always for a new endpoint that is called.
func readKeys(f *web.Form, before exchange.Endpoint) *exchange.Keys {
	if f.Value("dialect") == "desk" {
		return nil
	}
	if f.Value("scheme") == spec.SchemeHMAC {
		return readSecret(f, before)
	}
	fresh := before.OwnKey == "" || f.Value("renew") == "yes"
	text := strings.TrimSpace(f.Value("peerKey"))
	if !fresh && text == strings.TrimSpace(before.PeerKey) {
		return nil
	}
	keys := &exchange.Keys{}
	var err error
	if keys.Peer, err = sm.ParsePublicKey([]byte(text + "\n")); err != nil {
		f.Fail("peerKey", "应为 PEM 格式的 SM2 公钥，以 BEGIN PUBLIC KEY 开头")
	}
	if fresh {
		if keys.Signer, err = sm.NewSigner(); err != nil {
			f.Fail("renew", "没能生成密钥，请再试一次")
		}
	}
	return keys
}

func readSecret(f *web.Form, before exchange.Endpoint) *exchange.Keys {
	secret := f.Value("secret")
	if secret == "" && before.Scheme == spec.SchemeHMAC {
		return nil
	}
	if len(secret) < 16 {
		f.Fail("secret", "共享密钥至少 16 个字符")
	}
	return &exchange.Keys{Secret: []byte(secret)}
}

// told puts an error of SetEndpoint beside its field, and says whether it could.
func told(f *web.Form, err error) bool {
	var setting *exchange.ErrSetting
	switch {
	case errors.As(err, &setting) && setting.Field == "keys":
		f.Fail("peerKey", setting.Reason)
	case errors.As(err, &setting):
		f.Fail(setting.Field, setting.Reason)
	case errors.Is(err, exchange.ErrStale):
		f.Fail("reason", "您打开这一页之后，别人改过这个接入点。请重新打开再改")
	default:
		return false
	}
	return true
}

// verdict says in a sentence what a test call found.
func verdict(p exchange.Probe) (tone, words string) {
	took := fmt.Sprintf("用时 %d 毫秒", p.Took.Milliseconds())
	var (
		rejected *exchange.Rejected
		bad      *exchange.BadAnswer
		away     *exchange.Unavailable
	)
	switch {
	case p.OK && p.Err != nil:
		return "amber", "连通，双方密钥无误，" + took + "。对方还没有实现连通测试操作。"
	case p.OK && (p.Skew > time.Minute || p.Skew < -time.Minute):
		return "amber", fmt.Sprintf("连通，%s。对方时钟相差 %d 秒，请校时，超过 300 秒将无法调用。", took, int(p.Skew.Seconds()))
	case p.OK:
		return "green", fmt.Sprintf("连通：%s %s，%s，双方密钥与时钟无误。", p.System, p.Version, took)
	case errors.Is(p.Err, exchange.ErrDesk):
		return "", "这个接入点由人办理，没有系统可测。"
	case errors.As(p.Err, &rejected):
		return "red", "对方拒收：" + codeWords(string(rejected.Fault.Code)) + "。"
	case errors.As(p.Err, &bad):
		return "red", "对方的应答不可信：" + codeWords(string(bad.Code)) + "。"
	case errors.As(p.Err, &away):
		return "red", "没有连通：" + codeWords(away.Reason) + "，" + took + "。"
	}
	return "red", "没有连通。"
}

// districts are the choices of a district.
func districts() []land.District { return land.Districts() }

func readSeconds(f *web.Form, name string) time.Duration {
	return time.Duration(readNumber(f, name) * float64(time.Second))
}

func readNumber(f *web.Form, name string) float64 {
	text := land.Narrow(strings.TrimSpace(f.Value(name)))
	if text == "" {
		return 0
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n < 0 || n > 1e6 {
		f.Fail(name, "请填写数字")
		return 0
	}
	return n
}

func readCount(f *web.Form, name string) int {
	n := readNumber(f, name)
	if n != float64(int(n)) {
		f.Fail(name, "请填写整数")
	}
	return int(n)
}

func seconds(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return strconv.FormatFloat(d.Seconds(), 'f', -1, 64)
}

func count(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func rate(n float64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatFloat(n, 'f', -1, 64)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
