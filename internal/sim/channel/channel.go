// Package channel simulates how people are reached and recognised: SMS, WeChat service messages, app push, and the face check.
//
// Messages are kept, so that a test or a person can read the code that was "sent" to a phone. Faces pass, unless an
// operator wants a person's next checks to fail, or a scan is no picture.
package channel

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"yichuang/internal/democity"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/town"
	"yichuang/internal/sim/wire"
)

// SMS is a message as it reached a phone.
type SMS struct {
	Receipt   string             `json:"receipt"`
	At        time.Time          `json:"at"`
	Phone     string             `json:"phone"`
	Template  string             `json:"template"`
	Text      string             `json:"text"`
	Args      []spec.TemplateArg `json:"args"`
	MessageNo string             `json:"messageNo"`
}

// Push is a WeChat service message or an app notice.
type Push struct {
	Receipt   string             `json:"receipt"`
	At        time.Time          `json:"at"`
	Way       string             `json:"way"` // wechat | app
	To        string             `json:"to"`  // open id or device
	Title     string             `json:"title,omitempty"`
	Text      string             `json:"text,omitempty"`
	Template  string             `json:"template,omitempty"`
	Args      []spec.TemplateArg `json:"args,omitempty"`
	URL       string             `json:"url,omitempty"`
	MessageNo string             `json:"messageNo"`
}

// Failing says that the next checks of a person fail.
type Failing struct {
	Document string          `json:"document"` // empty: anybody's
	Next     int             `json:"next"`
	Reason   spec.FaceReason `json:"reason"`
}

// Channels are the four.
type Channels struct {
	city    *democity.City
	sms     *board.Table[SMS]
	pushes  *board.Table[Push]
	failing *board.Table[Failing]

	mu sync.Mutex // counting failures down
}

// New puts the four on the hub. They stand on the Internet: the hall calls them.
func New(h *wire.Hub, c *democity.City) (*Channels, error) {
	ch := &Channels{city: c}
	var err error
	if ch.sms, err = board.OpenTable[SMS](h.Board(), "sms"); err != nil {
		return nil, err
	}
	if ch.pushes, err = board.OpenTable[Push](h.Board(), "pushes"); err != nil {
		return nil, err
	}
	if ch.failing, err = board.OpenTable[Failing](h.Board(), "face"); err != nil {
		return nil, err
	}
	for _, s := range []struct {
		name, title string
		serve       func(*wire.System)
	}{
		{"sms", "短信网关", func(s *wire.System) { wire.Handle(s, spec.SmsSend, ch.send(s)) }},
		{"wechatpush", "微信公众号服务通知", func(s *wire.System) { wire.Handle(s, spec.WechatPush, ch.pushWechat) }},
		{"apppush", "“我的泰州”App 推送", func(s *wire.System) { wire.Handle(s, spec.AppPush, ch.pushApp) }},
		{"face", "实人认证服务", func(s *wire.System) { wire.Handle(s, spec.FaceCheck, ch.check(s)) }},
	} {
		made, err := h.New(wire.About{Name: s.name, Title: s.title, App: "city-" + s.name, Counterpart: "channel", Zone: wire.Hall})
		if err != nil {
			return nil, err
		}
		s.serve(made)
	}
	return ch, nil
}

// send keeps an SMS, unless an operator decided that the next one is blocked.
func (ch *Channels) send(s *wire.System) func(context.Context, wire.Call, spec.SmsSendRequest) (spec.SmsSendResponse, error) {
	return func(_ context.Context, c wire.Call, in spec.SmsSendRequest) (spec.SmsSendResponse, error) {
		if d, ok := s.Board().Faults.Take(s.Name, string(c.Operation), ""); ok && d.Outcome == "blocked" {
			return spec.SmsSendResponse{}, spec.NewFault("blocked", "号码不接收")
		}
		receipt := "S" + in.MessageNo[:min(len(in.MessageNo), 60)]
		_, _, err := ch.sms.Add(in.MessageNo, SMS{Receipt: receipt, At: c.At, Phone: in.Phone, Template: in.Template, Text: in.Text, Args: in.Args, MessageNo: in.MessageNo})
		return spec.SmsSendResponse{Receipt: receipt}, err
	}
}

