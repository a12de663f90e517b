package exchange

import (
	"fmt"
	"time"

	"yichuang/internal/audit"
)

// change is the audit entry of a changed setting: each field with its old and new value, keys excepted.
func change(by Actor, reason string, before *Endpoint, after Endpoint, newKeys bool) audit.Entry {
	e := audit.Entry{
		Actor: by.ID, ActorName: by.Name, Kind: audit.KindConfig, Action: "新增接入点", Object: after.Name, Source: by.Source, Outcome: audit.OK,
		Detail: map[string]any{"接入点": after.ID.String()},
	}
	if reason != "" {
		e.Detail["原因"] = reason
	}
	if newKeys {
		e.Detail["密钥"] = "已更换"
	}
	was := Endpoint{}
	if before != nil {
		e.Action, was = "修改接入点", *before
	}
	old, now := was.fields(), after.fields()
	for i, f := range now {
		if f.value != old[i].value {
			e.Detail[f.label] = fmt.Sprintf("%s → %s", or(old[i].value, "（空）"), or(f.value, "（空）"))
		}
	}
	return e
}

// field is one setting as people read it.
type field struct{ label, value string }

// fields lists the settings, always in the same order.
func (e Endpoint) fields() []field {
	l := e.Limits
	return []field{
		{"名称", e.Name}, {"对方系统", e.Counterpart}, {"区县", e.District}, {"事项", e.Item}, {"对方", e.Party}, {"对接方式", e.Dialect},
		{"地址", e.BaseURL}, {"文件目录", e.Folder}, {"SFTP 主机公钥", e.FolderKey}, {"对方证书", e.Certificate}, {"数据级别", fmt.Sprint(int(e.Grade))}, {"静默时段", e.Quiet.String()}, {"我方应用号", e.App}, {"对方应用号", e.PeerApp}, {"签名算法", e.Scheme},
		{"时限", span(l.Timeout)}, {"次数", fmt.Sprint(l.Attempts)}, {"重发间隔", span(l.RetryDelay)}, {"频率", fmt.Sprint(l.Rate)}, {"突发", fmt.Sprint(l.Burst)},
		{"并发", fmt.Sprint(l.Concurrency)}, {"熔断次数", fmt.Sprint(l.BreakerFailures)}, {"熔断时长", span(l.BreakerDelay)}, {"启用", map[bool]string{true: "是", false: "否"}[e.Enabled]},
	}
}

func span(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return fmt.Sprintf("%g 秒", d.Seconds())
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
