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
	f, ok := fileOf(c, in.Digest)
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

func fileOf(c *casework.Case, digest string) (message.File, bool) {
	for _, m := range c.App.Materials {
		if i := slices.IndexFunc(m.Files, func(f message.File) bool { return f.Digest == digest }); i >= 0 {
			return m.Files[i], true
		}
	}
	return message.File{}, false
}
