package admin

import (
	"net/http"
	"strconv"
	"time"

	"yichuang/internal/ferry"
	"yichuang/internal/kit/web"
)

// ferryView is how both directions stand: this zone as it is now, the hall as it last said.
type ferryView struct {
	Here, There ferry.Report
	Heard       bool
	HeardAt     time.Time
	Now         time.Time
}

// stuck tells whether any message waits for a person.
func (v ferryView) stuck() bool {
	return len(v.Here.Aside)+len(v.Here.Parked)+len(v.There.Aside)+len(v.There.Parked) > 0
}

func (r *Room) ferry(w http.ResponseWriter, req *http.Request) error {
	v := ferryView{Now: r.Clock.Now()}
	var err error
	if v.Here, err = r.Door.Report(req.Context()); err != nil {
		return err
	}
	if v.There, v.HeardAt, v.Heard, err = r.Door.Peer(req.Context()); err != nil {
		return err
	}
	return web.Render(w, req, http.StatusOK, ferryPage(v))
}

func num(n int64) string { return strconv.FormatInt(n, 10) }

func wayWords(transport string) string {
	switch transport {
	case "dir":
		return "经网闸文件"
	case "https":
		return "经网络"
	}
	return "同机直连"
}

func laneWords(l ferry.Lane) string {
	switch l {
	case ferry.Express:
		return "查询与答复"
	case ferry.Ordinary:
		return "其他消息"
	}
	return "附件"
}

func reasonWords(reason string) string {
	switch reason {
	case "large":
		return "超过大小上限"
	case "damaged":
		return "不完整或已损坏"
	case "refused":
		return "签名或密封不对"
	}
	return "不是摆渡文件"
}

func numberWords(p ferry.Parked) string {
	switch {
	case p.Seq == 0:
		return "还没有编号"
	case p.Attempts == 0:
		return "第 " + num(p.Seq) + " 号"
	}
	return "第 " + num(p.Seq) + " 号，试了 " + strconv.Itoa(p.Attempts) + " 次"
}

func sizeWords(n int64) string {
	switch {
	case n == 0:
		return "—"
	case n >= 1<<20:
		return strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64) + " MB"
	}
	return strconv.FormatInt((n+1023)/1024, 10) + " KB"
}
