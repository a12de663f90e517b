package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"yichuang/internal/exchange/spec/bizxml"
)

// shared is the counterpart whose operations everybody has a part in.
const shared = "platform"

// writeSchemas writes one schema per counterpart, each complete in itself.
func (m *model) writeSchemas(dir string) error {
	names := map[string]bool{}
	for _, o := range m.operations {
		if o.counterpart != shared {
			names[o.counterpart] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		text, err := m.xsd(name)
		if err != nil {
			return fmt.Errorf("schema of %s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".xsd"), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// xsd writes one counterpart's schema.
func (m *model) xsd(counterpart string) ([]byte, error) {
	bodies := map[string]string{"Problem": "错误"}
	codes := map[string]string{}
	for _, o := range m.operations {
		if o.counterpart == counterpart || o.counterpart == shared {
			codes[o.code] = o.title
			bodies[o.request], bodies[o.response] = m.schemas[o.request].Description, m.schemas[o.response].Description
		}
	}
	w := &writer{}
	w.line(0, `<?xml version="1.0" encoding="UTF-8"?>`)
	w.line(0, `<!-- 由接口规范生成，请勿手工修改。 -->`)
	w.line(0, `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="%[1]s" targetNamespace="%[1]s" elementFormDefault="qualified">`, bizxml.Namespace)
	w.line(1, `<xs:element name="Message">`)
	w.line(2, `<xs:complexType>`)
	w.line(3, `<xs:sequence>`)
	w.line(4, `<xs:element name="Head" type="Head"/>`)
	w.line(4, `<xs:element name="Data" type="Data"/>`)
	w.line(3, `</xs:sequence>`)
	w.line(2, `</xs:complexType>`)
	w.line(1, `</xs:element>`)
	w.head(codes)
	w.data(slices.Sorted(maps.Keys(bodies)))
	var all []*schema
	for _, name := range slices.Sorted(maps.Keys(bodies)) {
		all = m.reach(name, all)
	}
	slices.SortFunc(all, func(a, b *schema) int { return strings.Compare(a.Name, b.Name) })
	for _, s := range all {
		if err := w.named(s); err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	w.line(0, `</xs:schema>`)
	return w.Bytes(), nil
}

type writer struct{ bytes.Buffer }

func (w *writer) line(depth int, format string, args ...any) {
	w.WriteString(strings.Repeat("  ", depth))
	fmt.Fprintf(w, format, args...)
	w.WriteByte('\n')
}

func (w *writer) note(depth int, text string) {
	if text != "" {
		w.line(depth, `<xs:annotation><xs:documentation>%s</xs:documentation></xs:annotation>`, escape(text))
	}
}

// head writes the type of the head. Its forms are those of the headers in common.yaml.
func (w *writer) head(codes map[string]string) {
	w.line(1, `<xs:complexType name="Head">`)
	w.line(2, `<xs:sequence>`)
	for _, f := range []struct{ name, pattern, note string }{
		{"BizMsgID", `[0-9A-Za-z_.:\-]{8,100}`, "业务报文号，重发时不变；应答中照抄请求"},
		{"RecType", "", "业务类型代码，见 codes.csv；应答中照抄请求"},
		{"AreaCode", `[0-9]{6}`, "行政区代码；不分区县时为 321200"},
		{"SenderApp", `[a-z0-9][a-z0-9.\-]{2,63}`, "发送方应用号"},
		{"Timestamp", `[0-9]{10}`, "发送时刻，Unix 秒"},
		{"Nonce", `[0-9A-Za-z_\-]{16,64}`, "随机数，每次发送都不同；应答中照抄请求"},
		{"RelatesTo", `[0-9A-Za-z_.:\-]{8,100}`, "回送结果时为原委托的 workId"},
		{"Status", `[1-5][0-9]{2}`, "只在应答中：状态，与 HTTP 状态码同义"},
		{"Code", `[a-z][a-z0-9\-]{1,63}`, "只在应答中：ok，或错误代码"},
		{"Text", `[\s\S]{1,2000}`, "只在应答中：供人阅读的说明"},
		{"RetryAfter", `[0-9]{1,5}`, "只在应答中：多少秒后再发"},
		{"Digest", `[0-9a-f]{64}`, "Data 元素原始字节的 SM3 摘要；只有对无法识别的发送方的拒绝没有"},
		{"Signature", `(SM2|HMAC\-SM3):[0-9A-Za-z+/=]{40,400}`, "签名；同上"},
	} {
		w.headField(f.name, f.pattern, f.note, codes)
	}
	w.line(2, `</xs:sequence>`)
	w.line(1, `</xs:complexType>`)
}

func (w *writer) headField(name, pattern, note string, codes map[string]string) {
	optional := ""
	if slices.Contains([]string{"RecType", "AreaCode", "RelatesTo", "Status", "Code", "Text", "RetryAfter", "Digest", "Signature"}, name) {
		optional = ` minOccurs="0"` // a refusal of what could not be read knows no type and no area
	}
	w.line(3, `<xs:element name="%s"%s>`, name, optional)
	w.note(4, note)
	w.line(4, `<xs:simpleType>`)
	w.line(5, `<xs:restriction base="xs:string">`)
	if name == "RecType" {
		for _, code := range slices.Sorted(maps.Keys(codes)) {
			w.enumeration(6, code, codes[code])
		}
	} else {
		w.line(6, `<xs:pattern value="%s"/>`, escape(pattern))
	}
	w.line(5, `</xs:restriction>`)
	w.line(4, `</xs:simpleType>`)
	w.line(3, `</xs:element>`)
}

func (w *writer) enumeration(depth int, value, words string) {
	if words == "" {
		w.line(depth, `<xs:enumeration value="%s"/>`, escape(value))
		return
	}
	w.line(depth, `<xs:enumeration value="%s"><xs:annotation><xs:documentation>%s</xs:documentation></xs:annotation></xs:enumeration>`, escape(value), escape(words))
}

// data writes the type of the body: one of the bodies, and the files that lie in the folder.
func (w *writer) data(bodies []string) {
	w.line(1, `<xs:complexType name="Data">`)
	w.line(2, `<xs:sequence>`)
	w.line(3, `<xs:choice>`)
	for _, name := range bodies {
		w.line(4, `<xs:element name="%[1]s" type="%[1]s"/>`, name)
	}
	w.line(3, `</xs:choice>`)
	w.line(3, `<xs:element name="Files" minOccurs="0">`)
	w.note(4, "平台推送时：报文体所列材料在文件夹中的位置")
	w.line(4, `<xs:complexType>`)
	w.line(5, `<xs:sequence>`)
	w.line(6, `<xs:element name="File" maxOccurs="unbounded">`)
	w.line(7, `<xs:complexType>`)
	w.line(8, `<xs:sequence>`)
	w.line(9, `<xs:element name="Digest"><xs:simpleType><xs:restriction base="xs:string"><xs:pattern value="[0-9a-f]{64}"/></xs:restriction></xs:simpleType></xs:element>`)
	w.line(9, `<xs:element name="Size"><xs:simpleType><xs:restriction base="xs:integer"><xs:minInclusive value="1"/></xs:restriction></xs:simpleType></xs:element>`)
	w.line(9, `<xs:element name="Path"><xs:simpleType><xs:restriction base="xs:string"><xs:pattern value="[0-9A-Za-z_\-]+/[0-9a-f]{64}"/></xs:restriction></xs:simpleType></xs:element>`)
	w.line(8, `</xs:sequence>`)
	w.line(7, `</xs:complexType>`)
	w.line(6, `</xs:element>`)
	w.line(5, `</xs:sequence>`)
	w.line(4, `</xs:complexType>`)
	w.line(3, `</xs:element>`)
	w.line(2, `</xs:sequence>`)
	w.line(1, `</xs:complexType>`)
}

// named writes a component as a type.
func (w *writer) named(s *schema) error {
	if s.Type != "object" {
		return w.simple(1, s, fmt.Sprintf(` name="%s"`, s.Name))
	}
	w.line(1, `<xs:complexType name="%s">`, s.Name)
	w.note(2, s.Description+conditions(s))
	w.line(2, `<xs:sequence>`)
	for _, f := range s.fields {
		if err := w.field(f); err != nil {
			return fmt.Errorf("%s: %w", f.json, err)
		}
	}
	w.line(2, `</xs:sequence>`)
	w.line(1, `</xs:complexType>`)
	return nil
}

// conditions says in words what a schema cannot.
func conditions(s *schema) string {
	var sets []string
	for _, one := range s.AnyOf {
		var names []string
		for _, f := range s.fields {
			if slices.Contains(one.Required, f.json) {
				names = append(names, f.xml)
			}
		}
		sets = append(sets, strings.Join(names, "、"))
	}
	if sets == nil {
		return ""
	}
	return "至少有一组：" + strings.Join(sets, "；或 ") + "。"
}

func (w *writer) field(f *field) error {
	occurs := ""
	if !f.required || f.list && f.minItems == 0 {
		occurs = ` minOccurs="0"`
	}
	if f.list && f.required && f.minItems > 1 {
		occurs = fmt.Sprintf(` minOccurs="%d"`, f.minItems)
	}
	switch {
	case f.list && f.maxItems != nil:
		occurs += fmt.Sprintf(` maxOccurs="%d"`, *f.maxItems)
	case f.list:
		occurs += ` maxOccurs="unbounded"`
	}
	words := f.describe
	if f.xml != f.json {
		words += "（JSON 字段 " + f.json + "）"
	}
	if f.schema.Name != "" {
		w.line(3, `<xs:element name="%s" type="%s"%s>`, f.xml, f.schema.Name, occurs)
		w.note(4, words)
		w.line(3, `</xs:element>`)
		return nil
	}
	w.line(3, `<xs:element name="%s"%s>`, f.xml, occurs)
	w.note(4, words)
	plain := *f.schema
	plain.Description = ""
	if err := w.simple(4, &plain, ""); err != nil {
		return err
	}
	w.line(3, `</xs:element>`)
	return nil
}

// simple writes a type without parts.
func (w *writer) simple(depth int, s *schema, name string) error {
	base := map[string]string{"text": "xs:string", "integer": "xs:integer", "boolean": "xs:boolean", "bytes64": "xs:base64Binary", "instant": "xs:dateTime"}[kindOf(s)]
	w.line(depth, `<xs:simpleType%s>`, name)
	w.note(depth+1, s.Description)
	w.line(depth+1, `<xs:restriction base="%s">`, base)
	switch base {
	case "xs:string":
		if err := w.text(depth+2, s); err != nil {
			return err
		}
	case "xs:integer":
		w.line(depth+2, `<xs:pattern value="-?(0|[1-9][0-9]*)"/>`)
		if s.Minimum != nil {
			w.line(depth+2, `<xs:minInclusive value="%d"/>`, *s.Minimum)
		}
		if s.Maximum != nil {
			w.line(depth+2, `<xs:maxInclusive value="%d"/>`, *s.Maximum)
		}
	case "xs:boolean":
		w.line(depth+2, `<xs:pattern value="true|false"/>`)
	case "xs:dateTime":
		w.line(depth+2, `<xs:pattern value="[0-9]{4}-[0-9\-]{5}T[0-9:]{8}(\.[0-9]{1,9})?(Z|[+\-][0-9]{2}:[0-9]{2})"/>`)
	}
	w.line(depth+1, `</xs:restriction>`)
	w.line(depth, `</xs:simpleType>`)
	return nil
}

func (w *writer) text(depth int, s *schema) error {
	if s.Pattern != "" {
		p := s.Pattern
		if !strings.HasPrefix(p, "^") || !strings.HasSuffix(p, "$") || strings.ContainsAny(p, `^$`) && strings.Count(p, "^")+strings.Count(p, "$") > 2 {
			return fmt.Errorf("pattern %s is none of a whole value", p)
		}
		w.line(depth, `<xs:pattern value="%s"/>`, escape(p[1:len(p)-1]))
	}
	if s.MinLength != nil {
		w.line(depth, `<xs:minLength value="%d"/>`, *s.MinLength)
	}
	if s.MaxLength != nil {
		w.line(depth, `<xs:maxLength value="%d"/>`, *s.MaxLength)
	}
	for i, value := range s.Enum {
		words := ""
		if i < len(s.EnumWords) {
			words = s.EnumWords[i]
		}
		w.enumeration(depth, value, words)
	}
	return nil
}

func escape(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // a buffer takes everything
	return b.String()
}
