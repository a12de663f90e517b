package window

import (
	"net/http"
	"strings"

	"yichuang/internal/kit/web"
)

// keyGroup is a part of the sheet of keys.
type keyGroup struct {
	Title string
	Keys  [][2]string // key, what it does
}

// keySheet lists every key that a page of the office knows; each has a button or a link that does the same.
func keySheet() []keyGroup {
	return []keyGroup{
		{"到处", [][2]string{{"?", "这张表"}, {"N", "办下一件"}, {"J K", "列表里往下、往上一行"}, {"回车", "打开选中的一行"}}},
		{"办件页", [][2]string{{"1 至 6", "核验、表单、登记簿、税与款、历史、文书"}, {"A", "领取；通过"}, {"R", "要求补正"}, {"D", "不予通过"}, {"B", "退回上一步"},
			{"[ ]", "上一件、下一件"}, {"← →", "扫描件上一页、下一页"}, {"+", "放大、缩小"}, {"O", "旋转"}}},
		{"填写时", [][2]string{{"Ctrl+回车", "提交，例如受理并打印、通过"}, {"回车", "到下一栏"}, {"Esc", "返回上一级，填的内容不提交"}}},
		{"叫号", [][2]string{{"F2", "办完眼前的，叫下一位"}, {"F4", "重呼"}, {"F9", "过号、转窗"}}},
		{"受理", [][2]string{{"Alt+1 至 6", "到各块"}, {"空格", "打勾，并到下一项"}, {"F8", "一次性告知"}, {"P", "打印通知单"}}},
	}
}

// noKeys is the way of showing in which single letters do nothing, for who works with speech or shaking hands (WCAG 2.1.4).
const noKeys = "nokeys"

func (r *Room) keysPage(w http.ResponseWriter, req *http.Request) error {
	return web.Render(w, req, http.StatusOK, keysPage(keySheet(), strings.Contains(web.Mode(req.Context()), noKeys)))
}

func (r *Room) switchKeys(w http.ResponseWriter, req *http.Request) error {
	if web.Mode(req.Context()) == noKeys {
		web.SetMode(w, req, "")
		web.Flash(req.Context(), "green", "单个字母的快捷键已打开")
	} else {
		web.SetMode(w, req, noKeys)
		web.Flash(req.Context(), "green", "单个字母的快捷键已关闭")
	}
	return web.Redirect(w, req, "/w/keys")
}
