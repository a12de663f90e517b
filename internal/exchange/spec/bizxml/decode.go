package bizxml

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"yichuang/internal/exchange/spec"
)

// reading turns the elements of a body into JSON. The first thing that the grammar does not allow is remembered; the rest is
// then only read to its end, because whether the message is its sender's is told first.
type reading struct {
	p   *parser
	out bytes.Buffer
}

// wrong is a fault at a place of the body.
func wrong(path, detail string) error {
	fault := spec.NewFault(spec.CodeSchema, "")
	if r := []rune(path); len(r) > 300 {
		path = string(r[:300])
	}
	fault.Fields = []spec.FieldProblem{{Pointer: path, Detail: detail}}
	return fault
}

// object reads an object whose start was read, up to its end. Elements stand in the order of the grammar, so that none can come twice.
func (r *reading) object(o *object, path string) error {
	r.out.WriteByte('{')
	next, empty := 0, true
	name := func(f *field) {
		if !empty {
			r.out.WriteByte(',')
		}
		empty = false
		r.out.WriteString(strconv.Quote(f.json) + ":")
	}
	pass := func(until int) { // lists that are required may be empty
		for ; next < until; next++ {
			if f := &o.fields[next]; f.list && f.needed {
				name(f)
				r.out.WriteString("[]")
			}
		}
	}
	open, count := false, 0 // a list under way
	for {
		child, err := r.p.child()
		if err != nil {
			return r.placed(err, path)
		}
		at := len(o.fields)
		if child != nil {
			if at = o.find(child.Name.Local); at < 0 {
				return wrong(path+"/"+child.Name.Local, "规范中没有这个元素")
			}
		}
		if open && at == next {
			count++
			r.out.WriteByte(',')
			if err := r.value(&o.fields[at], path+"/"+child.Name.Local+"["+strconv.Itoa(count)+"]"); err != nil {
				return err
			}
			continue
		}
		if open {
			r.out.WriteByte(']')
			open, next = false, next+1
		}
		if at < next {
			return wrong(path+"/"+child.Name.Local, "元素重复，或次序与规范不同")
		}
		pass(at)
		if child == nil {
			r.out.WriteByte('}')
			return nil
		}
		f := &o.fields[at]
		name(f)
		place := path + "/" + f.xml
		if f.list {
			open, count, place = true, 1, place+"[1]"
			r.out.WriteByte('[')
		} else {
			next = at + 1
		}
		if err := r.value(f, place); err != nil {
			return err
		}
	}
}

// find gives the index of the field whose element has a name, or -1.
func (o *object) find(name string) int {
	for i := range o.fields {
		if o.fields[i].xml == name {
			return i
		}
	}
	return -1
}

var (
	numberForm = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,17})$`)
	spaces     = strings.NewReplacer(" ", "", "\t", "", "\n", "", "\r", "")
)

// value reads what is in an element whose start was read, up to its end.
func (r *reading) value(f *field, path string) error {
	if f.kind == nested {
		return r.object(f.of, path)
	}
	s, err := r.p.text()
	if err != nil {
		return r.placed(err, path)
	}
	switch f.kind {
	case integer:
		if s = strings.Trim(s, " \t\r\n"); !numberForm.MatchString(s) {
			return wrong(path, "应为整数")
		}
		r.out.WriteString(s)
		return nil
	case boolean:
		if s = strings.Trim(s, " \t\r\n"); s != "true" && s != "false" {
			return wrong(path, "应为 true 或 false")
		}
		r.out.WriteString(s)
		return nil
	case bytes64:
		s = spaces.Replace(s) // writers of XML break long lines
	case instant:
		s = strings.Trim(s, " \t\r\n")
	}
	quoted, err := json.Marshal(s)
	if err != nil {
		return err
	}
	r.out.Write(quoted)
	return nil
}

// placed says where it is that elements and text are mixed.
func (r *reading) placed(err error, path string) error {
	switch {
	case errors.Is(err, errText):
		return wrong(path, "元素之间有文字")
	case errors.Is(err, errNested):
		return wrong(path, "应为文字，不应有元素")
	}
	return err
}

// files reads the list of files whose start was read, up to its end.
func (r *reading) files(path string) ([]File, error) {
	var list []File
	for {
		child, err := r.p.child()
		if err != nil {
			return nil, r.placed(err, path)
		}
		if child == nil {
			return list, nil
		}
		place := path + "/File[" + strconv.Itoa(len(list)+1) + "]"
		if child.Name.Local != "File" {
			return nil, wrong(path+"/"+child.Name.Local, "规范中没有这个元素")
		}
		f, err := r.file(place)
		if err != nil {
			return nil, err
		}
		list = append(list, f)
	}
}

var (
	digestForm = regexp.MustCompile(`^[0-9a-f]{64}$`)
	pathForm   = regexp.MustCompile(`^[0-9A-Za-z_-]+/[0-9a-f]{64}$`)
)

func (r *reading) file(path string) (File, error) {
	var (
		f    File
		size string
	)
	for _, part := range []struct {
		name string
		into *string
	}{{"Digest", &f.Digest}, {"Size", &size}, {"Path", &f.Path}} {
		child, err := r.p.child()
		if err != nil {
			return f, r.placed(err, path)
		}
		if child == nil || child.Name.Local != part.name {
			return f, wrong(path+"/"+part.name, "缺少，或次序与规范不同")
		}
		if *part.into, err = r.p.text(); err != nil {
			return f, r.placed(err, path)
		}
	}
	if child, err := r.p.child(); err != nil || child != nil {
		return f, wrong(path, "规范中没有这个元素")
	}
	var err error
	f.Size, err = strconv.ParseInt(strings.Trim(size, " \t\r\n"), 10, 64)
	if err != nil || f.Size < 1 || !digestForm.MatchString(f.Digest) || !pathForm.MatchString(f.Path) {
		return f, wrong(path, "格式不对")
	}
	return f, nil
}
