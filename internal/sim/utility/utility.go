// Package utility simulates the four utilities whose accounts change hands with a home: water, power, gas and television.
package utility

import (
	"context"
	"time"

	"yichuang/internal/democity"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/wire"
)

// transferTakes is how long a transfer needs.
const transferTakes = time.Hour

// account is what changed of an account since the city was built.
type account struct {
	Holder  string `json:"holder"`
	Arrears int64  `json:"arrears"`
}

// Utilities are the four.
type Utilities struct {
	accounts *board.Table[account] // by kind and number
	byUnit   map[string]*democity.Utility
	byNumber map[string]*democity.Utility
}

// New puts the four on the hub.
func New(h *wire.Hub, c *democity.City) (*Utilities, error) {
	u := &Utilities{byUnit: map[string]*democity.Utility{}, byNumber: map[string]*democity.Utility{}}
	var err error
	if u.accounts, err = board.OpenTable[account](h.Board(), "utility-accounts"); err != nil {
		return nil, err
	}
	for i := range c.Utilities {
		a := &c.Utilities[i]
		u.byUnit[a.Kind+" "+string(a.Unit)], u.byNumber[a.Kind+" "+a.Number] = a, a
	}
	for _, k := range []struct {
		kind  spec.UtilityKind
		title string
	}{{spec.UtilityKindWater, "自来水公司"}, {spec.UtilityKindPower, "供电公司"}, {spec.UtilityKindGas, "燃气公司"}, {spec.UtilityKindTv, "广电网络公司"}} {
		s, err := h.New(wire.About{Name: "utility/" + string(k.kind), Title: "泰州市" + k.title, App: "taizhou-utility-" + string(k.kind),
			Counterpart: "utility", Zone: wire.Office})
		if err != nil {
			return nil, err
		}
		(&company{s, u, k.kind}).serve()
	}
	return u, nil
}

// company is one of the four at work.
type company struct {
	*wire.System
	all  *Utilities
	kind spec.UtilityKind
}

func (c *company) serve() {
	wire.Handle(c.System, spec.UtilityAccountsQuery, c.query)
	wire.Handle(c.System, spec.UtilityArrearsQuery, c.arrears)
	wire.Async(c.System, spec.UtilityTransfer, wire.After[spec.UtilityTransferRequest](transferTakes), c.mayTransfer, c.transfer)
}

// find returns an account as the city has it, and as it is now.
func (c *company) find(number string) (*democity.Utility, account, bool) {
	first, ok := c.all.byNumber[string(c.kind)+" "+number]
	if !ok {
		return nil, account{}, false
	}
	if now, changed := c.all.accounts.Get(string(c.kind) + " " + number); changed {
		return first, now, true
	}
	return first, account{Holder: first.Holder, Arrears: int64(first.Arrears)}, true
}

func (c *company) query(_ context.Context, _ wire.Call, in spec.UtilityAccountsQueryRequest) (spec.UtilityAccountsQueryResponse, error) {
	first, ok := c.all.byUnit[string(c.kind)+" "+in.UnitCode]
	if !ok || in.Kind != c.kind {
		return spec.UtilityAccountsQueryResponse{}, spec.NewFault(spec.CodeNotFound, "这个地址没有户号")
	}
	_, now, _ := c.find(first.Number)
	return spec.UtilityAccountsQueryResponse{Accounts: []spec.UtilityAccount{{
		Kind: c.kind, AccountNo: first.Number, Address: in.Address, Holder: now.Holder, Arrears: now.Arrears, Active: true,
	}}}, nil
}

func (c *company) arrears(_ context.Context, call wire.Call, in spec.UtilityArrearsQueryRequest) (spec.UtilityArrearsQueryResponse, error) {
	_, now, ok := c.find(in.AccountNo)
	out := spec.UtilityArrearsQueryResponse{Found: ok && in.Kind == c.kind, AsOf: call.At}
	if !out.Found {
		return out, nil
	}
	out.Arrears = now.Arrears
	if now.Arrears > 0 {
		out.Bills = []spec.UtilityBill{{Period: call.At.AddDate(0, -1, 0).Format("2006-01"), Amount: now.Arrears}}
	}
	return out, nil
}

func (c *company) mayTransfer(in spec.UtilityTransferRequest) error {
	_, now, ok := c.find(in.AccountNo)
	switch {
	case !ok || in.Kind != c.kind:
		return spec.NewFault("account-unknown", "户号不存在")
	case now.Arrears > 0:
		return spec.NewFault("arrears", "尚有欠费，请先结清")
	}
	return nil
}

func (c *company) transfer(_ context.Context, w wire.Work, in spec.UtilityTransferRequest) (spec.UtilityTransferResultRequest, error) {
	review, err := c.Review(w, "营业员吴")
	out := spec.UtilityTransferResultRequest{WorkID: w.ID, CaseNo: in.CaseNo, Review: review, Kind: c.kind, AccountNo: in.AccountNo}
	if err != nil || !wire.Passed(review) {
		return out, err
	}
	out.TransferredAt = review.ReviewedAt
	return out, c.all.accounts.Put(string(c.kind)+" "+in.AccountNo, account{Holder: in.To[0].Name})
}

// Settle takes an account's arrears as paid, or sets them.
func (u *Utilities) Settle(kind, number string, arrears int64) error {
	first, ok := u.byNumber[kind+" "+number]
	if !ok {
		return board.ErrNone
	}
	now, changed := u.accounts.Get(kind + " " + number)
	if !changed {
		now.Holder = first.Holder
	}
	now.Arrears = arrears
	return u.accounts.Put(kind+" "+number, now)
}
