package staff_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/audit"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg/pgtest"
	"yichuang/internal/kit/sm"
	"yichuang/internal/kit/web"
	"yichuang/internal/office/migrations"
	"yichuang/internal/office/staff"
)

// office is the room on a database of its own.
type office struct {
	*staff.Room
	pool  *pgxpool.Pool
	clock *clock.Fake
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{clock: clock.NewFake(time.Date(2026, 11, 24, 10, 0, 0, 0, clock.Shanghai()))}
	o.pool = pgtest.New(t, pgtest.Set{FS: migrations.FS, Table: "office_version"}, pgtest.Set{FS: audit.Migrations(), Table: "audit_version"},
		pgtest.Set{FS: web.Migrations, Table: "web_version"})
	keys := sm.NewTestKeyring(t)
	o.Room = staff.New(o.pool, keys, audit.New(o.pool, keys, o.clock), o.clock)
	return o
}

func account(login, password string, roles ...string) staff.Account {
	return staff.Account{Person: staff.Person{Login: login, Name: "王晓明", Department: "registry", Roles: roles}, Password: password}
}

var by = staff.Operator{Name: "root", Source: "command line on test", Reason: "安装"}

func TestAddIsRepeatable(t *testing.T) {
	o := newOffice(t)
	var list []staff.Account
	for i := range 5 {
		a := account(fmt.Sprintf("clerk.%d", i), fmt.Sprintf("Zhengque-%d", 2026+i), staff.First)
		a.Superior = "head" // comes last in the list
		list = append(list, a)
	}
	list = append(list, account("head", "Zhengque-0000", staff.Leader))
	var wg sync.WaitGroup
	for range 3 { // processes that start at once
		wg.Go(func() {
			if err := o.Add(t.Context(), list); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	head, err := o.BySignIn(t.Context(), o.pool, "head")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range list[:5] {
		p, err := o.SignIn(t.Context(), a.Login, a.Password, "test")
		if err != nil || p.Superior != head.ID || p.MustChange {
			t.Errorf("%s: %+v %v", a.Login, p, err)
		}
	}
	list[0].Password = "Changed-2026"
	if err := o.Add(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	if _, err := o.SignIn(t.Context(), "clerk.0", "Changed-2026", "test"); !errors.Is(err, staff.ErrSignIn) {
		t.Errorf("a set-up that is run again changes a password: %v", err)
	}
	var same int
	if err := o.pool.QueryRow(t.Context(), `SELECT count(*) - count(DISTINCT split_part(password, '$', 5)) FROM staff`).Scan(&same); err != nil || same != 0 {
		t.Errorf("%d accounts share a salt (%v)", same, err)
	}
}

func TestCreateRefuses(t *testing.T) {
	o := newOffice(t)
	const good = "Zhengque-2026"
	for name, x := range map[string]struct {
		edit func(*staff.Account)
		want string
	}{
		"a login with blanks":     {func(a *staff.Account) { a.Login = "wang xm" }, "login"},
		"a login of two":          {func(a *staff.Account) { a.Login = "wx" }, "login"},
		"no name":                 {func(a *staff.Account) { a.Name = "" }, "name"},
		"no role":                 {func(a *staff.Account) { a.Roles = nil }, "role"},
		"an unknown role":         {func(a *staff.Account) { a.Roles = []string{"root"} }, "role root"},
		"an unknown department":   {func(a *staff.Account) { a.Department = "police" }, "department"},
		"an unknown district":     {func(a *staff.Account) { a.District = "110101" }, "district"},
		"a bank without its code": {func(a *staff.Account) { a.Department = "bank" }, "bank"},
		"admin and auditor":       {func(a *staff.Account) { a.Roles = []string{staff.Admin, staff.Auditor} }, "together"},
		"security and reviewer":   {func(a *staff.Account) { a.Roles = []string{staff.First, staff.Security} }, "together"},
		"an unknown superior":     {func(a *staff.Account) { a.Superior = "nobody" }, "no such person"},
		"a weak password":         {func(a *staff.Account) { a.Password = "password" }, "10"},
	} {
		t.Run(name, func(t *testing.T) {
			a := account("wang.xm", good, staff.First)
			x.edit(&a)
			if err := o.Create(t.Context(), a, by); err == nil || !strings.Contains(err.Error(), x.want) {
				t.Errorf("created, or refused for %v, want something about %s", err, x.want)
			}
		})
	}
	var n int
	if err := o.pool.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM staff) + (SELECT count(*) FROM audit_record)`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows are left of what was refused (%v)", n, err)
	}
}

// The life of a first password: it opens once, is changed, is lost, and is given anew, which ends sessions and the lock.
func TestFirstPassword(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	first := staff.NewPassword()
	if err := staff.CheckPassword(first); err != nil || first == staff.NewPassword() {
		t.Fatalf("%s: %v", first, err)
	}
	if err := o.Create(ctx, account("wang.xm", first, staff.First), by); err != nil {
		t.Fatal(err)
	}
	p, err := o.SignIn(ctx, "wang.xm", first, "test")
	if err != nil || !p.MustChange {
		t.Fatalf("with the first password: %+v %v", p, err)
	}
	if err := o.ChangePassword(ctx, p.ID, first, first); !errors.As(err, new(staff.ErrPassword)) {
		t.Errorf("changed to the same: %v", err)
	}
	if err := o.ChangePassword(ctx, p.ID, first, "Zhengque-2026"); err != nil {
		t.Fatal(err)
	}
	if p, err = o.SignIn(ctx, "wang.xm", "Zhengque-2026", "test"); err != nil || p.MustChange {
		t.Errorf("with one's own: %+v %v", p, err)
	}
	if _, err := o.pool.Exec(ctx, `INSERT INTO web_session (token, account, data, expires) VALUES (sha256('x'), $1, 'x', now() + interval '1 hour')`, p.ID); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		_, err = o.SignIn(ctx, "wang.xm", "forgotten", "test")
	}
	if !errors.As(err, new(staff.ErrLocked)) {
		t.Fatalf("after five wrong ones: %v", err)
	}
	again := staff.NewPassword()
	if err := o.Reset(ctx, "wang.xm", again, by); err != nil {
		t.Fatal(err)
	}
	if p, err = o.SignIn(ctx, "wang.xm", again, "test"); err != nil || !p.MustChange {
		t.Errorf("with the new first one: %+v %v", p, err)
	}
	if err := o.Reset(ctx, "nobody", again, by); !errors.Is(err, staff.ErrNobody) {
		t.Errorf("reset of nobody: %v", err)
	}
	var sessions, recorded int
	if err := o.pool.QueryRow(ctx, `SELECT (SELECT count(*) FROM web_session), (SELECT count(*) FROM audit_record WHERE actor = 'operator:root'
		AND detail->>'reason' = '安装' AND action IN ('新建账号', '重置密码'))`).Scan(&sessions, &recorded); err != nil || sessions != 0 || recorded != 2 {
		t.Errorf("%d sessions go on, %d acts are recorded (%v)", sessions, recorded, err)
	}
}
