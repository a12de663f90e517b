package connect

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/blob"
	"yichuang/internal/office/casework"
)

// material gives a counterpart the content of an attachment that it was sent the digest of: departments of the case's
// district, and of the banks those that hold its money or lend to it.
func (r *Room) material(ctx context.Context, tx pgx.Tx, from exchange.Caller, in spec.PlatformMaterialFetchRequest) (spec.PlatformMaterialFetchResponse, error) {
	var out spec.PlatformMaterialFetchResponse
	c, err := r.known(ctx, tx, from, in.CaseNo)
	if err != nil {
		return out, err
	}
	f, ok := r.fileOf(c, from.Counterpart, in.Digest)
	if !ok || !mayRead(from, c) {
		return out, refused(spec.CodeNotFound, "办件没有这份材料")
	}
	content, err := r.Blobs.Get(ctx, f.Digest)
	if errors.Is(err, blob.ErrNotFound) {
		return out, refused(spec.CodeNotFound, "材料还没有送到，请稍后再取")
	}
	if err != nil {
		return out, err
	}
	return spec.PlatformMaterialFetchResponse{Digest: f.Digest, Mime: f.Mime, Size: len(content), Content: content}, nil
}

func mayRead(from exchange.Caller, c *casework.Case) bool {
	switch from.Counterpart {
	case "registry", "housing", "tax":
		return true
	case "bank", "fund":
		return from.Is(c.App.Trust.Bank) || slices.ContainsFunc(c.App.Loan.Parts, func(p message.LoanPart) bool { return from.Is(p.Lender) })
	}
	return false
}

// fileOf finds a file among the materials that a department gets to see.
func (r *Room) fileOf(c *casework.Case, department, digest string) (message.File, bool) {
	for _, m := range r.shared(c, department) {
		if i := slices.IndexFunc(m.Files, func(f message.File) bool { return f.Digest == digest }); i >= 0 {
			return m.Files[i], true
		}
	}
	return message.File{}, false
}

// shared are the materials of a case that a department gets to see.
func (r *Room) shared(c *casework.Case, department string) []message.Material {
	var out []message.Material
	for _, m := range c.App.Materials {
		if r.Catalog.MaySee(department, m.Code) {
			out = append(out, m)
		}
	}
	return out
}

// attachments lists the files that a department gets to see, of some kinds or of all; it fetches their content by digest.
func (r *Room) attachments(c *casework.Case, department string, codes ...string) []spec.Attachment {
	var out []spec.Attachment
	for _, m := range r.shared(c, department) {
		if len(codes) > 0 && !slices.Contains(codes, m.Code) {
			continue
		}
		for _, f := range m.Files {
			out = append(out, spec.Attachment{MaterialCode: m.Code, Name: f.Name, Digest: f.Digest, Mime: f.Mime, Size: int(f.Size), Pages: f.Pages})
		}
	}
	return out
}
