package connect

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/trust"
)

func (r *Room) tidings() {
	for what, tell := range map[string]casework.Teller{
		casework.Filed:         r.tellTrustApplied,
		casework.TrustSigned:   r.tellTrustSigned,
		casework.TrustDeposit:  r.tellDeposit,
		casework.TrustFull:     r.tellTrustFull,
		casework.TrustPaid:     r.tellPaid,
		casework.TrustClosed:   r.tellClosed,
		casework.TrustLate:     r.giveBackLate,
		casework.Surveyed:      r.verifySurvey,
		casework.TaxAgreed:     r.orderSlip,
		casework.AcceptedByUs:  r.pushApplication,
		casework.PeopleToCheck: r.checkPeople,
		casework.ParcelOnWay:   r.reportParcel,
		casework.ContractReady: r.printContract,
		casework.EndedEarly:    r.takeBack,
		casework.FiledLate:     r.revokeLate,
		casework.Mortgaged:     r.pushCertificate,
		casework.LenderTold:    r.tellLender,
	} {
		r.Cases.OnTidings(what, unlessUnfiled(tell))
	}
}

// errUnfiled says that housing does not have the contract whose money it is to supervise.
var errUnfiled = errors.New("connect: housing has not filed the contract")

// unlessUnfiled drops what housing never has to know: where a case ended before housing filed its contract, there is no
// supervision that could hear of the money.
func unlessUnfiled(tell casework.Teller) casework.Teller {
	return func(ctx context.Context, c *casework.Case, t casework.Tidings) error {
		err := tell(ctx, c, t)
		if errors.Is(err, errUnfiled) && c.State != casework.Running {
			return nil
		}
		return err
	}
}

// tell sends a message about a case that no work order is about. Key makes a repeated attempt the same message.
func (r *Room) tell(ctx context.Context, op spec.Operation, c *casework.Case, key string, in, out any) error {
	return r.Out.Call(ctx, op, exchange.Route{District: c.District, Item: c.Item, Case: string(c.No)}, string(op)+"/"+key, in, out)
}

// trustNo is the number under which housing supervises the money of a case. What comes later in the life of a trust
// account asks for it first, so that nothing depends on the order in which tidings are told.
func (r *Room) trustNo(ctx context.Context, c *casework.Case) (string, error) {
	if c.Facts.TrustNo != "" {
		return c.Facts.TrustNo, nil
	}
	if c.Facts.FilingNo == "" {
		return "", fmt.Errorf("%w of %s yet", errUnfiled, c.No)
	}
	var out spec.HousingTrustApplyResponse
	if err := r.tell(ctx, spec.HousingTrustApply, c, c.ID.String(), spec.HousingTrustApplyRequest{CaseNo: string(c.No), AppliedAt: c.OpenedAt,
		Agreement: trustAgreement(c)}, &out); err != nil {
		return "", err
	}
	return out.TrustNo, r.Cases.Amend(ctx, c.ID, func(f *casework.Facts) { f.TrustNo = out.TrustNo })
}

func (r *Room) tellTrustApplied(ctx context.Context, c *casework.Case, _ casework.Tidings) error {
	_, err := r.trustNo(ctx, c)
	return err
}

func (r *Room) tellTrustSigned(ctx context.Context, c *casework.Case, t casework.Tidings) error {
	if c.Facts.TrustTold {
		return nil
	}
	no, err := r.trustNo(ctx, c)
	if err != nil {
		return err
	}
	var ack spec.Ack
	if err := r.tell(ctx, spec.HousingTrustAgreement, c, c.ID.String(), spec.HousingTrustAgreementRequest{CaseNo: string(c.No), TrustNo: no,
		SignedAt: c.OpenedAt, Agreement: trustAgreement(c)}, &ack); err != nil {
		return err
	}
	return r.Cases.Amend(ctx, c.ID, func(f *casework.Facts) { f.TrustTold = true })
}

// trustAgreement is what the parties agreed on. The account is there once the bank has opened it.
func trustAgreement(c *casework.Case) spec.TrustAgreement {
	app := c.App
	return spec.TrustAgreement{AgreementNo: c.Facts.Agreement, Account: c.Facts.TrustAccount, Bank: app.Trust.BankName, ContractNo: contractNo(c),
		UnitCode: string(c.Unit), Buyers: persons(app.PartiesOf(message.Buyer)), Sellers: persons(app.PartiesOf(message.Seller)),
		Condition: condition(app.Trust), DownPayment: int64(app.Trust.DownPayment), Loan: int64(app.Loan.Total()),
		Total: int64(app.Trust.DownPayment + app.Loan.Total())}
}

// moves of the trust account of a case after housing has its agreement.
func (r *Room) moves(ctx context.Context, c *casework.Case, t casework.Tidings) (*trust.Statement, error) {
	if err := r.tellTrustSigned(ctx, c, t); err != nil {
		return nil, err
	}
	st, err := r.Trust.Statement(ctx, r.Pool, c.ID)
	if err == nil && st == nil {
		err = fmt.Errorf("connect: %s has no trust account", c.No)
	}
	return st, err
}

