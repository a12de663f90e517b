package spec

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"

	"yichuang/internal/land"
)

// Mask is the body as a log may show it: what the specification marks as personal (x-personal) is hidden by kind, contents of
// files are replaced by their size.
func (b *Body) Mask() json.RawMessage {
	if b == nil {
		return nil
	}
	masked, err := json.Marshal(mask(b.schema, b.value))
	if err != nil {
		return nil
	}
	return masked
}

// Mask is raw as a log may show it, whether or not it fits the specification: unknown fields are left out. Of what is no JSON nothing is shown.
func (d *Document) Mask(op Operation, side Side, raw []byte) json.RawMessage {
	schemas, known := d.bodies[op]
	if !known {
		return nil
	}
	value, err := decode(raw)
	if err != nil {
		return nil
	}
	return (&Body{schema: schemas[side], value: value}).Mask()
}

func mask(s *openapi3.Schema, value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, field := range v {
			if property := s.Properties[name]; property != nil {
				out[name] = mask(property.Value, field)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			if s.Items != nil {
				out[i] = mask(s.Items.Value, v[i])
			}
		}
		return out
	case string:
		return maskText(s, v)
	}
	return value
}

func maskText(s *openapi3.Schema, text string) string {
	if s.Format == "byte" {
		return fmt.Sprintf("（%d 字节）", len(text))
	}
	switch kind, _ := s.Extensions["x-personal"].(string); kind {
	case "":
		return text
	case "name":
		return land.MaskName(text)
	case "document", "account":
		return land.MaskNumber(text)
	case "phone":
		return land.MaskPhone(text)
	case "address":
		return maskAddress(text)
	default: // text, and any kind still unknown here
		return fmt.Sprintf("（%d 字）", utf8.RuneCountInString(text))
	}
}

// shown is how much of an address stays: about as much as the district.
const shown = 6

func maskAddress(text string) string {
	r := []rune(text)
	if len(r) <= shown {
		return strings.Repeat("*", len(r))
	}
	return string(r[:shown]) + strings.Repeat("*", len(r)-shown)
}
