package inbox

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	catalogdata "yichuang/catalog"
	"yichuang/internal/catalog"
	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/sm"
)

// queued keeps the jobs that would have gone into the queue.
type queued struct{ jobs []SMSArgs }

func (q *queued) InsertTx(_ context.Context, _ pgx.Tx, args river.JobArgs, _ *river.InsertOpts) error {
	q.jobs = append(q.jobs, args.(SMSArgs))
	return nil
}

func TestStaffGetAnSMSAndNoInbox(t *testing.T) {
	sentences, err := catalog.Load(catalogdata.FS)
	if err != nil {
		t.Fatal(err)
	}
	q := &queued{}
	r := &Room{Parts{Keys: sm.NewTestKeyring(t), Clock: clock.NewFake(time.Date(2026, 11, 24, 10, 0, 0, 0, clock.Shanghai())), Catalog: sentences, Jobs: q, URL: "https://hall.test"}}
	id := uuid.New()
	m := message.StaffNotice{ID: id, Phone: "13900000007", Kind: "sms.alarm", Args: map[string]string{"line": "海陵区不动产登记系统", "what": "熔断中"}}
	if err := r.toStaff(t.Context(), nil, ferry.Inbound{}, m); err != nil {
		t.Fatal(err)
	}
	if len(q.jobs) != 1 || q.jobs[0].Template != "sms.alarm" || q.jobs[0].ID != id || bytes.Contains(q.jobs[0].Sealed, []byte(m.Phone)) {
		t.Fatalf("jobs %+v", q.jobs)
	}
	plain, err := r.Keys.Open(q.jobs[0].Sealed, id[:])
	if err != nil {
		t.Fatal(err)
	}
	var got sms
	if err := json.Unmarshal(plain, &got); err != nil {
		t.Fatal(err)
	}
	if want := "【一窗】海陵区不动产登记系统告警：熔断中。请登录工作台处理"; got.Phone != m.Phone || got.Text != want {
		t.Errorf("sms %+v, want %s", got, want)
	}

	m.Kind = "sms.accepted" // a sentence for parties
	if err := r.toStaff(t.Context(), nil, ferry.Inbound{}, m); err == nil || len(q.jobs) != 1 {
		t.Errorf("a party's sentence went to staff: %v, %d jobs", err, len(q.jobs))
	}
}
