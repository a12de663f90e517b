package window

import (
	"context"
	"errors"
	"net/http"

	"yichuang/internal/exchange"
	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/connect"
)

// Asker asks other systems about a case; package connect is one.
type Asker interface {
	Ask(ctx context.Context, q connect.Question, c *casework.Case) (connect.Answer, error)
}

// inquiries in their order on the page.
var inquiries = []ui.Choice{
	{Value: string(connect.AskProcess), Text: "登记系统办到哪一步"}, {Value: string(connect.AskReceipts), Text: "税款入库和税票"},
	{Value: string(connect.AskBuilding), Text: "住建楼盘表"}, {Value: string(connect.AskArchive), Text: "登记档案"},
	{Value: string(connect.AskHousehold), Text: "户籍（公安）"}, {Value: string(connect.AskDeaths), Text: "死亡登记（卫生健康）"},
	{Value: string(connect.AskBirth), Text: "未成年当事人的出生医学证明（卫生健康）"}, {Value: string(connect.AskNotary), Text: "公证书（公证机构）", Hint: "填公证书编号"},
	{Value: string(connect.AskJudgments), Text: "卖方涉房裁判文书（法院）"}, {Value: string(connect.AskAssets), Text: "国有资产划转（国资监管）", Hint: "填批准文号"},
	{Value: string(connect.AskLand), Text: "规划、测绘、土地供应（自然资源）"}, {Value: string(connect.AskPlace), Text: "坐落地名（民政）"},
	{Value: string(connect.AskLicence), Text: "单位证照（市场监管、编办）"},
}

// askView is the page of questions to other systems, with the answer to the last one.
type askView struct {
	*file
	Form   *web.Form
	Asked  string // in words; empty: nothing yet
	Answer connect.Answer
	Why    string // there is no answer, and why
}

func (r *Room) askPage(w http.ResponseWriter, req *http.Request) error {
	v, err := r.open(req)
	if err != nil {
		return err
	}
	f := web.NewForm(req)
	f.Set("reason", "办理 "+string(v.Case.No))
	return web.Render(w, req, http.StatusOK, askPage(&askView{file: v, Form: f}))
}

// ask puts one question. Each is recorded with its purpose, before it is put.
func (r *Room) ask(w http.ResponseWriter, req *http.Request) error {
	f, err := web.ParseForm(req)
	if err != nil {
		return err
	}
	v, err := r.open(req)
	if err != nil {
		return err
	}
	view := &askView{file: v, Form: f}
	for _, x := range inquiries {
		if x.Value == f.Value("what") {
			view.Asked = x.Text
		}
	}
	if view.Asked == "" {
		f.Fail("what", "请选择要查什么")
	}
	f.Require("reason", "查询事由")
	if len([]rune(f.Value("reason"))) > maxField {
		f.Fail("reason", "查询事由最多 60 个字")
	}
	q := connect.Question{What: connect.Inquiry(f.Value("what")), Purpose: f.Value("reason"), Number: f.Value("number")}
	if n := len([]rune(q.Number)); q.What.NeedsNumber() && (n < 4 || n > 60) {
		f.Fail("number", "请填公证书编号或批准文号")
	}
	if !f.OK() {
		view.Asked = ""
		return web.Render(w, req, http.StatusUnprocessableEntity, askPage(view))
	}
	if err := r.looked(req.Context(), v.Me, "向对方系统查询："+view.Asked, string(v.Case.Unit), string(v.Case.No)); err != nil {
		return err
	}
	view.Answer, err = r.Ask.Ask(req.Context(), q, v.Case)
	var refusal *exchange.Refusal
	switch {
	case errors.Is(err, exchange.ErrDesk):
		view.Why = "这个区县的部门没有业务系统，在本平台办理，没有另外的系统可查。"
	case errors.Is(err, exchange.ErrUnavailable):
		view.Why = "对方系统没有回应，请过几分钟再查。"
	case errors.As(err, &refusal):
		view.Why = "对方系统不提供：" + refusal.Message
	case err != nil:
		return err
	}
	return web.Render(w, req, http.StatusOK, askPage(view))
}
