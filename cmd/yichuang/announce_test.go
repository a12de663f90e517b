package main

import (
	"bytes"
	"strings"
	"testing"

	"yichuang/internal/democity"
	"yichuang/internal/office/staff"
)

// Whoever starts the city sees at once whom to sign in as.
func TestAnnouncedAccounts(t *testing.T) {
	city := democity.Build(1, "2026-11-24")
	f := cityFile{Hall: "http://hall", Office: "http://office", Accounts: city.Logins(), Examples: city.Examples()}
	var out bytes.Buffer
	if err := f.print(&out, "/data/city.json"); err != nil {
		t.Fatal(err)
	}
	roles := map[string]bool{}
	for _, a := range append(f.parties(), f.staff()...) {
		kind, role, inside := strings.Cut(a.Role, "/")
		if inside {
			kind = role
		}
		roles[kind] = true
		if !strings.Contains(out.String(), a.Login+"  ") || !strings.Contains(out.String(), a.Password) {
			t.Errorf("%s %s is not printed with its password", a.Role, a.Login)
		}
	}
	for _, want := range []string{"seller", "buyer", staff.Clerk, staff.First, staff.Second, staff.Registrar, staff.Surveyor, staff.ContractClerk, staff.TaxClerk,
		staff.BankClerk, staff.FundClerk, staff.Leader, staff.Admin, staff.Security, staff.Auditor} {
		if !roles[want] {
			t.Errorf("nobody is printed who is a %s", want)
		}
	}
	for _, a := range f.parties() {
		if !strings.Contains(a.Note, f.Examples[0].Contract) {
			t.Errorf("%s does not belong to the first sale", a.Login)
		}
	}
	if n := strings.Count(out.String(), "\n"); n > 50 {
		t.Errorf("%d lines: nobody reads them", n)
	}
}
