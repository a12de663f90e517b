package inbox

import "testing"

func TestWordsOfTheInbox(t *testing.T) {
	for sms, want := range map[string]string{
		"【泰州不动产】您的申请已受理，编号 TZ-261124-00412-6，预计 11 月 30 日前办结。查进度 https://tz.example/me": "您的申请已受理，编号 TZ-261124-00412-6，预计 11 月 30 日前办结。",
		"【泰州不动产】编号 TZ-1 的托管账户收到 800,000.00 元。https://tz.example/me":                     "编号 TZ-1 的托管账户收到 800,000.00 元。",
		"【泰州不动产】已收到 80.00 元，编号 TZ-1。电子票据可在网上大厅下载":                                       "已收到 80.00 元，编号 TZ-1。电子票据可在网上大厅下载。",
		"已登记到登记簿": "已登记到登记簿。",
		"":        "",
	} {
		if got := words(sms); got != want {
			t.Errorf("%q becomes %q, want %q", sms, got, want)
		}
	}
}

func TestWhereANoticeLeads(t *testing.T) {
	const app = "0199c1f2-0000-7000-8000-000000000001"
	for link, want := range map[string]string{"/confirm/" + app: "去看并确认", "/case/" + app: "看办理进度", "/case/" + app + "/pay": "去缴费",
		"/case/" + app + "/tax": "去看税额", "/case/" + app + "/fix": "去补交材料", "/bookings/" + app: "看我的预约", "/book?app=" + app: "去预约", "/app/" + app: "去看看"} {
		if got := leads(link); got != want {
			t.Errorf("%s is called %q, want %q", link, got, want)
		}
	}
}
