package bizxml

import (
	"bytes"
	"io"
	"mime"
	"net/http"

	"yichuang/internal/exchange/spec"
)

// Form is how a message stands in HTTP.
type Form int

// The two forms.
const (
	Plain Form = iota // the message itself
	SOAP              // as the text of an operation of SOAP 1.1
)

// Path is where a system takes messages in, below its address.
func (f Form) Path() string {
	if f == SOAP {
		return "/soap"
	}
	return "/bizxml"
}

func (f Form) media() string {
	if f == SOAP {
		return "text/xml"
	}
	return "application/xml"
}

// is tells whether a media type is the form's.
func (f Form) is(contentType string) bool {
	media, options, err := mime.ParseMediaType(contentType)
	charset := options["charset"]
	utf8 := charset == "" || bytes.EqualFold([]byte(charset), []byte("utf-8"))
	return err == nil && utf8 && (media == f.media() || f == Plain && media == "text/xml")
}

// The bounds in bytes. A head is short; a body is longer in XML than in JSON, the more so the shorter its values are.
const headBytes = 32 << 10

func bodyBytes(max int64) int64 { return 6*max + headBytes }

// inside is a message within what it came in.
type inside struct {
	*parser
	meter *meter
	soap  *envelope
}

// open finds the message in what comes, and lets so many bytes through until allowed more.
func (f Form) open(r io.Reader, max int64) (*inside, error) {
	in := &inside{meter: newMeter(r, max)}
	in.meter.skipBOM()
	if f == Plain {
		in.parser = newParser(in.meter)
		return in, nil
	}
	var err error
	if in.soap, err = openEnvelope(in.meter); err != nil {
		return in, err
	}
	in.parser = newParser(in.soap.text)
	return in, nil
}

// rest reads the content and what stands behind the message.
func (in *inside) rest(head Head, o *object, max int64) (Content, error) {
	c, err := in.content(head, o, max)
	if err == nil && in.soap != nil {
		err = in.soap.close()
	}
	return c, in.meter.tell(err, max)
}

// write gives the bytes and the status of HTTP of an answer; fault is nil for a success.
func (f Form) write(message []byte, status int, fault *spec.Fault) ([]byte, int, error) {
	if f == Plain {
		return message, status, nil
	}
	if fault != nil { // SOAP 1.1 over HTTP: a fault is 500, whoever is to blame
		out, err := wrapFault(fault, message)
		return out, http.StatusInternalServerError, err
	}
	out, err := wrap("exchangeResponse", message)
	return out, http.StatusOK, err
}