func (r *Room) tellDeposit(ctx context.Context, c *casework.Case, t casework.Tidings) error {
	st, err := r.moves(ctx, c, t)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(st.Moves, func(m trust.Move) bool { return m.Reference == t.Ref && m.In > 0 })
	if i < 0 {
		return fmt.Errorf("connect: no deposit %q of %s", t.Ref, c.No)
	}
	var ack spec.Ack
	return r.tell(ctx, spec.HousingTrustDeposit, c, t.Key(), spec.HousingTrustDepositRequest{CaseNo: string(c.No), AgreementNo: st.Agreement,
		Amount: int64(st.Moves[i].In), ArrivedAt: st.Moves[i].At, VoucherNo: t.Ref}, &ack)
}

func (r *Room) tellTrustFull(ctx context.Context, c *casework.Case, t casework.Tidings) error {
	st, err := r.moves(ctx, c, t)
	if err != nil {
		return err
	}
	var ack spec.Ack
	return r.tell(ctx, spec.HousingTrustArrived, c, t.Key(), spec.HousingTrustArrivedRequest{CaseNo: string(c.No), AgreementNo: st.Agreement,
		ArrivedAt: t.At, Total: int64(st.Expected)}, &ack)
}

// tellPaid tells what the sellers were paid. Money that went back to who paid it in is told when the account is closed.
func (r *Room) tellPaid(ctx context.Context, c *casework.Case, t casework.Tidings) error {
	st, err := r.moves(ctx, c, t)
	if err != nil {
		return err
	}
	paid := outOf(st, c, trust.Payout)
	if len(paid) == 0 {
		return nil
	}
	var ack spec.Ack
	return r.tell(ctx, spec.HousingPayoutNotice, c, t.Key(), spec.HousingPayoutNoticeRequest{CaseNo: string(c.No), AgreementNo: st.Agreement,
		PaidAt: t.At, VoucherNo: t.Ref, Payouts: paid}, &ack)
}

func (r *Room) tellClosed(ctx context.Context, c *casework.Case, t casework.Tidings) error {
	if err := r.tellPaid(ctx, c, t); err != nil {
		return err
	}
	st, err := r.moves(ctx, c, t)
	if err != nil {
		return err
	}
	refunds := outOf(st, c, trust.Refund)
	if refunds == nil {
		refunds = []spec.Money{}
	}
	var ack spec.Ack
	return r.tell(ctx, spec.HousingTrustClose, c, t.Key(), spec.HousingTrustCloseRequest{CaseNo: string(c.No), AgreementNo: st.Agreement,
		ClosedAt: t.At, Refunds: refunds}, &ack)
}

// outOf lists what left the trust account in one way. Where the receiver's account was never told, as with a refund that goes back
// by the way it came, the trust account stands in its place.
func outOf(st *trust.Statement, c *casework.Case, kind string) []spec.Money {
	var out []spec.Money
	for _, m := range st.Moves {
		if m.Kind != kind || m.Out == 0 {
			continue
		}
		to := spec.Money{Payee: m.Party, Bank: st.Bank, Account: st.Account, Amount: int64(m.Out)}
		if kind == trust.Payout && m.Party == c.App.Trust.SellerName {
			to.Bank, to.Account = c.App.Trust.SellerBank, c.App.Trust.SellerAccount
		}
		out = append(out, to)
	}
	return out
}

// verifySurvey has housing compare the surveyed unit with its table of the building. A difference is shown to the
// reviewers.
func (r *Room) verifySurvey(ctx context.Context, c *casework.Case, t casework.Tidings) error {
	var out spec.HousingSurveyVerifyResponse
	if err := r.tell(ctx, spec.HousingSurveyVerify, c, t.Key(), spec.HousingSurveyVerifyRequest{CaseNo: string(c.No), SurveyNo: t.Ref,
		Unit: unitOf(c.App.Home)}, &out); err != nil {
		return err
	}
	v := &verdict{}
	var ours, theirs []string
	for _, d := range out.Differences {
		ours, theirs = append(ours, d.Platform), append(theirs, d.Counterpart)
	}
	result := "pass"
	if !out.Consistent {
		result = "warn"
	}
	v.add("survey", "楼盘表核对", result, strings.Join(ours, "、"), strings.Join(theirs, "、"), "住建")
	return pg.InTx(ctx, r.Pool, func(tx pgx.Tx) error { return r.Cases.SaveChecks(ctx, tx, c.ID, v.checks) })
}

// orderSlip has the tax office make the payment slip (缴款书) for what both sides confirmed.
func (r *Room) orderSlip(ctx context.Context, c *casework.Case, t casework.Tidings) error {
	if c.Facts.TaxNo != t.Ref {
		return nil // assessed anew meanwhile
	}
	var out spec.TaxSlipIssueResponse
	if err := r.tell(ctx, spec.TaxSlipIssue, c, t.Key(), spec.TaxSlipIssueRequest{CaseNo: string(c.No), TaxNo: t.Ref}, &out); err != nil {
		return err
	}
	return r.Cases.Amend(ctx, c.ID, func(f *casework.Facts) {
		f.TaxSlip = &casework.TaxSlip{Assessment: t.Ref, Number: out.SlipNo, Treasury: out.Treasury, PayBy: land.Date(out.PayBy)}
	})
}

