package democity

import (
	"fmt"

	"yichuang/internal/land"
)

// utilities opens the four accounts of each home; one in twelve is in arrears.
func (b *builder) utilities() {
	d := newDice(b.Seed, "utilities")
	for i := range b.Units {
		u := &b.Units[i]
		q := quarterOf(u.District)
		holder := b.Titles[b.payers[u.Code]].Holders[0].Name
		for k, kind := range []struct{ code, provider string }{
			{"water", q.short + "自来水公司"}, {"power", q.short + "供电公司"}, {"gas", q.short + "燃气公司"}, {"tv", q.short + "广电网络公司"},
		} {
			a := Utility{Unit: u.Code, Kind: kind.code, Provider: kind.provider, Holder: holder, Number: fmt.Sprintf("%d%s%06d", k+1, q.code[3:], i+1)}
			if d.IntN(12) == 0 {
				a.Arrears = land.Fen(d.between(12_00, 480_00))
			}
			b.Utilities = append(b.Utilities, a)
		}
	}
}

// accounts opens the staff's accounts and, for every grown-up, one at the provincial identity provider.
func (b *builder) accounts() {
	for i := range b.People {
		p := &b.People[i]
		if p.Phone == "" || p.Marriage == Deceased || dayOf(p.Birth).years(18).After(b.today.Time) {
			continue
		}
		b.Citizens = append(b.Citizens, Citizen{Login: p.Phone, Password: password(b.Seed, p.Phone), Person: p.ID, Name: p.Name})
	}
	d := newDice(b.Seed, "staff")
	b.hire(d, Staff{Login: "city.leader", Department: DeptPlatform, Roles: []string{RoleLeader}})
	for _, role := range []string{RoleAdmin, RoleSecurity, RoleAuditor} {
		b.hire(d, Staff{Login: "city." + role, Department: DeptPlatform, Roles: []string{role}, Superior: "city.leader"})
	}
	for _, q := range quarters {
		for _, post := range posts {
			b.fill(d, q, post)
		}
	}
	for _, bank := range b.Banks {
		b.hire(d, Staff{Login: bank.Code + ".leader", Department: DeptBank, Org: bank.Code, Roles: []string{RoleLeader}})
		for _, q := range quarters {
			b.hire(d, Staff{Login: bank.Code + "." + q.login, District: q.code, Department: DeptBank, Org: bank.Code, Roles: []string{RoleBankClerk}, Superior: bank.Code + ".leader"})
		}
	}
	for n := range 2 {
		b.hire(d, Staff{Login: fmt.Sprintf("danbao.%d", n+1), Department: DeptFund, Org: GuaranteeCode, Roles: []string{RoleFundClerk}, Superior: "city.leader"})
		b.hire(d, Staff{Login: fmt.Sprintf("%s.%d", FundCode, n+1), Department: DeptFund, Org: FundCode, Roles: []string{RoleFundClerk}, Superior: "city.leader"})
	}
	for _, q := range quarters { // last, so that the people before them stay who they were
		b.hire(d, Staff{Login: q.login + ".kiosk", District: q.code, Department: DeptWindow, Roles: []string{RoleKiosk}, Hall: q.code + "-1", Superior: q.login + ".window.leader"})
		b.Staff[len(b.Staff)-1].Name = "取号机"
	}
}

// post is a kind of position that every district has; login is the middle of its account names.
type post struct {
	department, login string
	roles             []string
	count             int
}

// posts are the positions of a district. Two of each reviewer, so that work can be handed over and four eyes are two persons.
var posts = []post{
	{DeptWindow, "window.leader", []string{RoleLeader, RoleDispatcher}, 0},
	{DeptRegistry, "registry.leader", []string{RoleLeader}, 0},
	{DeptHousing, "housing.leader", []string{RoleLeader}, 0},
	{DeptTax, "tax.leader", []string{RoleLeader}, 0},
	{DeptWindow, "window", []string{RoleClerk}, 3},
	{DeptRegistry, "first", []string{RoleFirst}, 2},
	{DeptRegistry, "second", []string{RoleSecond}, 2},
	{DeptRegistry, "registrar", []string{RoleRegistrar, RoleArchivist}, 2},
	{DeptRegistry, "survey", []string{RoleSurveyor}, 2},
	{DeptHousing, "housing", []string{RoleContractClerk}, 2},
	{DeptTax, "tax", []string{RoleTaxClerk}, 2},
}

// fill hires for a post: a leader alone, others numbered from 1.
func (b *builder) fill(d dice, q quarter, p post) {
	s := Staff{Login: q.login + "." + p.login, District: q.code, Department: p.department, Roles: p.roles, Superior: "city.leader"}
	if p.count == 0 {
		b.hire(d, s)
		return
	}
	s.Superior = q.login + "." + p.department + ".leader"
	for n := range p.count {
		s.Login = fmt.Sprintf("%s.%s%d", q.login, p.login, n+1)
		if p.department == DeptWindow {
			s.Hall, s.WindowNo = q.code+"-1", n+1
		}
		b.hire(d, s)
	}
}

// hire gives the account a person who lives in none of the households.
func (b *builder) hire(d dice, s Staff) {
	female := d.chance(50)
	birth := b.today.years(-d.between(26, 54)).plus(-d.IntN(360))
	s.Name = surname(d) + given(d, female)
	s.ID = b.identity("321202", birth, female)
	s.Phone = b.phone()
	s.Password = password(b.Seed, s.Login)
	b.Staff = append(b.Staff, s)
}
