package exchange

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/exchange/dialect"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/sm"
)

// Endpoint is the setting of one counterpart's system: where it is, how it is spoken to, how much of it may be asked.
type Endpoint struct {
	ID          uuid.UUID
	Name        string     // Chinese, for the pages: 海陵区不动产登记系统
	Counterpart string     // as the specification's files are named: registry, housing, tax …
	District    string     // county code; "" for the whole city
	Item        string     // item code; "" for all items
	Party       string     // which of several systems of a kind: a bank's code, water, power …; "" for any
	Dialect     string     // unified, desk …
	BaseURL     string     // up to before /v1/
	Certificate string     // fingerprint of the only TLS certificate that the counterpart may show, calling or called; "" for any
	Folder      string     // of files, file:///… or sftp://user@host/…; "" for none
	FolderKey   string     // the SFTP server's public key
	App         string     // we, as the counterpart knows us
	PeerApp     string     // the counterpart, as it signs; the endpoints of one system share it and its key
	Scheme      string     // spec.SchemeSM2 or spec.SchemeHMAC; follows from the keys
	Grade       spec.Grade // of the data it may be sent
	Quiet       Quiet      // when it is not called
	Limits      Limits
	Enabled     bool

	OwnKey    string    // our public key, PEM, to hand to the counterpart; "" with a shared secret
	PeerKey   string    // the counterpart's public key, PEM
	OpenSince time.Time // of the circuit; zero: closed
	Version   int64     // of the setting; SetEndpoint refuses a stale one
	UpdatedAt time.Time
	UpdatedBy string
}

// Limits bound what one process does to an endpoint. Zero values of Timeout and Attempts mean what the specification says.
type Limits struct {
	Timeout         time.Duration // of one sending, answer included
	Attempts        int           // sendings of one call, the first included
	RetryDelay      time.Duration // before the second sending; doubled for each further one, with jitter
	Rate            float64       // calls a second; 0: no limit
	Burst           int           // calls at once above the rate
	Concurrency     int           // calls under way at once
	BreakerFailures int           // failures in a row that open the circuit; 0: never
	BreakerDelay    time.Duration // from opening to the trial call
}

// DefaultLimits are the limits of a new endpoint.
func DefaultLimits() Limits {
	return Limits{RetryDelay: time.Second, Burst: 1, Concurrency: 32, BreakerFailures: 5, BreakerDelay: 30 * time.Second}
}

// Keys are the keys of an endpoint: an SM2 pair of ours and the counterpart's public key, or a secret that both share.
type Keys struct {
	Signer *sm.Signer
	Peer   *sm.PublicKey
	Secret []byte // at least 16 bytes; HMAC-SM3 instead of SM2
	Folder string // password of the SFTP account; "" keeps the one there is
}

// ErrSetting says which field of an endpoint is wrong, and why, in words for the admin page.
type ErrSetting struct{ Field, Reason string }

func (e *ErrSetting) Error() string { return fmt.Sprintf("endpoint setting %s: %s", e.Field, e.Reason) }

var (
	appForm         = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{2,63}$`)
	fingerprintForm = regexp.MustCompile(`^([0-9a-f]{64})?$`)
	districtForm    = regexp.MustCompile(`^([0-9]{6})?$`)
)

// check tells whether the setting can work, given its dialect.
func (e *Endpoint) check(d dialect.Dialect) error {
	switch {
	case strings.TrimSpace(e.Name) == "":
		return &ErrSetting{"name", "请填写名称"}
	case !knownCounterpart(e.Counterpart):
		return &ErrSetting{"counterpart", "没有这个对方系统"}
	case !districtForm.MatchString(e.District):
		return &ErrSetting{"district", "应为 6 位行政区代码，或留空表示全市"}
	case d == nil:
		return &ErrSetting{"dialect", "没有这种对接方式"}
	}
	if err := e.Limits.check(); err != nil || !d.Needs().Keys {
		return err
	}
	if u, err := url.Parse(e.BaseURL); d.Needs().Address && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "") {
		return &ErrSetting{"baseURL", "应为 http 或 https 地址，不含用户名、查询串与锚点"}
	}
	switch {
	case e.Grade < spec.GradeOpen || e.Grade > spec.GradeSensitive:
		return &ErrSetting{"grade", "请选择可以发给对方的数据级别"}
	case !fingerprintForm.MatchString(e.Certificate):
		return &ErrSetting{"certificate", "应为证书 SHA-256 指纹，64 位十六进制小写"}
	case !e.Quiet.valid():
		return &ErrSetting{"quietFrom", "应为 00:00 至 23:59 之间的时刻"}
	}
	if !appForm.MatchString(e.App) {
		return &ErrSetting{"app", "应用号为 3 至 64 个小写字母、数字、点或短横"}
	}
	if !appForm.MatchString(e.PeerApp) {
		return &ErrSetting{"peerApp", "应用号为 3 至 64 个小写字母、数字、点或短横"}
	}
	return nil
}

func (l Limits) check() error {
	for _, bound := range []struct {
		field     string
		value     float64
		min, max  float64
		unit      string
		zeroMeans bool
	}{
		{"timeout", l.Timeout.Seconds(), 0.01, 600, "秒", true},
		{"attempts", float64(l.Attempts), 1, 20, "次", true},
		{"retryDelay", l.RetryDelay.Seconds(), 0.001, 600, "秒", false},
		{"rate", l.Rate, 0.001, 100000, "次每秒", true},
		{"burst", float64(l.Burst), 1, 10000, "次", false},
		{"concurrency", float64(l.Concurrency), 1, 1000, "路", false},
		{"breakerFailures", float64(l.BreakerFailures), 1, 1000, "次", true},
		{"breakerDelay", l.BreakerDelay.Seconds(), 0.001, 3600, "秒", false},
	} {
		if bound.zeroMeans && bound.value == 0 || bound.value >= bound.min && bound.value <= bound.max {
			continue
		}
		return &ErrSetting{bound.field, fmt.Sprintf("应在 %v 与 %v %s之间", bound.min, bound.max, bound.unit)}
	}
	return nil
}

func knownCounterpart(name string) bool {
	for _, info := range spec.Operations() {
		if info.Counterpart == name && name != commonCounterpart {
			return true
		}
	}
	return false
}

// commonCounterpart is the file of operations that every counterpart has a part in.
const commonCounterpart = "platform"
