package esign

import (
	"bytes"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/emmansun/gmsm/pkcs7"
	"github.com/emmansun/gmsm/smx509"
)

// The errors of files.
var (
	ErrShape    = errors.New("not a PDF of package doc")
	ErrUnsigned = errors.New("the file carries no signature")
	ErrBroken   = errors.New("the file was changed after it was signed")
)

// Note says in the file who signed, why and when.
type Note struct {
	Name   string
	Reason string
	At     time.Time
}

// room is how many bytes a signature with its certificate may have.
const room = 3000

// Sign adds a signature. It does not change what is there: the file grows by a revision (ISO 32000-1, 7.5.6).
func Sign(pdf []byte, id *Identity, n Note) ([]byte, error) {
	r, err := revise(pdf)
	if err != nil {
		return nil, err
	}
	sig, field := r.size, r.size+1
	page, err := r.firstPage()
	if err != nil {
		return nil, err
	}
	catalog, err := r.object(1)
	if err != nil {
		return nil, err
	}
	leaf, err := r.object(page)
	if err != nil {
		return nil, err
	}
	ref := fmt.Sprintf("%d 0 R", field)
	r.put(1, insert(catalog, "", "/AcroForm << /Fields ["+ref+"] /SigFlags 3 >>"))
	r.put(page, insert(leaf, "/Annots [", ref))
	r.put(sig, fmt.Sprintf("<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached /Name <FEFF%X> /Reason <FEFF%X> /M (D:%s+08'00')\n"+
		"/ByteRange %s\n/Contents <%s> >>", utf16BE(n.Name), utf16BE(n.Reason), n.At.In(beijing).Format("20060102150405"), blank, strings.Repeat("0", 2*room)))
	r.put(field, fmt.Sprintf("<< /Type /Annot /Subtype /Widget /FT /Sig /T (Seal) /V %d 0 R /P %d 0 R /Rect [0 0 0 0] /F 132 >>", sig, page))
	return seal(r.finish(), id)
}

// beijing needs no database of zones: China has had one offset since 1991.
var beijing = time.FixedZone("CST", 8*60*60)

// blank is as long as the longest byte range.
const blank = "[0 0000000000 0000000000 0000000000]"

// seal fills in the byte range and the signature over it.
func seal(pdf []byte, id *Identity) ([]byte, error) {
	open := bytes.LastIndex(pdf, []byte("/Contents <")) + len("/Contents ")
	end := open + 2*room + 2
	at := bytes.LastIndex(pdf, []byte(blank))
	span := fmt.Sprintf("[0 %d %d %d]", open, end, len(pdf)-end)
	copy(pdf[at:], span+strings.Repeat(" ", len(blank)-len(span)))
	signed, err := pkcs7.NewSMSignedData(slices.Concat(pdf[:open], pdf[end:]))
	if err != nil {
		return nil, fmt.Errorf("sign PDF: %w", err)
	}
	// Without attributes: the library would put the machine's time in, and the time stands in the file already.
	if err := signed.SignWithoutAttr(id.cert, id.key, pkcs7.SignerInfoConfig{}); err != nil {
		return nil, fmt.Errorf("sign PDF: %w", err)
	}
	signed.Detach()
	der, err := signed.Finish()
	if err != nil {
		return nil, fmt.Errorf("sign PDF: %w", err)
	}
	if len(der) > room {
		return nil, fmt.Errorf("sign PDF: signature of %d bytes, room for %d", len(der), room)
	}
	hex.Encode(pdf[open+1:], der)
	return pdf, nil
}

var byteRange = regexp.MustCompile(`/ByteRange \[0 (\d+) (\d+) (\d+)\]`)

// Check verifies the last signature of a file and returns the certificate of its signer; whether to trust the certificate is
// the caller's to decide. Errors: ErrUnsigned, ErrBroken.
func Check(pdf []byte) (*smx509.Certificate, error) {
	all := byteRange.FindAllSubmatch(pdf, -1)
	if len(all) == 0 {
		return nil, ErrUnsigned
	}
	var n [3]int
	for i, text := range all[len(all)-1][1:] {
		v, err := strconv.Atoi(string(text))
		if err != nil {
			return nil, ErrBroken
		}
		n[i] = v
	}
	open, end := n[0], n[1]
	if open < 0 || end-open < 2 || end > len(pdf) || n[2] != len(pdf)-end {
		return nil, ErrBroken // something was added, or taken away
	}
	der, err := hex.DecodeString(string(pdf[open+1 : end-1]))
	if err != nil {
		return nil, ErrBroken
	}
	var whole asn1.RawValue // without the padding
	if _, err := asn1.Unmarshal(der, &whole); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBroken, err)
	}
	p7, err := pkcs7.Parse(whole.FullBytes)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBroken, err)
	}
	p7.Content = slices.Concat(pdf[:open], pdf[end:])
	if err := p7.Verify(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBroken, err)
	}
	return p7.GetOnlySigner(), nil
}

func utf16BE(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u>>8), byte(u))
	}
	return out
}
