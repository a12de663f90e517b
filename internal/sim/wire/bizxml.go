package wire

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/exchange/spec/bizxml"
	"yichuang/internal/kit/sm"
	"yichuang/internal/sim/board"
)

// The dialects of those that speak XML.
const (
	BizXML     = "bizxml"
	BizXMLSOAP = "bizxml-soap"
)

// formOf gives the form of an XML dialect.
func formOf(dialect string) (form bizxml.Form, ok bool) {
	switch dialect {
	case BizXML:
		return bizxml.Plain, true
	case BizXMLSOAP:
		return bizxml.SOAP, true
	}
	return 0, false
}

// serveXML takes a request in an XML dialect, or shows the description of the port.
func (s *System) serveXML(w http.ResponseWriter, r *http.Request, form bizxml.Form) {
	switch {
	case !strings.HasSuffix(r.URL.Path, form.Path()):
		http.NotFound(w, r)
	case form == bizxml.SOAP && bizxml.Describe(w, r):
	default:
		l := bizxml.NewLetter(form, w, r)
		l.Files = s.checkFiles
		s.receive(r.Context(), l)
	}
}

// checkFiles makes sure that all files that a message names lie in the system's folder as it says.
func (s *System) checkFiles(info spec.Info, body []byte, files []bizxml.File) error {
	named, err := bizxml.Attachments(info.Operation, body)
	if err != nil {
		return err
	}
	if len(files) != len(named) {
		return spec.NewFault(spec.CodeSchema, fmt.Sprintf("报文体列出 %d 份材料，Files 列出 %d 份", len(named), len(files)))
	}
	by := map[string]bizxml.File{}
	for _, f := range files {
		by[f.Digest] = f
	}
	for i, n := range named {
		f, listed := by[n.Digest]
		if !listed || f.Size != n.Size {
			return spec.NewFault(spec.CodeSchema, "Files 与报文体所列材料不一致")
		}
		if err := s.checkFile(f, i); err != nil {
			return err
		}
	}
	return nil
}

// checkFile compares one file with its digest.
func (s *System) checkFile(f bizxml.File, index int) error {
	root, err := os.OpenRoot(s.Dir())
	if err != nil {
		return err
	}
	defer root.Close()
	content, err := root.ReadFile(filepath.FromSlash(f.Path))
	if errors.Is(err, fs.ErrNotExist) {
		fault := spec.NewFault(spec.CodeSchema, "")
		fault.Fields = []spec.FieldProblem{{Pointer: "/Data/Files/File[" + strconv.Itoa(index+1) + "]", Detail: "文件夹里没有这份材料"}}
		return fault
	}
	if err != nil {
		return fmt.Errorf("attachment of %s: %w", s.Name, err)
	}
	if sm.SM3Hex(content) != f.Digest {
		return spec.NewFault(spec.CodeAltered, "文件夹里的材料与摘要不一致")
	}
	return nil
}

// carryXML sends a message to the platform in an XML dialect. A refusal is given as the problem that it is.
func (s *System) carryXML(ctx context.Context, form bizxml.Form, o outgoing) (status int, answer []byte, err error) {
	head, req, err := form.NewRequest(ctx, o.peer.URL, bizxml.Outgoing{
		Info: o.info, Self: o.self, Area: s.District, MessageID: o.MessageID, RelatesTo: o.RelatesTo, Body: o.Body,
	}, s.hub.board.Now())
	if err != nil {
		return 0, nil, fmt.Errorf("%w: %w", board.ErrRejected, err)
	}
	resp, err := s.do(req, o.blow)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	got, err := form.ReadAnswer(resp, head, o.verifier, o.info.MaxResponse, s.hub.board.Now())
	if err != nil {
		return 0, nil, fmt.Errorf("answer %s: %w", resp.Status, err)
	}
	if got.Fault == nil {
		return got.Status, got.Body, nil
	}
	answer, err = json.Marshal(got.Fault.Problem(""))
	return got.Status, answer, err
}
