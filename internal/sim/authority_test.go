package sim_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"yichuang/internal/democity"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/sm"
	"yichuang/internal/land"
	"yichuang/internal/sim/bigdata"
	"yichuang/internal/sim/court"
	"yichuang/internal/sim/simtest"
	"yichuang/internal/sim/town"
)

const why = "存量房买卖转移登记"

// The departments behind the big-data platform answer exact questions from the city, and nothing else.
func TestAuthorities(t *testing.T) {
	w := build(t)
	k := w.contract("321202")
	unit, _ := w.built.Unit(k.Unit)
	seller := persons(k.Sellers)[0]
	stranger := seller
	stranger.Name = "另一人"
	dead := func(who spec.Person) (out spec.BigdataDeathQueryResponse) {
		w.ask("bigdata", spec.BigdataDeathQuery, spec.BigdataDeathQueryRequest{Person: who, Purpose: why, ConsentNo: "SQ1"}, &out)
		return out
	}
	identity := func(who spec.Person) spec.IdentityResult {
		var out spec.BigdataIdentityVerifyResponse
		w.ask("bigdata", spec.BigdataIdentityVerify, spec.BigdataIdentityVerifyRequest{Person: who, Purpose: why, ConsentNo: "SQ1"}, &out)
		return out.Result
	}
	if dead(seller).Found {
		t.Error("a living seller is dead")
	}
	w.post("/control/death", bigdata.Death{Document: land.IDNumber(seller.DocumentNumber)}, http.StatusOK)
	w.post("/control/death", bigdata.Death{Document: land.IDNumber(seller.DocumentNumber), On: "2026-01-01"}, http.StatusOK)
	w.post("/control/death", bigdata.Death{Document: "nobody"}, http.StatusNotFound)
	if d := dead(seller); !d.Found || d.DiedOn != "2026-11-24" || d.CertificateNo == "" || identity(seller) != spec.IdentityResultDeceased {
		t.Errorf("after the death: %+v, %s", d, identity(seller))
	}
	if dead(stranger).Found {
		t.Error("the wrong name with the right number is found")
	}
	late := &w.built.People[slices.IndexFunc(w.built.People, func(p democity.Person) bool { return p.Marriage == democity.Deceased })]
	if d := dead(town.Citizen(late)); !d.Found || d.CancelledOn == "" {
		t.Errorf("somebody who died before the city was built: %+v", d)
	}
	w.start() // after a kill
	w.post("/control/peer", w.office.Peer(), http.StatusOK)
	w.meet()
	if !dead(seller).Found {
		t.Error("a death is forgotten")
	}

	var place spec.BigdataPlaceQueryResponse
	w.ask("bigdata", spec.BigdataPlaceQuery, spec.BigdataPlaceQueryRequest{Address: unit.Address, District: unit.District, Purpose: why}, &place)
	if !place.Found || place.State != spec.PlaceStateCurrent || place.Standard != unit.Address {
		t.Errorf("place: %+v", place)
	}
	w.ask("bigdata", spec.BigdataPlaceQuery, spec.BigdataPlaceQueryRequest{Address: unit.Address, District: "321281", Purpose: why}, &place)
	if place.Found {
		t.Error("an address of another district is found")
	}
	var parcel spec.BigdataLandQueryResponse
	w.ask("bigdata", spec.BigdataLandQuery, spec.BigdataLandQueryRequest{ParcelCode: unit.Parcel, Purpose: why}, &parcel)
	if !parcel.Found || parcel.Idle || parcel.Until == "" {
		t.Errorf("parcel: %+v", parcel)
	}
	var judged spec.BigdataJudgmentQueryResponse
	seized := w.built.Seizures[0]
	title, _ := w.built.Title(seized.Unit)
	w.ask("bigdata", spec.BigdataJudgmentQuery, spec.BigdataJudgmentQueryRequest{Person: town.Person(title.Holders[0].Name, title.Holders[0].Document), CaseRef: seized.Order, Purpose: why}, &judged)
	if len(judged.Judgments) != 1 || !judged.Judgments[0].Effective || judged.Judgments[0].Court != seized.Court {
		t.Errorf("judgments: %+v", judged)
	}
	judged = spec.BigdataJudgmentQueryResponse{}
	w.ask("bigdata", spec.BigdataJudgmentQuery, spec.BigdataJudgmentQueryRequest{Person: stranger, Purpose: why}, &judged)
	if len(judged.Judgments) != 0 {
		t.Errorf("a stranger was judged: %+v", judged)
	}
}