func (ch *Channels) pushWechat(_ context.Context, c wire.Call, in spec.WechatPushRequest) (spec.WechatPushResponse, error) {
	receipt := "W" + in.MessageNo[:min(len(in.MessageNo), 60)]
	_, _, err := ch.pushes.Add("wechat "+in.MessageNo, Push{Receipt: receipt, At: c.At, Way: "wechat", To: in.OpenID, Template: in.Template, Args: in.Args, URL: in.URL, MessageNo: in.MessageNo})
	return spec.WechatPushResponse{Receipt: receipt}, err
}

func (ch *Channels) pushApp(_ context.Context, c wire.Call, in spec.AppPushRequest) (spec.AppPushResponse, error) {
	receipt := "A" + in.MessageNo[:min(len(in.MessageNo), 60)]
	_, _, err := ch.pushes.Add("app "+in.MessageNo, Push{Receipt: receipt, At: c.At, Way: "app", To: in.DeviceID, Title: in.Title, Text: in.Text, URL: in.URL, MessageNo: in.MessageNo})
	return spec.AppPushResponse{Receipt: receipt}, err
}

// Messages lists the SMS of a phone ("" of all), the newest first.
func (ch *Channels) Messages(phone string) []SMS {
	out := slices.DeleteFunc(ch.sms.List(), func(m SMS) bool { return phone != "" && m.Phone != phone })
	slices.Reverse(out)
	return out
}

// Pushes lists WeChat and app messages, the newest first.
func (ch *Channels) Pushes() []Push {
	out := ch.pushes.List()
	slices.Reverse(out)
	return out
}

// check compares a live picture with the police's: ours is of everybody.
func (ch *Channels) check(s *wire.System) func(context.Context, wire.Call, spec.FaceCheckRequest) (spec.FaceCheckResponse, error) {
	return func(_ context.Context, c wire.Call, in spec.FaceCheckRequest) (spec.FaceCheckResponse, error) {
		if !bytes.HasPrefix(in.Image, []byte{0xff, 0xd8, 0xff}) {
			return spec.FaceCheckResponse{}, spec.NewFault("bad-image", "影像不能识别")
		}
		out := spec.FaceCheckResponse{Passed: true, Score: 97, CheckedAt: c.At}
		if _, known := town.Find(ch.city, in.Person); !known {
			return spec.FaceCheckResponse{Score: 0, Reason: spec.FaceReasonNoPhoto, CheckedAt: c.At}, nil
		}
		reason, err := ch.failure(s, c, in.Person.DocumentNumber)
		if err == nil && reason != "" {
			out = spec.FaceCheckResponse{Score: 31, Reason: reason, CheckedAt: c.At}
		}
		return out, err
	}
}

// failure tells why the next check of a person fails, empty when it does not, and counts down.
func (ch *Channels) failure(s *wire.System, c wire.Call, document string) (spec.FaceReason, error) {
	if d, ok := s.Board().Faults.Take(s.Name, string(c.Operation), ""); ok && d.Outcome == "fail" {
		return spec.FaceReasonNotSame, nil
	}
	ch.mu.Lock()
	defer ch.mu.Unlock()
	for _, key := range []string{document, "*"} {
		f, ok := ch.failing.Get(key)
		if !ok {
			continue
		}
		if f.Next--; f.Next <= 0 {
			return f.Reason, ch.failing.Delete(key)
		}
		return f.Reason, ch.failing.Put(key, f)
	}
	return "", nil
}

// Fail lets the next checks of a person fail; Next 0 takes it back.
func (ch *Channels) Fail(f Failing) error {
	if f.Reason == "" {
		f.Reason = spec.FaceReasonNotSame
	}
	if !f.Reason.Valid() {
		return fmt.Errorf("reason %q is none of the interface's", f.Reason)
	}
	if f.Next < 0 {
		return errors.New("next is negative")
	}
	key := f.Document
	if key == "" {
		key = "*"
	}
	ch.mu.Lock()
	defer ch.mu.Unlock()
	if f.Next == 0 {
		return ch.failing.Delete(key)
	}
	return ch.failing.Put(key, f)
}
