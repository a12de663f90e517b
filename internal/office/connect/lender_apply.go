package connect

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/catalog"
	"yichuang/internal/deal"
	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/blob"
	"yichuang/internal/kit/sm"
	"yichuang/internal/land"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/register"
)

// Refusals of a lender's application, beside not-found.
const (
	codeDigest     spec.Code = "digest-mismatch"
	codeFile       spec.Code = "file-invalid"
	codeItem       spec.Code = "item-unknown"
	codeApplied    spec.Code = "application-exists"
	codeMaterial   spec.Code = "material-unknown"
	codeNoFile     spec.Code = "material-missing"
	codeIncomplete spec.Code = "materials-incomplete"
	codeTerm       spec.Code = "term-wrong"
	codeNotAsked   spec.Code = "not-asked"
	codeTooLate    spec.Code = "too-late"
)

// maxFile is the largest file, as the interface has it.
const maxFile = 32 << 20

// lenderCode refuses a code that is not the sender's.
func lenderCode(from exchange.Caller, code string) error {
	if from.Counterpart != "bank" || !from.Is(code) {
		return refused(spec.CodeNotFound, "没有这个银行代码，或不是本行的代码")
	}
	return nil
}

// takeFile keeps a file that a bank will name in an application. What it is follows from its bytes; only that bank can name it.
func (r *Room) takeFile(ctx context.Context, tx pgx.Tx, from exchange.Caller, in spec.BankMaterialPushRequest) (out spec.BankMaterialPushResponse, err error) {
	if err := lenderCode(from, in.BankCode); err != nil {
		return out, err
	}
	if sm.SM3Hex(in.Content) != in.Digest {
		return out, refused(codeDigest, "内容与摘要不符")
	}
	info, err := blob.Inspect(in.Content)
	if err != nil {
		return out, refused(codeFile, "不是 PDF、JPEG、PNG，或文件不完整、已加密")
	}
	ref, err := r.Blobs.Put(ctx, bytes.NewReader(in.Content), maxFile)
	if err != nil {
		return out, fmt.Errorf("connect: keep a bank's file: %w", err)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO lender_files (lender, digest, name, mime, size, pages, at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
		in.BankCode, ref.Digest, r.Keys.Seal([]byte(in.Name), filePlace(in.BankCode, ref.Digest)), ref.Mime, ref.Size, info.Pages, r.Clock.Now()); err != nil {
		return out, fmt.Errorf("connect: note a bank's file: %w", err)
	}
	return spec.BankMaterialPushResponse{Digest: ref.Digest, Mime: ref.Mime, Size: int(ref.Size), Pages: info.Pages}, nil
}

func filePlace(lender, digest string) []byte {
	return []byte("lender_files.name " + lender + "/" + digest)
}

// apply makes a case of a bank's application (table 4.1-5, rows 5 and 6). The same application sent twice is one case.
func (r *Room) apply(ctx context.Context, tx pgx.Tx, from exchange.Caller, in spec.BankApplicationSubmitRequest) (out spec.BankApplicationSubmitResponse, err error) {
	if err := lenderCode(from, in.BankCode); err != nil {
		return out, err
	}
	item, ok := r.Catalog.Item(in.ItemCode)
	if !ok || !item.Lender {
		return out, refused(codeItem, "没有这个由银行申请的事项")
	}
	raw, err := json.Marshal(in)
	if err != nil {
		return out, fmt.Errorf("connect: encode application: %w", err)
	}
	now, id := r.Clock.Now(), uuid.Must(uuid.NewV7())
	tag, err := tx.Exec(ctx, `INSERT INTO lender_applications (lender, no, case_id, digest, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (lender, no) DO NOTHING`,
		in.BankCode, in.ApplicationNo, id, sm.SM3Hex(raw), now)
	if err != nil {
		return out, fmt.Errorf("connect: note application: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return r.applied(ctx, tx, in, sm.SM3Hex(raw))
	}
	app, err := r.application(ctx, tx, from, in, item)
	if err != nil {
		return out, err
	}
	app.ID = id
	terms := in.Terms
	loan := casework.LoanFact{Kind: commercial, Lender: terms.Mortgagee.Name, Amount: land.Fen(terms.Claim), Contract: terms.LoanContractNo,
		MortgageContract: terms.MortgageContractNo, From: land.Date(terms.From), Until: land.Date(terms.Until)}
	if err := r.Cases.Open(ctx, tx, message.Submitted{Application: *app, At: now}, loan); err != nil {
		return out, err
	}
	return r.applied(ctx, tx, in, sm.SM3Hex(raw))
}

// applied answers with the case of an application; another application under the same number is refused.
func (r *Room) applied(ctx context.Context, tx pgx.Tx, in spec.BankApplicationSubmitRequest, digest string) (out spec.BankApplicationSubmitResponse, err error) {
	var id uuid.UUID
	var known string
	if err := tx.QueryRow(ctx, `SELECT case_id, digest FROM lender_applications WHERE lender = $1 AND no = $2`, in.BankCode, in.ApplicationNo).Scan(&id, &known); err != nil {
		return out, fmt.Errorf("connect: read application: %w", err)
	}
	if known != digest {
		return out, refused(codeApplied, "申请号已用于另一份申请")
	}
	c, err := r.Cases.ByID(ctx, tx, id)
	if err != nil {
		return out, err
	}
	return spec.BankApplicationSubmitResponse{ApplicationNo: in.ApplicationNo, CaseNo: string(c.No)}, nil
}

// application is the one form of what a bank applies for. Certificate, unit and owners must be those of the book, all of them; whatever
// does not fit, the answer is the same.
func (r *Room) application(ctx context.Context, tx pgx.Tx, from exchange.Caller, in spec.BankApplicationSubmitRequest, item *catalog.Item) (*message.Application, error) {
	terms := in.Terms
	if terms.Until <= terms.From {
		return nil, refused(codeTerm, "债务履行期限的起止日期不对")
	}
	page, err := r.ownedBy(ctx, tx, in)
	if err != nil {
		return nil, err
	}
	if page == nil || !from.Serves(page.Unit.Code.District()) || !item.OfferedIn(page.Unit.Code.District()) {
		return nil, refused(spec.CodeNotFound, "证书号、单元、权利人与登记簿不符")
	}
	number, _ := land.ParseCertNumber(in.CertificateNo) // the book has it
	u := page.Unit
	app := &message.Application{Item: item.Code, ItemVersion: item.Version, Channel: message.Lender, Applicant: "m1",
		Home: message.Home{UnitCode: u.Code, Certificate: number, District: u.Code.District(), Address: u.Address, Area: u.Area, Use: u.Use.Label(), CoOwn: page.Title.CoOwn,
			HeldSince: land.DateOf(page.Title.EnteredAt)},
		Loan: message.Loan{Kind: commercial, Parts: []message.LoanPart{{Kind: commercial, Lender: in.BankCode, LenderName: terms.Mortgagee.Name,
			LenderDoc: terms.Mortgagee.DocumentNumber, Amount: land.Fen(terms.Claim), Months: months(terms.From, terms.Until)}}}}
	for i, o := range in.Owners {
		app.Parties = append(app.Parties, message.Party{Ref: fmt.Sprintf("o%d", i+1), Role: message.Mortgagor, Name: o.Person.Name, Document: documentOf(o.Person), Phone: string(o.Phone),
			Marriage: "unknown", Share: shareOf(page, o.Person)})
		app.Home.Owners = append(app.Home.Owners, message.Owner{Name: o.Person.Name, Document: documentOf(o.Person), Share: shareOf(page, o.Person)})
	}
	app.Parties = append(app.Parties, message.Party{Ref: "m1", Role: message.Mortgagee, Name: terms.Mortgagee.Name, Document: documentOf(terms.Mortgagee)})
	for _, d := range terms.Debtors {
		app.Loan.Debtors = append(app.Loan.Debtors, message.Owner{Name: d.Name, Document: documentOf(d)})
	}
	if app.Materials, err = r.lenderMaterials(ctx, tx, in.BankCode, in.Materials, item); err != nil {
		return nil, err
	}
	var missing []string
	for _, m := range item.RequiredMaterials(deal.Facts(item, app, land.DateOf(r.Clock.Now()), nil)) {
		if m.Step == catalog.StepSubmit && !slices.ContainsFunc(app.Materials, func(x message.Material) bool { return x.Code == m.Code }) {
			missing = append(missing, m.Code+" "+m.Name)
		}
	}
	if len(missing) > 0 {
		return nil, refused(codeIncomplete, "缺少必交材料："+strings.Join(missing, "、"))
	}
	return app, nil
}

// ownedBy is the page of the unit whose certificate, code and holders, all of them, are the ones that the application names; nil: there
// is none.
func (r *Room) ownedBy(ctx context.Context, tx pgx.Tx, in spec.BankApplicationSubmitRequest) (*register.Page, error) {
	number, err := land.ParseCertNumber(in.CertificateNo)
	if err != nil {
		return nil, nil
	}
	first := in.Owners[0].Person
	page, err := r.Register.Find(ctx, tx, number, first.Name, first.DocumentNumber)
	if errors.Is(err, register.ErrNoMatch) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if string(page.Unit.Code) != in.UnitCode || len(page.Title.Holders) != len(in.Owners) {
		return nil, nil
	}
	seen := map[string]bool{}
	for _, o := range in.Owners {
		if shareOf(page, o.Person) == (land.Share{}) || seen[o.Person.DocumentNumber] {
			return nil, nil
		}
		seen[o.Person.DocumentNumber] = true
	}
	return page, nil
}

// shareOf is what a person holds of a unit; zero: nothing.
func shareOf(page *register.Page, p spec.Person) land.Share {
	for _, h := range page.Title.Holders {
		if h.Name == p.Name && h.Document.Number == p.DocumentNumber {
			return h.Share
		}
	}
	return land.Share{}
}

func documentOf(p spec.Person) land.Document {
	return land.Document{Kind: land.DocKind(p.DocumentKind), Number: p.DocumentNumber}
}

// months of a term, at least one.
func months(from, until string) int {
	a, b := land.Date(from).Time(), land.Date(until).Time()
	return max((b.Year()-a.Year())*12+int(b.Month())-int(a.Month()), 1)
}

// lenderMaterials are the materials that a bank names, of the files that it has sent.
func (r *Room) lenderMaterials(ctx context.Context, tx pgx.Tx, lender string, list []spec.BankMaterial, item *catalog.Item) ([]message.Material, error) {
	files, err := r.lenderFiles(ctx, tx, lender, list)
	if err != nil {
		return nil, err
	}
	var out []message.Material
	for _, m := range list {
		rule, ok := item.Material(m.MaterialCode)
		if !ok || slices.ContainsFunc(out, func(x message.Material) bool { return x.Code == m.MaterialCode }) {
			return nil, refused(codeMaterial, "事项不用这种材料，或重复列出："+m.MaterialCode)
		}
		made := message.Material{Code: rule.Code, Source: string(catalog.Shared), From: rule.From, At: r.Clock.Now()}
		for _, digest := range m.Digests {
			f, ok := files[digest]
			if !ok {
				return nil, refused(codeNoFile, "引用的文件还没有上传："+digest)
			}
			made.Files = append(made.Files, f)
		}
		out = append(out, made)
	}
	return out, nil
}

// lenderFiles are those of the named files that the bank has sent, by digest.
func (r *Room) lenderFiles(ctx context.Context, tx pgx.Tx, lender string, list []spec.BankMaterial) (map[string]message.File, error) {
	var digests []string
	for _, m := range list {
		digests = append(digests, m.Digests...)
	}
	rows, err := tx.Query(ctx, `SELECT digest, name, mime, size, pages FROM lender_files WHERE lender = $1 AND digest = ANY($2)`, lender, digests)
	if err != nil {
		return nil, fmt.Errorf("connect: a bank's files: %w", err)
	}
	out := map[string]message.File{}
	var f message.File
	var name []byte
	_, err = pgx.ForEachRow(rows, []any{&f.Digest, &name, &f.Mime, &f.Size, &f.Pages}, func() error {
		plain, err := r.Keys.Open(name, filePlace(lender, f.Digest))
		if err != nil {
			return err
		}
		f.Name = string(plain)
		out[f.Digest] = f
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("connect: a bank's files: %w", err)
	}
	return out, nil
}

// lent is the case of a bank's own application.
func (r *Room) lent(ctx context.Context, tx pgx.Tx, from exchange.Caller, lender, no string) (*casework.Case, error) {
	if err := lenderCode(from, lender); err != nil {
		return nil, err
	}
	c, err := r.known(ctx, tx, from, no)
	if err != nil {
		return nil, err
	}
	var theirs bool
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM lender_applications WHERE lender = $1 AND case_id = $2)`, lender, c.ID).Scan(&theirs); err != nil {
		return nil, fmt.Errorf("connect: whose application: %w", err)
	}
	if !theirs {
		return nil, refused(spec.CodeNotFound, "没有这个办件")
	}
	return c, nil
}

// correct takes what the reviewers asked the bank for.
func (r *Room) correct(ctx context.Context, tx pgx.Tx, from exchange.Caller, in spec.BankApplicationCorrectRequest) (spec.Ack, error) {
	c, err := r.lent(ctx, tx, from, in.BankCode, in.CaseNo)
	if err != nil {
		return spec.Ack{}, err
	}
	item, ok := r.Catalog.Item(c.Item)
	if !ok {
		return spec.Ack{}, fmt.Errorf("connect: no item %q", c.Item)
	}
	materials, err := r.lenderMaterials(ctx, tx, in.BankCode, in.Materials, item)
	if err != nil {
		return spec.Ack{}, err
	}
	asked, err := r.Cases.Corrections(ctx, tx, c.ID)
	if err != nil {
		return spec.Ack{}, err
	}
	i := slices.IndexFunc(asked, func(k casework.Correction) bool { return k.State == "open" })
	if i < 0 {
		return spec.Ack{}, refused(codeNotAsked, "现在没有要补正的")
	}
	err = r.Cases.Correct(ctx, tx, message.CorrectionReply{App: c.ID, Correction: asked[i].ID, Materials: materials, Note: in.Note, At: r.Clock.Now()})
	if errors.Is(err, casework.ErrNotOpen) {
		err = refused(codeNotAsked, "现在没有要补正的")
	}
	return spec.Ack{Received: err == nil}, err
}

// withdraw ends a bank's application before the entry.
func (r *Room) withdraw(ctx context.Context, tx pgx.Tx, from exchange.Caller, in spec.BankApplicationWithdrawRequest) (spec.Ack, error) {
	c, err := r.lent(ctx, tx, from, in.BankCode, in.CaseNo)
	if err != nil {
		return spec.Ack{}, err
	}
	err = r.Cases.Withdraw(ctx, tx, message.Withdrawn{App: c.ID, Reason: in.Reason, By: "m1", At: r.Clock.Now()})
	if errors.Is(err, casework.ErrTooLate) {
		err = refused(codeTooLate, "已登簿、正在登簿或已终止")
	}
	return spec.Ack{Received: err == nil}, err
}
