package democity

// quarter is what is said of a district: its short names, the streets and the housing estates on it.
type quarter struct {
	code    string
	login   string // first part of staff logins
	short   string
	place   string // how addresses begin
	units   int    // homes to build
	hall    string // address of the registration hall
	phone   string // area code and first digits of offices
	streets []string
	estates []string
}

// quarters are the six districts of 泰州 in the order of GB/T 2260. Streets exist; estates and house numbers do not.
var quarters = []quarter{
	{code: "321202", login: "hailing", short: "海陵", place: "泰州市海陵区", units: 520, hall: "泰州市海陵区凤凰东路58号", phone: "0523-8600",
		streets: []string{"青年南路", "济川东路", "鼓楼南路", "迎春东路", "东风南路", "海陵南路", "永定东路", "凤凰东路"},
		estates: []string{"凤凰雅苑", "济川名邸", "稻河人家", "望海花园", "坡子街公寓", "梅兰佳苑"}},
	{code: "321203", login: "gaogang", short: "高港", place: "泰州市医药高新区（高港区）", units: 300, hall: "泰州市医药高新区（高港区）药城大道1号", phone: "0523-8610",
		streets: []string{"药城大道", "金港南路", "港城路", "口泰路", "向阳路", "春港路"},
		estates: []string{"药城雅居", "滨江花园", "雕花楼小区", "金港湾"}},
	{code: "321204", login: "jiangyan", short: "姜堰", place: "泰州市姜堰区", units: 300, hall: "泰州市姜堰区人民中路99号", phone: "0523-8820",
		streets: []string{"罗塘路", "人民中路", "南环西路", "三水大道", "姜官路", "励才路"},
		estates: []string{"三水湾", "罗塘春晓", "溱湖人家", "曙光花园"}},
	{code: "321281", login: "xinghua", short: "兴化", place: "兴化市", units: 300, hall: "兴化市长安中路37号", phone: "0523-8330",
		streets: []string{"英武中路", "长安中路", "昭阳路", "丰收北路", "九顷路", "楚水路"},
		estates: []string{"楚水名苑", "板桥人家", "千垛花园", "昭阳御景"}},
	{code: "321282", login: "jingjiang", short: "靖江", place: "靖江市", units: 300, hall: "靖江市中洲路16号", phone: "0523-8480",
		streets: []string{"人民中路", "江平路", "骥江西路", "中洲路", "工农路", "阳光大道"},
		estates: []string{"骥江花园", "孤山雅苑", "马洲新城", "滨江丽都"}},
	{code: "321283", login: "taixing", short: "泰兴", place: "泰兴市", units: 280, hall: "泰兴市文昌中路66号", phone: "0523-8760",
		streets: []string{"国庆路", "济川路", "鼓楼东路", "文昌中路", "泰师路", "羌溪路"},
		estates: []string{"银杏花园", "羌溪人家", "黄桥新村", "文昌府"}},
}
