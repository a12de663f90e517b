package connect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
	"yichuang/internal/office/register"
)

// questions takes what the hall asks. The home is answered from our own book at once; what needs a department is a job,
// because no call leaves the process inside a transaction.
func (r *Room) questions() {
	ferry.Handle(r.Door, message.HomeQuery, r.home)
	ask[message.ContractQueryBody](r, message.ContractQuery)
	ask[message.ShareQueryBody](r, message.ShareQuery)
	ask[message.UtilityQueryBody](r, message.UtilityQuery)
}

func ask[T any](r *Room, t message.Type) {
	ferry.Handle(r.Door, t, func(ctx context.Context, tx pgx.Tx, in ferry.Inbound, body T) error {
		plain, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("connect: encode question: %w", err)
		}
		return r.Jobs.InsertTx(ctx, tx, QuestionArgs{Type: t, Query: in.Case, Sealed: r.Keys.Seal(plain, []byte(in.Case))}, &river.InsertOpts{MaxAttempts: 100})
	})
}

// QuestionArgs is the job of one question of the hall. It names people, therefore it is sealed.
type QuestionArgs struct {
	Type   message.Type `json:"type"`
	Query  string       `json:"query"`
	Sealed []byte       `json:"sealed"`
}

// Kind names the job.
func (QuestionArgs) Kind() string { return "connect.question" }

// Answerer is the River worker of QuestionArgs.
type Answerer struct {
	river.WorkerDefaults[QuestionArgs]
	Room *Room
}

// Timeout is shorter than a citizen's patience with a page that looks again.
func (Answerer) Timeout(*river.Job[QuestionArgs]) time.Duration { return 20 * time.Second }

// NextRetry is soon: somebody looks at a page that waits.
func (a Answerer) NextRetry(*river.Job[QuestionArgs]) time.Time {
	return a.Room.Clock.Now().Add(2 * time.Second)
}

// askFor is how long a department is asked for an answer. Past it the hall is told of its silence, and that as often as it takes: an
// attempt that was cut by a failure of our own must not leave the citizen without any answer.
const askFor = 45 * time.Second

// Work answers the question; when the department stays silent, the hall is told so.
func (a Answerer) Work(ctx context.Context, job *river.Job[QuestionArgs]) error {
	plain, err := a.Room.Keys.Open(job.Args.Sealed, []byte(job.Args.Query))
	if err != nil {
		return river.JobCancel(fmt.Errorf("connect: open question: %w", err))
	}
	reply, err := a.Room.answer(ctx, job.Args.Type, plain)
	if err != nil {
		if a.Room.Clock.Now().Sub(job.CreatedAt) < askFor && !errors.Is(err, exchange.ErrDesk) {
			return err
		}
		a.Room.Log.WarnContext(ctx, "a question of the hall stays unanswered", "type", job.Args.Type, "error", err)
		if reply, err = a.Room.silence(job.Args.Type, plain); err != nil {
			return err
		}
	}
	return pg.InTx(ctx, a.Room.Pool, func(tx pgx.Tx) error {
		reply.ID = uuid.NewSHA1(uuid.NameSpaceOID, []byte(job.Args.Query)) // a second run sends nothing new
		err := a.Room.Door.Send(ctx, tx, reply)
		if pg.IsUnique(err, "ferry_out_id_key") {
			return nil
		}
		return err
	})
}

func (r *Room) answer(ctx context.Context, t message.Type, plain []byte) (ferry.Message, error) {
	switch t {
	case message.ContractQuery:
		return reply(ctx, plain, message.ContractReplied, r.contract)
	case message.ShareQuery:
		return reply(ctx, plain, message.ShareReplied, r.shares)
	case message.UtilityQuery:
		return reply(ctx, plain, message.UtilityReplied, r.utilities)
	}
	return ferry.Message{}, river.JobCancel(fmt.Errorf("connect: no answer for %s", t))
}

func reply[Q, A any](ctx context.Context, plain []byte, t message.Type, f func(context.Context, Q) (A, error)) (ferry.Message, error) {
	var q Q
	if err := json.Unmarshal(plain, &q); err != nil {
		return ferry.Message{}, river.JobCancel(fmt.Errorf("connect: decode question: %w", err))
	}
	var head message.Ask
	if err := json.Unmarshal(plain, &head); err != nil {
		return ferry.Message{}, river.JobCancel(fmt.Errorf("connect: decode question: %w", err))
	}
	a, err := f(ctx, q)
	return ferry.Message{Type: t, Case: head.Query.String(), Body: a}, err
}

