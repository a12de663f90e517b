package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"yichuang/internal/democity"
	"yichuang/internal/exchange"
	"yichuang/internal/kit/sm"
)

// connectEndpoints makes or refreshes the endpoints of one zone: every simulated system that belongs to it, and the desks of the
// district whose departments have none. What an administrator set otherwise, address and keys aside, stays.
func connectEndpoints(ctx context.Context, x *exchange.Exchange, zone, app string, signer *sm.Signer, systems []system) error {
	known, err := x.Endpoints(ctx)
	if err != nil {
		return err
	}
	by := map[string]exchange.Endpoint{}
	for _, e := range known {
		by[e.Name] = e
	}
	actor := exchange.Actor{ID: "set-up", Name: "初始化"}
	for _, s := range systems {
		if s.Zone != zone {
			continue
		}
		peer, err := sm.ParsePublicKey([]byte(s.PublicKey))
		if err != nil {
			return fmt.Errorf("public key of %s: %w", s.Name, err)
		}
		e, ok := by[s.Title]
		if ok && e.BaseURL == s.URL && e.Folder == s.Folder.URL && e.FolderKey == s.Folder.HostKey && strings.TrimSpace(e.PeerKey) == strings.TrimSpace(s.PublicKey) && e.OwnKey == string(signer.Public().PEM()) {
			continue
		}
		if !ok {
			e = exchange.Endpoint{Name: s.Title, Counterpart: s.Counterpart, District: s.District, Party: partyOf(s), Dialect: s.Dialect, Grade: x.GradeTo(s.Counterpart), Enabled: true, Limits: exchange.DefaultLimits()}
		}
		e.BaseURL, e.Folder, e.FolderKey, e.App, e.PeerApp = s.URL, s.Folder.URL, s.Folder.HostKey, app, s.App
		if _, err := x.SetEndpoint(ctx, actor, e, &exchange.Keys{Signer: signer, Peer: peer, Folder: s.Folder.Password}, "演示城市接线"); err != nil {
			return fmt.Errorf("endpoint %s: %w", s.Name, err)
		}
	}
	if zone != "office" {
		return nil
	}
	for counterpart, name := range map[string]string{"registry": "泰兴市不动产登记中心（人工）", "housing": "泰兴市住房和城乡建设局（人工）"} {
		if _, ok := by[name]; ok {
			continue
		}
		if _, err := x.SetEndpoint(ctx, actor, exchange.Endpoint{ID: uuid.Nil, Name: name, Counterpart: counterpart, District: democity.DeskDistrict, Dialect: "desk",
			Grade: x.GradeTo(counterpart), Enabled: true, Limits: exchange.DefaultLimits()}, nil, "该区没有业务系统"); err != nil {
			return fmt.Errorf("endpoint %s: %w", name, err)
		}
	}
	return nil
}

// partyOf is which of several systems of a kind it is: the last part of bank/jsb, utility/water; none where there is one only.
func partyOf(s system) string {
	family, name, found := strings.Cut(s.Name, "/")
	switch {
	case !found && s.Counterpart == "channel":
		return s.Name
	case !found || family == "registry" || family == "housing":
		return ""
	}
	return name
}
