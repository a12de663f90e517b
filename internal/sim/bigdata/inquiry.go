package bigdata

import (
	"context"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/sim/batch"
	"yichuang/internal/sim/wire"
)

// Batch has the police ask the platform about n persons.
func (p *Platform) Batch(ctx context.Context, n int) (spec.BatchReceipt, error) {
	in := spec.BigdataBatchSubmitRequest{BatchNo: p.Serial("CX"), Department: spec.InquiryDepartmentPolice, Rows: batch.Rows(p.city, min(max(n, 1), batch.Most)),
		Inquiry: spec.Inquiry{Authority: "泰州市公安局", Officer: "赵警官", LegalBasis: "公安部 自然资源部关于建立信息共享机制的意见", Purpose: "核查涉案人员不动产", Reference: p.Serial("GA")}}
	var out spec.BatchReceipt
	if err := p.Ask(ctx, wire.Office, spec.BigdataBatchSubmit, in, &out); err != nil {
		return out, err
	}
	return out, p.batches.Begin(out)
}

// Batches lists what was asked in batches.
func (p *Platform) Batches() []batch.Batch { return p.batches.List() }