// silence is the answer "the department did not answer".
func (r *Room) silence(t message.Type, plain []byte) (ferry.Message, error) {
	var head message.Ask
	if err := json.Unmarshal(plain, &head); err != nil {
		return ferry.Message{}, river.JobCancel(fmt.Errorf("connect: decode question: %w", err))
	}
	m := ferry.Message{Case: head.Query.String()}
	none := message.Reply{Query: head.Query, Error: "silent"}
	switch t {
	case message.ContractQuery:
		m.Type, m.Body = message.ContractReplied, message.ContractReply{Reply: none}
	case message.ShareQuery:
		m.Type, m.Body = message.ShareReplied, message.ShareReply{Reply: none}
	default:
		m.Type, m.Body = message.UtilityReplied, message.UtilityReply{Reply: none}
	}
	return m, nil
}

// home answers the exact query. Wrong certificate, wrong name, wrong number: one and the same answer.
func (r *Room) home(ctx context.Context, tx pgx.Tx, in ferry.Inbound, q message.HomeQueryBody) error {
	answer := message.HomeReply{Reply: message.Reply{Query: q.Query, Error: "none"}}
	page, err := r.Register.Find(ctx, tx, q.Certificate, q.OwnerName, q.Document)
	switch {
	case err == nil:
		h := homeOf(page, r.Clock.Now())
		answer = message.HomeReply{Reply: message.Reply{Query: q.Query}, Home: &h}
	case !errors.Is(err, register.ErrNoMatch):
		return err
	}
	if err := r.Cases.AuditQuery(ctx, tx, q.By, "home", page != nil); err != nil {
		return err
	}
	return r.Door.Send(ctx, tx, ferry.Message{Type: message.HomeReplied, Case: in.Case, Body: answer})
}

// homeOf shows what an applicant may see of a unit: its description, its holders, and what stands against a sale.
func homeOf(p *register.Page, now time.Time) message.Home {
	h := message.Home{UnitCode: p.Unit.Code, HouseCode: p.Unit.House, Certificate: p.Title.Certificate(), District: p.Unit.Code.District(),
		Address: p.Unit.Address, Area: p.Unit.Area, Use: p.Unit.Use.Label(), Floor: floor(p.Unit), CoOwn: p.Title.CoOwn, HeldSince: p.Title.Since()}
	for _, x := range p.Title.Holders {
		h.Owners = append(h.Owners, message.Owner{Name: x.Name, Document: x.Document, Share: x.Share})
	}
	for _, x := range register.Obstacles(p, register.Disposal{Transfer: true}, now) {
		h.Obstacles = append(h.Obstacles, message.Obstacle{Code: string(x.Code), Text: x.Text, Blocks: x.Blocks})
	}
	return h
}

func floor(u register.Unit) string {
	if u.Floors == 0 {
		return ""
	}
	return fmt.Sprintf("%d／%d", u.Floor, u.Floors)
}

// Materials of the catalog that these sources give.
const (
	identityMaterial = "M-02"
	marriageMaterial = "M-04"
)

// contract fetches a contract signed online, for a home that the asker has already found. A bureau without a system has none.
func (r *Room) contract(ctx context.Context, q message.ContractQueryBody) (message.ContractReply, error) {
	out := message.ContractReply{Reply: message.Reply{Query: q.Query}}
	var in spec.HousingContractQueryResponse
	err := r.Out.Call(ctx, "housing.contract.query", exchange.Route{District: q.District}, q.Query.String(),
		spec.HousingContractQueryRequest{ContractNo: q.Number}, &in)
	if err != nil && !errors.Is(err, exchange.ErrDesk) {
		return out, err
	}
	if !in.Found || in.Contract.UnitCode != string(q.Unit) || in.Contract.State == spec.ContractStateRevoked {
		out.Error = "none"
		return out, nil
	}
	k := in.Contract
	out.Unit = land.UnitCode(k.UnitCode)
	out.Contract = &message.Contract{Number: k.ContractNo, Imported: true, Price: land.Fen(k.Price), SignedOn: land.Date(k.SignedOn),
		HandOver: land.Date(k.HandoverOn), Agency: k.Agency.Name}
	out.Parties = append(imported(k.Sellers, message.Seller, "s"), imported(k.Buyers, message.Buyer, "b")...)
	return out, nil
}

func imported(list []spec.Party, role message.Role, prefix string) []message.Party {
	var out []message.Party
	for i, p := range list {
		share, err := land.ParseShare(p.Share)
		if err != nil {
			share = land.Share{Num: 1, Den: int64(len(list))}
		}
		out = append(out, message.Party{Ref: fmt.Sprintf("%s%d", prefix, i+1), Role: role, Name: p.Name, Phone: p.Phone, Share: share,
			Document: land.Document{Kind: land.DocKind(p.DocumentKind), Number: p.DocumentNumber}})
	}
	return out
}