// pushApplication lets the registry make its own case of an accepted one, with all materials.
func (r *Room) pushApplication(ctx context.Context, c *casework.Case, t casework.Tidings) error {
	in := spec.RegistryApplicationPushRequest{CaseNo: string(c.No), AcceptedAt: t.At, UnitCode: string(c.Unit), CertificateNo: string(c.App.Home.Certificate),
		ContractNo: contractNo(c), FilingNo: c.Facts.FilingNo, ItemCode: c.Item, ItemName: c.ItemName, Price: int64(c.App.Contract.Price),
		CoOwnership: coOwnership(c.App.Takers()), ExpectedVersion: c.Facts.BookVersion, Parties: parties(c.App.Parties),
		Attachments: r.attachments(c, "registry")}
	for _, e := range entries(c) {
		in.Registrations = append(in.Registrations, spec.RegistrationRequest{Seq: e.Seq, RegistrationType: e.RegistrationType, RightKind: e.RightKind, Reason: e.Reason})
		if e.RightKind == spec.RightKindMortgage {
			in.Mortgage = e.Mortgage
		}
	}
	var out spec.RegistryApplicationPushResponse
	if err := r.tell(ctx, spec.RegistryApplicationPush, c, t.Key(), in, &out); err != nil {
		return err
	}
	return r.Cases.Amend(ctx, c.ID, func(f *casework.Facts) { f.RegistryNo = out.RegistryCaseNo })
}

// takeBack withdraws the case that the registry made of ours, so that the unit is free for another application.
func (r *Room) takeBack(ctx context.Context, c *casework.Case, t casework.Tidings) error {
	if c.AcceptedAt == nil {
		return nil // it was never pushed
	}
	why := map[string]spec.CancelReason{casework.Withdrawn: spec.CancelReasonWithdrawn, casework.Refused: spec.CancelReasonRefused, casework.Lapsed: spec.CancelReasonLapsed}
	code, ok := why[t.Ref]
	if !ok {
		code = spec.CancelReasonOther
	}
	var out spec.RegistryEntryCancelResponse
	return r.tell(ctx, spec.RegistryEntryCancel, c, t.Key(), spec.RegistryEntryCancelRequest{CaseNo: string(c.No), RegistryCaseNo: c.Facts.RegistryNo,
		ReasonCode: code, Reason: reason(c)}, &out)
}

// printContract has the registry print a contract for its parties to sign at its counter.
func (r *Room) printContract(ctx context.Context, c *casework.Case, t casework.Tidings) error {
	var receipt spec.Receipt
	return r.tell(ctx, spec.RegistryContractPush, c, t.Key(), spec.RegistryContractPushRequest{WorkID: c.ID, CaseNo: string(c.No), Contract: contractOf(c),
		Attachments: r.attachments(c, "registry", "M-05")}, &receipt)
}

// contractSigned takes the news of the signing. Whoever accepts the application sees it among the checks.
func (r *Room) contractSigned(ctx context.Context, tx pgx.Tx, from exchange.Caller, in spec.RegistryContractResultRequest) (spec.Ack, error) {
	c, err := r.known(ctx, tx, from, in.CaseNo)
	if err == nil && in.WorkID != c.ID {
		err = refused(spec.CodeNotFound, "没有这项委托")
	}
	if err != nil {
		return spec.Ack{}, err
	}
	v := &verdict{}
	words := "双方没有签订"
	if in.Review.Outcome == spec.OutcomePass {
		words = "双方已在登记窗口签订"
		v.add("contract.signed", "合同签订", "pass", in.ContractNo, minute(in.SignedAt), "登记中心")
	} else {
		v.add("contract.signed", "合同签订", "warn", in.ContractNo, "没有签订", "登记中心")
	}
	if err := r.Cases.SaveChecks(ctx, tx, c.ID, v.checks); err != nil {
		return spec.Ack{}, err
	}
	return spec.Ack{Received: true}, r.Cases.Note(ctx, tx, c.No, "买卖合同："+words)
}

// reportParcel reports each stage of the shipment to the provincial portal.
func (r *Room) reportParcel(ctx context.Context, c *casework.Case, t casework.Tidings) error {
	state, ok := parcelStates[t.Detail["state"]]
	if !ok {
		return nil
	}
	var ack spec.Ack
	return r.tell(ctx, spec.PortalLogisticsReport, c, t.Key(), spec.PortalLogisticsReportRequest{CaseNo: string(c.No), WaybillNo: t.Detail["label"],
		State: state, At: t.At, Note: t.Detail["note"]}, &ack)
}

var parcelStates = map[string]spec.ParcelState{
	"posted": spec.ParcelStateCreated, "moving": spec.ParcelStateMoving, "signed": spec.ParcelStateSigned, "returned": spec.ParcelStateReturned,
}
