package inquiry

import (
	"context"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/office/register"
)

// departmentQuery answers police and civil affairs, who ask through the big-data platform.
func (r *Room) departmentQuery(ctx context.Context, tx pgx.Tx, from exchange.Caller, in spec.BigdataTitleQueryRequest) (out spec.BigdataTitleQueryResponse, err error) {
	out.AsOf = r.Clock.Now()
	out.Holdings, err = r.owned(ctx, tx, from, departmentWords[in.Department]+"查询产权信息", in.Inquiry, in.Person)
	out.Found = len(out.Holdings) > 0
	return out, err
}

var departmentWords = map[spec.InquiryDepartment]string{
	spec.InquiryDepartmentPolice: "公安", spec.InquiryDepartmentCivilAffairs: "民政", spec.InquiryDepartmentOther: "部门",
}

// courtQuery answers a court.
func (r *Room) courtQuery(ctx context.Context, tx pgx.Tx, from exchange.Caller, in spec.CourtTitleQueryRequest) (out spec.CourtTitleQueryResponse, err error) {
	if _, err := r.court(from, in.CourtCode); err != nil {
		return out, err
	}
	out.AsOf = r.Clock.Now()
	out.Holdings, err = r.owned(ctx, tx, from, "法院查询产权信息", in.Inquiry, in.Person)
	out.Found = len(out.Holdings) > 0
	return out, err
}

// owned finds what a person has and records that it was told.
func (r *Room) owned(ctx context.Context, tx pgx.Tx, from exchange.Caller, action string, in spec.Inquiry, person spec.Person) ([]spec.TitleHolding, error) {
	who := partyOf(person)
	list, err := r.Register.Holdings(ctx, tx, []register.Party{who})
	if err != nil {
		return nil, err
	}
	told := holdings(from, list[0])
	return told, r.note(ctx, tx, from, action, in, who, len(told))
}