// shares fetches what departments already hold, each with the consent that the hall recorded. What a source does
// not have is named, so that the applicant is asked for it and told why.
func (r *Room) shares(ctx context.Context, q message.ShareQueryBody) (message.ShareReply, error) {
	out := message.ShareReply{Reply: message.Reply{Query: q.Query}, Marriage: map[string]string{}, Spouses: map[string]message.Owner{}}
	route := exchange.Route{District: q.District}
	for _, p := range q.Persons {
		if err := r.identityShare(ctx, q, p, route, &out); err != nil {
			return out, err
		}
		if err := r.marriageShare(ctx, q, p, route, &out); err != nil {
			return out, err
		}
	}
	if err := r.housesShare(ctx, q, route, &out); err != nil {
		return out, err
	}
	return out, nil
}

func (r *Room) identityShare(ctx context.Context, q message.ShareQueryBody, p message.Person, route exchange.Route, out *message.ShareReply) error {
	code := identityMaterial
	var got spec.BigdataIdentityVerifyResponse
	err := r.Out.Call(ctx, "bigdata.identity.verify", route, q.Query.String()+"/i/"+p.Ref,
		spec.BigdataIdentityVerifyRequest{ConsentNo: q.App.String(), Person: personOf(p.Name, p.Document), Purpose: purpose}, &got)
	if err != nil {
		return err
	}
	if got.Result != spec.IdentityResultMatch {
		out.Missing = append(out.Missing, code)
		return nil
	}
	out.Materials = append(out.Materials, message.Material{Code: code, Party: p.Ref, Source: "shared", From: "公安", At: got.CheckedAt, Summary: "身份信息一致"})
	return nil
}

func (r *Room) marriageShare(ctx context.Context, q message.ShareQueryBody, p message.Person, route exchange.Route, out *message.ShareReply) error {
	code := marriageMaterial
	var got spec.BigdataMarriageQueryResponse
	err := r.Out.Call(ctx, "bigdata.marriage.query", route, q.Query.String()+"/m/"+p.Ref,
		spec.BigdataMarriageQueryRequest{ConsentNo: q.App.String(), Person: personOf(p.Name, p.Document), Purpose: purpose}, &got)
	if err != nil {
		return err
	}
	state := marriageState(got.State)
	out.Marriage[p.Ref] = state
	if got.Spouse.Name != "" {
		out.Spouses[p.Ref] = message.Owner{Name: got.Spouse.Name, Document: land.Document{Kind: land.DocKind(got.Spouse.DocumentKind), Number: got.Spouse.DocumentNumber}}
	}
	if state == "unknown" {
		out.Missing = append(out.Missing, code)
		return nil
	}
	out.Materials = append(out.Materials, message.Material{Code: code, Party: p.Ref, Source: "shared", From: "民政", At: r.Clock.Now(), Summary: marriageWords[state]})
	return nil
}

// housesShare counts the homes of the buyers and their spouses; refs of buyers begin with "b".
func (r *Room) housesShare(ctx context.Context, q message.ShareQueryBody, route exchange.Route, out *message.ShareReply) error {
	var family []spec.Person
	for _, p := range q.Persons {
		if p.Ref[0] != 'b' {
			continue
		}
		family = append(family, personOf(p.Name, p.Document))
		if s, ok := out.Spouses[p.Ref]; ok {
			family = append(family, personOf(s.Name, s.Document))
		}
	}
	if len(family) == 0 {
		return nil
	}
	var got spec.RegistryHousesCountResponse
	err := r.Out.Call(ctx, "registry.houses.count", route, q.Query.String()+"/h",
		spec.RegistryHousesCountRequest{Persons: family, Purpose: purpose, Scope: spec.CountScopeCounty}, &got)
	if errors.Is(err, exchange.ErrDesk) {
		return r.ownCount(ctx, family, q.District, out)
	}
	if err != nil {
		return err
	}
	out.Homes = got.Total
	return nil
}

// utilities asks all four providers; a silent one is marked and settled later, it holds nobody up.
func (r *Room) utilities(ctx context.Context, q message.UtilityQueryBody) (message.UtilityReply, error) {
	out := message.UtilityReply{Reply: message.Reply{Query: q.Query}}
	for _, kind := range []spec.UtilityKind{spec.UtilityKindWater, spec.UtilityKindPower, spec.UtilityKindGas, spec.UtilityKindTv} {
		u := message.Utility{Kind: string(kind), Provider: utilityNames[kind], Action: "transfer", AsOf: r.Clock.Now()}
		var got spec.UtilityAccountsQueryResponse
		err := r.Out.Call(ctx, "utility.accounts.query", exchange.Route{District: q.District, Party: string(kind)}, q.Query.String()+"/"+string(kind),
			spec.UtilityAccountsQueryRequest{Kind: kind, UnitCode: string(q.Unit), Address: q.Address}, &got)
		switch {
		case err != nil:
			u.Silent = true
		case len(got.Accounts) == 0:
			u.Action = "new"
		default:
			u.Account, u.Arrears = got.Accounts[0].AccountNo, land.Fen(got.Accounts[0].Arrears)
		}
		out.Utilities = append(out.Utilities, u)
	}
	return out, nil
}