// Notaries know their acts, births their parents, and state assets whom they went to.
func TestRegistersOfAuthorities(t *testing.T) {
	w := build(t)
	var acts []bigdata.Act
	simtest.Get(t, w.url("/control/acts"), &acts)
	if len(acts) < 7 {
		t.Fatalf("%d acts", len(acts))
	}
	states := map[spec.NotaryState]int{}
	for i, a := range acts[:7] {
		var out spec.BigdataNotaryQueryResponse
		w.ask("bigdata", spec.BigdataNotaryQuery, spec.BigdataNotaryQueryRequest{CertificateNo: a.Number, Principal: a.Principal, Purpose: why}, &out)
		if !out.Found || out.State != a.State || !slices.Equal(out.Agents, []spec.Person{a.Agent}) || out.UnitCode != string(a.Unit) {
			t.Errorf("act %s: %+v", a.Number, out)
		}
		states[out.State]++
		out = spec.BigdataNotaryQueryResponse{}
		w.ask("bigdata", spec.BigdataNotaryQuery, spec.BigdataNotaryQueryRequest{CertificateNo: a.Number, Principal: acts[(i+1)%7].Principal, Purpose: why}, &out)
		if out.Found {
			t.Errorf("act %s is another's, too", a.Number)
		}
	}
	if states[spec.NotaryStateValid] == 0 || states[spec.NotaryStateRevoked] == 0 || states[spec.NotaryStateExpired] == 0 {
		t.Errorf("states of acts: %v", states)
	}
	for i := range w.built.People {
		child := &w.built.People[i]
		if child.Phone != "" || child.Household == "" {
			continue
		}
		var out spec.BigdataBirthQueryResponse
		w.ask("bigdata", spec.BigdataBirthQuery, spec.BigdataBirthQueryRequest{Child: town.Citizen(child), Purpose: why, ConsentNo: "SQ1"}, &out)
		if !out.Found || out.BornOn != string(child.Birth) || out.Mother.Name == "" && out.Father.Name == "" {
			t.Errorf("birth of %s: %+v", child.ID, out)
		}
		break
	}
	for i := range w.built.Companies {
		var out spec.BigdataAssetQueryResponse
		in := spec.BigdataAssetQueryRequest{ApprovalNo: "泰国资发〔2026〕" + string(rune('1'+i)) + "号", CreditCode: string(w.built.Companies[i].Code), Purpose: why}
		if w.ask("bigdata", spec.BigdataAssetQuery, in, &out); out.Found && (out.To != w.built.Companies[i].Name || len(out.Assets) == 0) {
			t.Errorf("assets: %+v", out)
		}
		if i == 8 {
			break
		}
	}
}

// A court's order goes to the platform with the digests of its papers, which the court hands out to who has order and digest.
func TestCourtServesItsPapers(t *testing.T) {
	w := build(t)
	k := w.contract("321202")
	// The test's platform answers every message the same, which is no answer to an order: what is kept must not stay.
	w.post("/control/court", court.Order{Court: "hailing", Unit: k.Unit}, http.StatusConflict)
	w.post("/control/court", court.Order{Court: "moon", Unit: k.Unit}, http.StatusNotFound)
	told := last[spec.CourtControlSubmitRequest](w, w.office, spec.CourtControlSubmit)
	if told.Target != persons(k.Sellers)[0] || len(told.Judges) != 2 || len(told.Documents) != 2 || told.Months != 36 || told.Documents[0].Digest == told.Documents[1].Digest {
		t.Errorf("order: %+v", told)
	}
	fetch := func(system, control, digest string) error {
		var out spec.CourtDocumentFetchResponse
		err := w.office.Ask(system, spec.CourtDocumentFetch, spec.CourtDocumentFetchRequest{CourtCode: "zhongji", ControlNo: control, Digest: digest}, &out)
		if err == nil && sm.SM3Hex(out.Content) != digest {
			t.Errorf("%s is not what it should be", digest)
		}
		return err
	}
	i := slices.IndexFunc(w.built.Seizures, func(s democity.Seizure) bool { return s.Court == "泰州市中级人民法院" })
	notice := w.built.Seizures[i].Notice
	digest := sm.SM3Hex(court.Paper(notice, court.Assistance))
	if err := fetch("court/zhongji", notice, digest); err != nil {
		t.Errorf("its own paper: %v", err)
	}
	if fetch("court/hailing", notice, digest) == nil || fetch("court/zhongji", notice, told.Documents[0].Digest) == nil || fetch("court/zhongji", told.ControlNo, told.Documents[0].Digest) == nil {
		t.Error("a court hands out another's paper, or one of an order that was never taken")
	}
}

