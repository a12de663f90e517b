package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"yichuang/internal/democity"
	"yichuang/internal/office/staff"
)

// cityFile is what scripts read to find their way (design §10).
type cityFile struct {
	Hall     string             `json:"hall"`
	Office   string             `json:"office"`
	Partner  string             `json:"partner"`
	SimCity  string             `json:"simcity"`
	Ops      string             `json:"ops"`
	Accounts []democity.Login   `json:"accounts"`
	Examples []democity.Example `json:"examples"`
}

// announce writes city.json and prints what a newcomer needs of it: the city is ready.
func (c *cityCmd) announce(s *citySites, simURL string, city *democity.City) error {
	f := cityFile{Hall: s.hall.url(), Office: s.office.url(), Partner: s.partner.url(), SimCity: simURL, Ops: s.ops.url(), Accounts: city.Logins(), Examples: city.Examples()}
	raw, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return fmt.Errorf("city.json: %w", err)
	}
	path, part := filepath.Join(c.Data, "city.json"), filepath.Join(c.Data, ".city.json")
	if err := errors.Join(os.WriteFile(part, raw, 0o600), os.Rename(part, path)); err != nil {
		return fmt.Errorf("city.json: %w", err)
	}
	return f.print(os.Stdout, path)
}

// print shows addresses, the people of one sale, one member of staff of each kind, and homes in every state. Words of
// double width stand in the last column, so that the others stay straight.
func (f cityFile) print(w io.Writer, path string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, a := range [][2]string{{f.Hall, "网上大厅：市民"}, {f.Office, "内网工作台：窗口、审核、负责人、管理员"}, {f.Partner, "外部系统接口"},
		{f.SimCity, "模拟城市：部门、银行、支付，看板上可以弄坏它们"}, {f.Ops + "/metrics", "运维"}} {
		fmt.Fprintf(t, "%s\t%s\n", a[0], a[1])
	}
	fmt.Fprint(t, "\n账号\t密码\t在网上大厅登录：一套房的买卖双方\n")
	for _, a := range f.parties() {
		fmt.Fprintf(t, "%s\t%s\t%s，%s\n", a.Login, a.Password, a.Name, a.Note)
	}
	fmt.Fprint(t, "\n账号\t密码\t在内网工作台登录\n")
	for _, a := range f.staff() {
		_, role, _ := strings.Cut(a.Role, "/")
		fmt.Fprintf(t, "%s\t%s\t%s：%s，%s\n", a.Login, a.Password, staff.RoleNames[role], a.Name, a.Note)
	}
	fmt.Fprintf(t, "\n不动产权证号\t权利人证件号码\t合同\t状态\n")
	for _, e := range f.Examples {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s，%s\n", e.Certificate, e.IDNo, e.Contract, e.State, e.Owner)
	}
	fmt.Fprintf(t, "\n全部 %d 个账号：%s\n\n城市已就绪。Ctrl-C 结束。\n", len(f.Accounts), path)
	return t.Flush()
}

// parties are the people of the first example that has a contract: all who must sign it.
func (f cityFile) parties() []democity.Login {
	for _, e := range f.Examples {
		if e.Contract == "" {
			continue
		}
		var out []democity.Login
		for _, a := range f.Accounts {
			if strings.Contains(a.Note, e.Contract) {
				out = append(out, a)
			}
		}
		return out
	}
	return nil
}

// staff is the first account of each kind that a case meets on its way, then leaders and the three administrators.
func (f cityFile) staff() []democity.Login {
	var out []democity.Login
	for _, role := range []string{"window/window", "registry/first-reviewer", "registry/second-reviewer", "registry/registrar", "registry/surveyor",
		"housing/contract-clerk", "tax/tax-clerk", "bank/bank-clerk", "fund/fund-clerk", "window/kiosk", "window/leader", "registry/leader",
		"platform/admin", "platform/security", "platform/auditor"} {
		for _, a := range f.Accounts {
			if a.Role == role {
				out = append(out, a)
				break
			}
		}
	}
	return out
}
