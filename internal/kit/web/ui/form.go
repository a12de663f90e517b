package ui

import (
	"strconv"
	"strings"

	"yichuang/internal/kit/web"
)

// FormProps says where a form goes.
type FormProps struct {
	Action   string // this page where empty; "#errors" is added, so that a browser goes to the errors
	Upload   bool   // carries files
	Autosave bool   // saves itself to Action?draft=1 while the person types
	ID       string
	Inline   bool // a row of small controls
}

func (p FormProps) action() string {
	if strings.Contains(p.Action, "#") {
		return p.Action
	}
	return p.Action + "#errors"
}

// Field is one question. Value comes from the form; what stands before, from the handler (Form.Default).
type Field struct {
	Form     *web.Form
	Name     string
	Label    string
	Hint     string
	Optional bool   // says 选填; required is the rule
	Auto     string // autocomplete: "name", "tel"; off where empty
	Mode     string // inputmode
	Max      int    // characters; 200 where 0
	Rows     int    // of a text area
	Unit     string // said after the control: 元, ㎡
	Class    string // of the control
	Format   string // what the script does while typing: "money", "id", "cert"
	First    bool   // focus here when the page opens (staff)
	Inline   bool   // choices in one row
	Key      string // key that leads here: accesskey
}

func (f Field) max() string {
	if f.Max == 0 {
		return "200"
	}
	return strconv.Itoa(f.Max)
}

func (f Field) auto() string {
	if f.Auto == "" {
		return "off"
	}
	return f.Auto
}

func (f Field) class() string {
	c := "field"
	if f.Form.Err(f.Name) != "" {
		c += " field--err"
	}
	return c
}

func (f Field) inClass() string { return strings.TrimSpace("in " + f.Class) }

// described lists the ids of hint and error, which screen readers read with the control.
func (f Field) described() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.Name+"-h")
	}
	if f.Form.Err(f.Name) != "" {
		ids = append(ids, f.Name+"-e")
	}
	return strings.Join(ids, " ")
}

func (f Field) invalid() bool { return f.Form.Err(f.Name) != "" }

func (f Field) with(mode, format, unit, class string, size int) Field {
	if f.Mode == "" {
		f.Mode = mode
	}
	if f.Format == "" {
		f.Format = format
	}
	if f.Unit == "" {
		f.Unit = unit
	}
	if f.Class == "" {
		f.Class = class
	}
	if f.Max == 0 {
		f.Max = size
	}
	return f
}

// Choice is one answer of several.
type Choice struct {
	Value, Text, Hint string
}

// YesNo are the two answers of a yes-or-no question.
func YesNo() []Choice { return []Choice{{Value: "yes", Text: "是"}, {Value: "no", Text: "否"}} }

// choiceID names the control of the n-th choice; the first one carries the field's own name, so that the link in the
// error summary leads to it.
func choiceID(f Field, n int) string {
	if n == 0 {
		return f.Name
	}
	return f.Name + "-" + strconv.Itoa(n+1)
}

// LockedProps is a value that comes from elsewhere and is not typed.
type LockedProps struct {
	Label, Value string
	Source       string // 公安 · 10:31
	Report       string // address of the page to say that it is wrong; none where empty
	Name         string // where set, the value is also sent with the form
}

// UploadProps is a material of an application.
type UploadProps struct {
	ID, Name string // field of the page: "m-marriage"; 结婚证
	State    string // 还差, 已上传, 无需提交, 看不清, 审核不通过
	Tone     string // of the state
	Why      string // why it is asked, with the law
	How      string // how to make it
	Action   string // where a file is posted; no form where empty
	Files    []FileProps
	Error    string // what is wrong with the last try
	Phone    string // address of the page that lets a phone take the photo
	Accept   string // kinds; pictures and PDF where empty
}

func (u UploadProps) accept() string {
	if u.Accept == "" {
		return "image/jpeg,image/png,.pdf"
	}
	return u.Accept
}

// FileProps is a file of a material.
type FileProps struct {
	ID, Href, Thumb string
	Name, Note      string // 第 1 页; 1.2 MB · SM3 9f2c…
	CanRemove       bool
}

func code(f Field) Field {
	f.Auto = "one-time-code"
	return f.with("numeric", "", "", "num in--mid", 6)
}

func rows(f Field) string {
	if f.Rows == 0 {
		return "4"
	}
	return strconv.Itoa(f.Rows)
}