// What a court orders through the platform is entered in the registry's book in its turn, once, and told.
func TestRegistryEntersControls(t *testing.T) {
	w := build(t)
	k := w.contract("321202")
	push := func(in spec.RegistryControlPushRequest) spec.RegistryControlResultRequest {
		t.Helper()
		in.WorkID, in.UnitCode, in.OrderNo, in.ServedAt = work(), string(k.Unit), "（2026）苏12执1号", w.clock.Now()
		w.office.Entrust("registry/321202", spec.RegistryControlPush, in)
		w.pass(time.Hour)
		return last[spec.RegistryControlResultRequest](w, w.office, spec.RegistryControlResult)
	}
	holder := persons(k.Sellers)[0]
	other := holder
	other.DocumentNumber = "320102197001010018"
	const one, two, above = "泰州市海陵区人民法院", "兴化市人民法院", "泰州市中级人民法院"
	for _, tt := range []struct {
		name string
		in   spec.RegistryControlPushRequest
		want spec.ControlOutcome
	}{
		{"another person of the name", spec.RegistryControlPushRequest{ControlNo: "CK-0000", Action: spec.CourtActionSeize, Court: one, Target: other, NoticeNo: "（2026）苏12执0号", Months: 36}, spec.ControlOutcomeRefused},
		{"seized", spec.RegistryControlPushRequest{ControlNo: "CK-0001", Action: spec.CourtActionSeize, Court: one, Target: holder, NoticeNo: "（2026）苏12执1号", Months: 12}, spec.ControlOutcomeEntered},
		{"the same again", spec.RegistryControlPushRequest{ControlNo: "CK-0001", Action: spec.CourtActionSeize, Court: one, Target: holder, NoticeNo: "（2026）苏12执1号", Months: 12}, spec.ControlOutcomeEntered},
		{"in the queue", spec.RegistryControlPushRequest{ControlNo: "CK-0002", Action: spec.CourtActionSeize, Court: two, Target: holder, NoticeNo: "（2026）苏12执2号", Months: 36}, spec.ControlOutcomeQueued},
		{"renewed by another court", spec.RegistryControlPushRequest{ControlNo: "CK-0003", Action: spec.CourtActionRenew, Court: two, Target: holder, NoticeNo: "（2026）苏12执3号", SeizureNo: "（2026）苏12执1号", Months: 12}, spec.ControlOutcomeRefused},
		{"renewed", spec.RegistryControlPushRequest{ControlNo: "CK-0004", Action: spec.CourtActionRenew, Court: one, Target: holder, NoticeNo: "（2026）苏12执4号", SeizureNo: "（2026）苏12执1号", Months: 12}, spec.ControlOutcomeRenewed},
		{"lifted by another court", spec.RegistryControlPushRequest{ControlNo: "CK-0005", Action: spec.CourtActionRelease, Court: two, Target: holder, NoticeNo: "（2026）苏12执5号", SeizureNo: "（2026）苏12执1号"}, spec.ControlOutcomeRefused},
		{"lifted from above", spec.RegistryControlPushRequest{ControlNo: "CK-0006", Action: spec.CourtActionRelease, Court: above, Target: holder, NoticeNo: "（2026）苏12执6号", SeizureNo: "（2026）苏12执1号"}, spec.ControlOutcomeReleased},
	} {
		out := push(tt.in)
		if out.Outcome != tt.want || out.ControlNo != tt.in.ControlNo || (out.Outcome == spec.ControlOutcomeRefused) != (out.Reason != "") {
			t.Errorf("%s: %+v", tt.name, out)
		}
		if tt.name == "renewed" && out.Restriction.Until != "2028-11-23" {
			t.Errorf("renewed until %s", out.Restriction.Until)
		}
	}
	page := w.home(k.Unit)
	if len(page.Restrictions) != 1 || page.Restrictions[0].Kind != spec.RestrictionKindSeizure || page.Restrictions[0].Number != "（2026）苏12执2号" {
		t.Errorf("what is left: %+v", page.Restrictions)
	}
	var actions []spec.RestrictionAction
	for _, told := range w.office.Told(spec.RegistryRestrictionNotify) {
		var in spec.RegistryRestrictionNotifyRequest
		told.Decode(t, &in)
		actions = append(actions, in.Action)
	}
	if want := []spec.RestrictionAction{spec.RestrictionActionRegistered, spec.RestrictionActionRegistered, spec.RestrictionActionRenewed, spec.RestrictionActionReleased,
		spec.RestrictionActionActivated}; !slices.Equal(actions, want) {
		t.Errorf("told %v, want %v", actions, want)
	}
}
