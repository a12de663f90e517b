package officetest

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"

	catalogdata "yichuang/catalog"
	"yichuang/internal/audit"
	"yichuang/internal/catalog"
	"yichuang/internal/democity"
	"yichuang/internal/exchange"
	"yichuang/internal/ferry"
	"yichuang/internal/flow"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/doc"
	"yichuang/internal/kit/doc/esign"
	"yichuang/internal/kit/pg/pgtest"
	"yichuang/internal/kit/sm"
	"yichuang/internal/kit/web"
	"yichuang/internal/office/migrations"
	"yichuang/internal/office/register"
	"yichuang/internal/office/staff"
)

// Sets are the schemas of the office's database.
func Sets() []pgtest.Set {
	return []pgtest.Set{{FS: migrations.FS, Table: "office_version"}, {FS: ferry.Migrations(), Table: "ferry_version"},
		{FS: flow.Migrations(), Table: "flow_version"}, {FS: exchange.Migrations(), Table: "exchange_version"},
		{FS: audit.Migrations(), Table: "audit_version"}, {FS: web.Migrations, Table: "web_version"}, pgtest.River()}
}

// fixture is what no test changes. It is made once for all tests of a process.
type fixture struct {
	city    *democity.City
	catalog *catalog.Catalog
	flows   []*flow.Definition
	fonts   *doc.Fonts
	keys    *sm.Keyring // at rest, the same in every test: the city in the template is sealed with it
	office  *sm.Signer
	hall    *sm.Signer
	seal    *esign.Identity
}

var fixtures = sync.OnceValues(makeFixture)

// name makes keys that do not depend on a test.
type name string

func (name) Helper()        {}
func (n name) Name() string { return string(n) }

func makeFixture() (*fixture, error) {
	f := &fixture{city: democity.Build(1, "2026-11-24"), keys: sm.NewTestKeyring(name("officetest"))}
	var err error
	if f.catalog, err = catalog.Load(catalogdata.FS); err != nil {
		return nil, err
	}
	if f.flows, err = flows(); err != nil {
		return nil, err
	}
	if f.fonts, err = doc.OpenFonts(); err != nil {
		return nil, err
	}
	if f.office, err = sm.NewSigner(); err != nil {
		return nil, err
	}
	if f.hall, err = sm.NewSigner(); err != nil {
		return nil, err
	}
	f.seal, err = esign.New(f.office, "泰州市不动产登记中心", Now)
	return f, err
}

// flows parses the flows of the catalog.
func flows() ([]*flow.Definition, error) {
	files, err := fs.Glob(catalogdata.FS, "flows/*.bpmn")
	if err != nil {
		return nil, err
	}
	var out []*flow.Definition
	for _, file := range files {
		raw, err := fs.ReadFile(catalogdata.FS, file)
		if err != nil {
			return nil, err
		}
		d, err := flow.Parse(bytes.NewReader(raw))
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

// settled is the schema with the city in the book, the flows installed and the people at their desks: the template that
// each test gets a copy of. Loading it takes as long as some tests do.
func (f *fixture) settled() []pgtest.Set {
	load := func(ctx context.Context, pool *pgxpool.Pool) error {
		clk := clock.NewFake(Now)
		if _, err := register.New(f.keys, clk).Seed(ctx, pool, f.city); err != nil {
			return err
		}
		if err := flow.NewLibrary(f.flows...).Install(ctx, pool, Now); err != nil {
			return err
		}
		return staff.New(pool, f.keys, audit.New(pool, f.keys, clk), clk).Add(ctx, people())
	}
	return append(Sets(), pgtest.Set{Name: fmt.Sprintf("office of process %d", os.Getpid()), Run: load})
}

// Phone is that of all people of an office.
const Phone = "13900001234"

// people are the staff of every office: each login is the desk that it sits at.
func people() []staff.Account {
	var out []staff.Account
	add := func(login, name, department, superior string, roles ...string) {
		out = append(out, staff.Account{Person: staff.Person{Login: login, Name: name, Phone: Phone, Department: department, Roles: roles},
			Password: "Zhengque-2026", Document: login, Superior: superior})
	}
	add("chief", "主任", "registry", "", staff.Leader)
	add("head", "科长", "registry", "chief", staff.Leader)
	add("window", "窗口甲", "window", "head", staff.Clerk)
	add("window2", "窗口乙", "window", "head", staff.Clerk)
	add("dispatcher", "调度员", "window", "head", staff.Dispatcher)
	add("first", "初审员", "registry", "head", staff.First, staff.Second)
	add("second", "复审员", "registry", "head", staff.First, staff.Second)
	add("registrar", "登簿员", "registry", "head", staff.Registrar, staff.Surveyor, staff.Archivist)
	add("housing", "备案员", "housing", "", staff.ContractClerk)
	add("tax", "核税员", "tax", "", staff.TaxClerk)
	add("bank", "银行经办", "bank", "", staff.BankClerk)
	add("fund", "公积金经办", "fund", "", staff.FundClerk)
	return out
}
