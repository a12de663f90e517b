package bizxml

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"yichuang/internal/exchange/spec"
)

// File says where the content of an attachment lies in the folder that both sides reach.
type File struct {
	Digest string // SM3
	Size   int64
	Path   string // below the folder, parts separated by /
}

// data writes a body as the Data element. The same body gives the same bytes.
func data(o *object, body []byte, files []File) ([]byte, error) {
	value, err := parse(body)
	if err != nil {
		return nil, err
	}
	b := &bytes.Buffer{}
	b.Grow(2*len(body) + 256)
	b.WriteString("<Data>")
	if err := writeObject(b, o, o.name, value); err != nil {
		return nil, err
	}
	if len(files) > 0 {
		b.WriteString("<Files>")
		for _, f := range files {
			b.WriteString("<File>")
			for _, part := range [][2]string{{"Digest", f.Digest}, {"Size", strconv.FormatInt(f.Size, 10)}, {"Path", f.Path}} {
				if err := writeText(b, part[0], part[1]); err != nil {
					return nil, err
				}
			}
			b.WriteString("</File>")
		}
		b.WriteString("</Files>")
	}
	b.WriteString("</Data>")
	return b.Bytes(), nil
}

// parse reads a body; whether it is what the specification says is its owner's to know.
func parse(body []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var value map[string]any
	if err := d.Decode(&value); err != nil {
		return nil, fmt.Errorf("body of a message: %w", err)
	}
	if _, err := d.Token(); err != io.EOF || value == nil {
		return nil, fmt.Errorf("body of a message is not one JSON object")
	}
	return value, nil
}

func writeObject(b *bytes.Buffer, o *object, name string, value map[string]any) error {
	b.WriteString("<" + name + ">")
	written := 0
	for i := range o.fields {
		f := &o.fields[i]
		v, there := value[f.json]
		if !there {
			continue
		}
		written++
		if err := writeField(b, f, v); err != nil {
			return err
		}
	}
	if written != len(value) {
		return spec.NewFault(spec.CodeSchema, name+" 含有规范中没有的字段")
	}
	b.WriteString("</" + name + ">")
	return nil
}

func writeField(b *bytes.Buffer, f *field, v any) error {
	if !f.list {
		return writeValue(b, f, v)
	}
	items, ok := v.([]any)
	if !ok {
		return wrongKind(f)
	}
	for _, item := range items {
		if err := writeValue(b, f, item); err != nil {
			return err
		}
	}
	return nil
}

func writeValue(b *bytes.Buffer, f *field, v any) error {
	switch v := v.(type) {
	case map[string]any:
		if f.kind == nested {
			return writeObject(b, f.of, f.xml, v)
		}
	case string:
		if f.kind == text || f.kind == bytes64 || f.kind == instant {
			return writeText(b, f.xml, v)
		}
	case json.Number:
		if f.kind == integer {
			return writeText(b, f.xml, v.String())
		}
	case bool:
		if f.kind == boolean {
			return writeText(b, f.xml, strconv.FormatBool(v))
		}
	}
	return wrongKind(f)
}

func wrongKind(f *field) error { return spec.NewFault(spec.CodeSchema, f.json+" 类型不对") }

// writeText writes an element with a text. What XML cannot hold is refused rather than replaced.
func writeText(b *bytes.Buffer, name, s string) error {
	b.WriteString("<" + name + ">")
	if !escapeText(b, s) {
		return spec.NewFault(spec.CodeSchema, name+" 含有 XML 不能表示的字符")
	}
	b.WriteString("</" + name + ">")
	return nil
}

// escapeText writes s as the content of an element, and tells whether XML can hold it. A carriage return is written as a reference, for
// readers turn a bare one into a line feed.
func escapeText(b *bytes.Buffer, s string) bool {
	last := 0
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		escape := ""
		switch {
		case r == '&':
			escape = "&amp;"
		case r == '<':
			escape = "&lt;"
		case r == '>':
			escape = "&gt;"
		case r == '\r':
			escape = "&#xD;"
		case r == utf8.RuneError && n == 1, r < ' ' && r != '\t' && r != '\n', r == 0xFFFE, r == 0xFFFF:
			return false
		}
		if escape != "" {
			b.WriteString(s[last:i])
			b.WriteString(escape)
			last = i + n
		}
		i += n
	}
	b.WriteString(s[last:])
	return true
}
