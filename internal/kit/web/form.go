package web

import (
	"errors"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Form is what a person typed, and what is wrong with it. A page is drawn from the same Form whether it is empty,
// half filled, or came back with errors. All methods work on a nil Form, which is empty and fine.
type Form struct {
	values url.Values
	files  map[string][]*multipart.FileHeader
	errs   []FieldError
	draft  bool
	kept   bool
	say    func(id string, slots map[string]any) string
}

// FieldError is one thing to mend, beside the field whose name it carries.
type FieldError struct{ Name, Message string }

// ParseForm reads the form of a POST. Its error is for the handler to return; what is wrong with single fields is
// found by the handler and told to the form by Fail.
func ParseForm(r *http.Request) (*Form, error) {
	if err := parseBody(r); err != nil {
		return nil, err
	}
	f := &Form{values: r.PostForm, draft: r.URL.Query().Get("draft") == "1"}
	if s := stateOf(r.Context()); s != nil && s.router != nil {
		f.say = s.router.opt.Sentence
	}
	if r.MultipartForm != nil {
		f.files = r.MultipartForm.File
	}
	return f, nil
}

// NewForm is the form of a GET: empty, or filled with what the person sent when their session had just ended.
func NewForm(r *http.Request) *Form {
	f := &Form{values: url.Values{}}
	s := stateOf(r.Context())
	if s == nil || s.router == nil {
		return f
	}
	v, err := s.router.restore(r.Context(), s, r.URL.Path)
	if err != nil {
		s.router.opt.Log.ErrorContext(r.Context(), "kept form not restored", "err", err)
	}
	if v != nil {
		f.values, f.kept = v, true
	}
	return f
}

// FormOf is a form with the given values, for pages drawn without a request and for tests.
func FormOf(values url.Values) *Form { return &Form{values: values} }

// parseBody reads the body once, whole, into memory: nothing that a person sends touches the disk unsealed.
func parseBody(r *http.Request) error {
	if r.PostForm != nil {
		return nil
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil && r.Header.Get("Content-Type") != "" {
		return Invalid("内容的格式不对。")
	}
	if kind == "multipart/form-data" {
		err = r.ParseMultipartForm(64 << 20) // the body is limited before: all of it fits
	} else {
		err = r.ParseForm()
	}
	if err == nil {
		return nil
	}
	if e := new(http.MaxBytesError); asTooBig(err, &e) {
		return e
	}
	return &Error{Status: http.StatusBadRequest, Code: "invalid", Title: "没有看懂这个请求",
		Message: "内容没有送完整。", Next: "请回到上一页再试一次。", Err: err}
}

// Value is what was typed in the field, without space around it, in Unicode's composed form.
func (f *Form) Value(name string) string {
	if f == nil {
		return ""
	}
	return norm.NFC.String(strings.TrimSpace(strings.Trim(f.values.Get(name), "　")))
}

// Values is what was chosen of several.
func (f *Form) Values(name string) []string {
	if f == nil {
		return nil
	}
	return f.values[name]
}

// Has says whether the field was sent at all.
func (f *Form) Has(name string) bool { return f != nil && f.values.Has(name) }

// Chosen says whether the box or button was chosen.
func (f *Form) Chosen(name, value string) bool {
	for _, v := range f.Values(name) {
		if v == value {
			return true
		}
	}
	return false
}

// Set puts a value in the field, such as the canonical form of what was typed.
func (f *Form) Set(name string, values ...string) { f.values[name] = values }

// Default fills the field unless something stands there already.
func (f *Form) Default(name string, values ...string) {
	if !f.Has(name) {
		f.Set(name, values...)
	}
}

// Do is the button that was pressed: <button name="do" value="…">.
func (f *Form) Do() string { return f.Value("do") }

// Draft says that the form saved itself: keep what is there, complain about nothing.
func (f *Form) Draft() bool { return f != nil && f.draft }

// Kept says that the values are from before the person had to sign in again.
func (f *Form) Kept() bool { return f != nil && f.kept }

// Files are the files sent in the field.
func (f *Form) Files(name string) []*multipart.FileHeader {
	if f == nil {
		return nil
	}
	return f.files[name]
}

// Fail says what is wrong with a field. The first word on a field stands.
func (f *Form) Fail(name, message string) {
	if f.Err(name) == "" {
		f.errs = append(f.errs, FieldError{name, message})
	}
}

// Require fails the field where nothing stands in it, and reports whether something does.
func (f *Form) Require(name, label string) bool {
	if f.Value(name) == "" {
		f.Fail(name, "请填写"+label)
		return false
	}
	return true
}

// Fault is an error that a person can mend. It names a sentence of the zone's messages and fills its slots.
type Fault interface {
	error
	Sentence() (id string, slots map[string]any)
}

// Check fails the field where err is not nil, with the sentence that the error names, and reports whether it was nil.
func (f *Form) Check(name string, err error) bool {
	if err != nil {
		f.Fail(name, f.sentence(err))
	}
	return err == nil
}

func (f *Form) sentence(err error) string {
	var fault Fault
	if errors.As(err, &fault) && f.say != nil {
		if s := f.say(fault.Sentence()); s != "" {
			return s
		}
	}
	return "请对照证件或合同再看一遍这一项"
}

// Err is what is wrong with the field; "" where nothing is.
func (f *Form) Err(name string) string {
	if f == nil {
		return ""
	}
	for _, e := range f.errs {
		if e.Name == name {
			return e.Message
		}
	}
	return ""
}

// Errors are all things to mend, in the order they were found, which is the order of the page.
func (f *Form) Errors() []FieldError {
	if f == nil {
		return nil
	}
	return f.errs
}

// OK says that nothing is wrong.
func (f *Form) OK() bool { return len(f.Errors()) == 0 }
