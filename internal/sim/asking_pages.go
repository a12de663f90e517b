package sim

import (
	"slices"
	"strconv"
	"strings"

	"yichuang/internal/land"
	"yichuang/internal/sim/batch"
)

func (s *Simcity) controlTable(name string) table {
	t := table{"查控", []string{"查控编号", "措施", "单元", "文号", "状态", "期限至", "轮候", "原因"}, nil}
	list := s.courts.Controls(strings.TrimPrefix(name, "court/"))
	slices.Reverse(list)
	for _, x := range list[:min(len(list), shownRows)] {
		t.Rows = append(t.Rows, []string{x.Order.ControlNo, stated(string(x.Order.Action)), land.UnitCode(x.Order.UnitCode).Grouped(), x.Order.NoticeNo, stated(string(x.Status.State)), x.Status.Until,
			strconv.Itoa(x.Status.QueueOrder), x.Status.Reason})
	}
	return t
}

func (s *Simcity) batchTable(name string) table {
	t := table{"批量查询", []string{"批次号", "提交", "行数", "收到页数", "收到行数", "有不动产", "不动产", "最后一页"}, nil}
	list := s.bigdata.Batches()
	if name != s.bigdata.Name {
		list, _ = s.courts.Batches(strings.TrimPrefix(name, "court/")) // name is of a court
	}
	slices.Reverse(list)
	for _, b := range list[:min(len(list), shownRows)] {
		t.Rows = append(t.Rows, batchRow(b))
	}
	return t
}

func batchRow(b batch.Batch) []string {
	sum := b.Sum()
	return []string{b.No, clockTime(b.AskedAt), strconv.Itoa(b.Rows), strconv.Itoa(len(b.Came)) + "／" + strconv.Itoa(b.Pages), strconv.Itoa(sum.Rows), strconv.Itoa(sum.Found),
		strconv.Itoa(sum.Holdings), clockTime(sum.At)}
}

func (s *Simcity) actTable() table {
	t := table{"委托公证", []string{"公证书编号", "委托人", "受托人", "单元", "有效至", "状态"}, nil}
	for _, a := range s.bigdata.Acts() {
		t.Rows = append(t.Rows, []string{a.Number, a.Principal.Name, a.Agent.Name, a.Unit.Grouped(), string(a.Until), string(a.State)})
	}
	return t
}
