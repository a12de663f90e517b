package window

import (
	"errors"
	"net/http"
	"strings"

	"yichuang/internal/kit/web"
	"yichuang/internal/land"
	"yichuang/internal/office/staff"
)

func (r *Room) front(w http.ResponseWriter, req *http.Request) error {
	if who := web.Who(req.Context()); who.SignedIn() {
		to := home(who.Roles)
		if p, err := r.me(req.Context()); err == nil && p.MustChange {
			to = "/password"
		}
		http.Redirect(w, req, to, http.StatusSeeOther)
		return nil
	}
	http.Redirect(w, req, "/login", http.StatusSeeOther)
	return nil
}

// home is the first page of a role.
func home(roles []string) string {
	rights := staff.RightsOf(roles)
	switch {
	case rights[staff.Work]:
		return "/w"
	case rights[staff.Machine]:
		return "/kiosk"
	case rights[staff.Operate]:
		return "/admin"
	}
	return "/password"
}

func (r *Room) signInPage(w http.ResponseWriter, req *http.Request) error {
	return web.Render(w, req, http.StatusOK, signInPage(web.NewForm(req), req.URL.Query().Get("back")))
}

func (r *Room) signIn(w http.ResponseWriter, req *http.Request) error {
	f, err := web.ParseForm(req)
	if err != nil {
		return err
	}
	login, password := f.Value("login"), f.Value("password")
	if f.Require("login", "工号"); !f.Require("password", "密码") || !f.OK() {
		return web.Render(w, req, http.StatusUnprocessableEntity, signInPage(f, f.Value("back")))
	}
	p, err := r.Staff.SignIn(req.Context(), login, password, web.Source(req.Context()))
	var locked staff.ErrLocked
	switch {
	case errors.As(err, &locked):
		f.Fail("login", "试错次数太多，这个账号锁到 "+clockTime(locked.Until)+"。")
	case errors.Is(err, staff.ErrSignIn):
		f.Fail("login", "工号或密码不对。连续错 5 次会锁定 30 分钟。")
	case err != nil:
		return err
	}
	if !f.OK() {
		f.Set("password", "")
		return web.Render(w, req, http.StatusUnprocessableEntity, signInPage(f, f.Value("back")))
	}
	id := web.Identity{ID: p.ID, Kind: "staff", Name: p.Name, Shown: land.MaskName(p.Name) + "（" + staff.RoleNames[p.Roles[0]] + "）", Roles: p.Roles,
		Attr: map[string]string{"district": p.District, "department": p.Department}}
	if err := web.SignIn(req.Context(), id); err != nil {
		return err
	}
	to := f.Value("back")
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.HasPrefix(to, "/\\") {
		to = home(p.Roles)
	}
	if p.MustChange {
		to = "/password"
	}
	return web.Redirect(w, req, to)
}

func (r *Room) signOut(w http.ResponseWriter, req *http.Request) error {
	if err := web.SignOut(req.Context()); err != nil {
		return err
	}
	return web.Redirect(w, req, "/login")
}

func (r *Room) passwordPage(w http.ResponseWriter, req *http.Request) error {
	return web.Render(w, req, http.StatusOK, passwordPage(web.NewForm(req)))
}

func (r *Room) changePassword(w http.ResponseWriter, req *http.Request) error {
	f, err := web.ParseForm(req)
	if err != nil {
		return err
	}
	if f.Value("fresh") != f.Value("again") {
		f.Fail("again", "两次输入的新密码不一样")
	}
	if f.OK() {
		err = r.Staff.ChangePassword(req.Context(), web.Who(req.Context()).ID, f.Value("old"), f.Value("fresh"))
		var weak staff.ErrPassword
		switch {
		case errors.As(err, &weak):
			f.Fail("fresh", weak.Text)
		case errors.Is(err, staff.ErrSignIn):
			f.Fail("old", "原密码不对")
		case err != nil:
			return err
		}
	}
	if !f.OK() {
		return web.Render(w, req, http.StatusUnprocessableEntity, passwordPage(f))
	}
	web.Flash(req.Context(), "green", "密码已修改")
	return web.Redirect(w, req, home(web.Who(req.Context()).Roles))
}
