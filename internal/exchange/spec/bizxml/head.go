package bizxml

import (
	"bytes"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"yichuang/internal/exchange/spec"
)

// Head is the head of a message.
type Head struct {
	spec.Head
	Info       spec.Info // by the type code; zero where there is none such
	Area       string    // of the sender, for machines that pass messages on; not signed, so that nothing may be decided by it
	Status     int       // of an answer, as HTTP has them; 0: a request
	Code       string    // of an answer: "ok" or that of a fault
	RetryAfter time.Duration
}

// headers gives the elements that package spec knows as headers.
var headers = map[string]string{
	"BizMsgID": spec.HeaderMessage, "SenderApp": spec.HeaderApp, "Timestamp": spec.HeaderTime, "Nonce": spec.HeaderNonce,
	"RelatesTo": spec.HeaderRelatesTo, "Digest": spec.HeaderDigest, "Signature": spec.HeaderSignature,
}

// order is the order of the elements of a head.
var order = []string{"BizMsgID", "RecType", "AreaCode", "SenderApp", "Timestamp", "Nonce", "RelatesTo", "Status", "Code", "Text", "RetryAfter", "Digest", "Signature"}

var (
	areaForm   = regexp.MustCompile(`^[0-9]{6}$`)
	statusForm = regexp.MustCompile(`^[1-5][0-9]{2}$`)
	codeForm   = regexp.MustCompile(`^[a-z][a-z0-9-]{1,63}$`)
	waitForm   = regexp.MustCompile(`^[0-9]{1,5}$`)
)

// write writes the Head element. Text is for people, with an answer.
func (h Head) write(b *bytes.Buffer, said string) error {
	signed := http.Header{}
	if h.Digest != "" {
		h.Head.Write(signed)
	} else { // not signed: an answer to a stranger
		signed.Set(spec.HeaderMessage, h.MessageID)
		signed.Set(spec.HeaderApp, h.App)
		signed.Set(spec.HeaderTime, strconv.FormatInt(h.Time.Unix(), 10))
		signed.Set(spec.HeaderNonce, h.Nonce)
	}
	own := map[string]string{"RecType": CodeOf(h.Info.Operation), "AreaCode": h.Area, "Code": h.Code, "Text": said}
	if h.Status != 0 {
		own["Status"] = strconv.Itoa(h.Status)
	}
	if h.RetryAfter > 0 {
		own["RetryAfter"] = strconv.FormatInt(int64((h.RetryAfter+time.Second-1)/time.Second), 10)
	}
	b.WriteString("<Head>")
	for _, name := range order {
		value := own[name]
		if header := headers[name]; header != "" {
			value = signed.Get(header)
		}
		if value == "" {
			continue
		}
		if err := writeText(b, name, value); err != nil {
			return err
		}
	}
	b.WriteString("</Head>")
	return nil
}

// head reads the message up to the end of its head. The fault has CodeHeader where an element of the head is wrong, CodeSchema
// where it is no message.
func (p *parser) head() (Head, error) {
	for _, name := range []string{"Message", "Head"} {
		child, err := p.child()
		switch {
		case errors.Is(err, errText) || err == nil && (child == nil || child.Name.Local != name):
			return Head{}, broken("应为 Message 报文，Head 在先")
		case err != nil:
			return Head{}, err
		}
	}
	values, err := p.headValues()
	if err != nil {
		return Head{}, err
	}
	return headOf(values)
}

// headValues reads the elements of the head, each once at most and in their order.
func (p *parser) headValues() (map[string]string, error) {
	values, next := map[string]string{}, 0
	for {
		child, err := p.child()
		if errors.Is(err, errText) {
			return nil, spec.NewFault(spec.CodeHeader, "Head 的元素之间有文字")
		}
		if err != nil || child == nil {
			return values, err
		}
		name := child.Name.Local
		at := next
		for at < len(order) && order[at] != name {
			at++
		}
		if at == len(order) {
			return nil, spec.NewFault(spec.CodeHeader, "Head 中的元素 "+shorten(name)+" 重复、次序不对，或规范中没有")
		}
		next = at + 1
		if values[name], err = p.text(); errors.Is(err, errNested) {
			return nil, spec.NewFault(spec.CodeHeader, name+" 格式不对")
		} else if err != nil {
			return nil, err
		}
	}
}

func shorten(s string) string {
	r := []rune(s)
	return string(r[:min(len(r), 40)])
}

// headOf checks the elements' forms.
func headOf(values map[string]string) (Head, error) {
	h := http.Header{}
	for name, header := range headers {
		if value, there := values[name]; there {
			h.Set(header, value)
		}
	}
	var err error
	var out Head
	if out.Head, err = spec.ReadHead(h); err != nil {
		return out, renamed(err)
	}
	for name, form := range map[string]*regexp.Regexp{"AreaCode": areaForm, "Status": statusForm, "Code": codeForm, "RetryAfter": waitForm} {
		if value, there := values[name]; there && !form.MatchString(value) {
			return out, spec.NewFault(spec.CodeHeader, name+" 格式不对")
		}
	}
	out.Info, _ = byCode(values["RecType"])
	out.Area, out.Code = values["AreaCode"], values["Code"]
	out.Status, _ = strconv.Atoi(values["Status"]) // "" is none
	seconds, _ := strconv.Atoi(values["RetryAfter"])
	out.RetryAfter = time.Duration(min(seconds, 3600)) * time.Second
	return out, nil
}

// renamed gives a fault of the head the elements' names instead of the headers'.
func renamed(err error) error {
	var fault *spec.Fault
	if !errors.As(err, &fault) {
		return err
	}
	for name, header := range headers {
		fault.Detail = strings.Replace(fault.Detail, header, name, 1)
	}
	return fault
}
