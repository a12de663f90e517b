package web

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

const (
	keyField   = "_key" // hidden field with the one-time key
	csrfField  = "csrf_token"
	claimLimit = time.Minute // a POST that has not ended by then died with its process
	claimWait  = 10 * time.Second
)

// NewFormKey makes a one-time key for a form on this page. It is bound to the account, so that a form left open
// by one person is not sent in the name of the next.
func NewFormKey(ctx context.Context) string {
	s := stateOf(ctx)
	if s == nil || s.router == nil {
		return ""
	}
	var b [15]byte
	rand.Read(b[:])
	id := base64.RawURLEncoding.EncodeToString(b[:])
	return id + "." + s.router.keyMark(id, s.who.ID)
}

func (rt *Router) keyMark(id string, account uuid.UUID) string {
	return base64.RawURLEncoding.EncodeToString(rt.opt.Keys.Index("form", id+"|"+account.String())[:12])
}

// ownKey checks that the key was made by us for this account (or for a stranger, who has signed in since).
func (rt *Router) ownKey(key string, account uuid.UUID) (id string, ok bool) {
	id, mark, _ := strings.Cut(key, ".")
	for _, a := range []uuid.UUID{account, uuid.Nil} {
		if hmac.Equal([]byte(mark), []byte(rt.keyMark(id, a))) {
			return id, true
		}
	}
	return "", false
}

// once lets the first POST of a form through and sends every later one to where the first one led.
// It reports whether the handler should run.
func (rt *Router) once(w http.ResponseWriter, r *http.Request, s *state) (bool, error) {
	key := r.PostFormValue(keyField)
	id, ok := rt.ownKey(key, s.who.ID)
	if !ok {
		return false, &Error{Status: http.StatusConflict, Code: "stale-form", Title: "这一页放得太久了",
			Message: "这张表不是您现在的账号打开的，没有提交。", Next: "请重新打开这一页再填。"}
	}
	ctx := r.Context()
	location, claimed, err := rt.claim(ctx, id, s.who.ID)
	if err != nil {
		return false, err
	}
	if !claimed {
		http.Redirect(w, r, location, http.StatusSeeOther)
		return false, nil
	}
	s.formKey = id
	s.finish = func(to string) {
		// The answer is on its way: a client that hangs up now must not undo the record.
		_, err := rt.opt.DB.Exec(context.WithoutCancel(ctx), `UPDATE web_form SET location = $2 WHERE key = $1`, id, to)
		if err != nil {
			rt.opt.Log.ErrorContext(ctx, "form key not finished", "err", err)
		}
	}
	return true, nil
}

// claim takes the key for this POST, or waits for the one that has it and tells where it led.
func (rt *Router) claim(ctx context.Context, id string, account uuid.UUID) (location string, claimed bool, err error) {
	ctx, stop := context.WithTimeout(ctx, claimWait)
	defer stop()
	for {
		tag, err := rt.opt.DB.Exec(ctx, `INSERT INTO web_form (key, account, started) VALUES ($1, $2, now())
			ON CONFLICT (key) DO UPDATE SET started = now()
			WHERE web_form.location IS NULL AND web_form.started < now() - $3::interval`, id, account, claimLimit)
		if err == nil && tag.RowsAffected() == 1 {
			return "", true, nil
		}
		var to *string
		if err == nil {
			err = rt.opt.DB.QueryRow(ctx, `SELECT location FROM web_form WHERE key = $1`, id).Scan(&to)
		}
		switch {
		case err == nil && to != nil:
			return *to, false, nil
		case errors.Is(err, pgx.ErrNoRows): // the other one ended without a result: our turn
			continue
		case ctx.Err() != nil:
			return "", false, &Error{Status: http.StatusConflict, Code: "busy", Title: "正在办理",
				Message: "您刚才提交的还在处理，这一次没有再提交。", Next: "请过一会儿刷新看结果。"}
		case err != nil:
			return "", false, fmt.Errorf("claim form key: %w", err)
		}
		wait(ctx, 100*time.Millisecond)
	}
}

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// release gives the key back after a POST that changed nothing and led nowhere.
func (rt *Router) release(ctx context.Context, s *state) {
	if s.formKey == "" {
		return
	}
	_, err := rt.opt.DB.Exec(context.WithoutCancel(ctx), `DELETE FROM web_form WHERE key = $1 AND location IS NULL`, s.formKey)
	if err != nil {
		rt.opt.Log.ErrorContext(ctx, "form key not released", "err", err)
	}
}
