package democity

// surnames are drawn with a weight: the first ones are the common ones of the middle of Jiangsu.
var surnames = []string{
	"王", "李", "张", "陈", "刘", "杨", "徐", "周", "朱", "吴", "孙", "黄", "赵", "曹", "沈", "丁", "顾", "陆", "钱", "唐",
	"马", "胡", "高", "何", "林", "郭", "罗", "郑", "梁", "谢", "宋", "许", "韩", "冯", "邓", "彭", "曾", "肖", "田", "董",
	"潘", "袁", "蔡", "蒋", "余", "于", "杜", "叶", "程", "魏", "苏", "吕", "任", "卢", "姚", "钟", "姜", "崔", "谭", "范",
	"汪", "石", "戴", "贾", "韦", "夏", "邱", "方", "侯", "邹", "熊", "孟", "秦", "白", "江", "阎", "薛", "尹", "段", "雷",
	"缪", "常", "印", "季", "殷", "戚", "嵇", "仇", "窦", "翟", "单", "解", "乐", "查", "鞠", "浦", "宗", "庄", "栾", "储",
	"欧阳", "司马", "上官", "诸葛", "夏侯", "皇甫", "令狐", "东方",
}

// Given names of one and of two characters, by sex.
var (
	givenMen = []string{"伟", "强", "军", "勇", "涛", "斌", "鹏", "杰", "浩", "磊", "峰", "超", "刚", "平", "辉", "波", "宁", "俊", "飞", "凯"}
	givenWom = []string{"芳", "敏", "静", "丽", "艳", "娟", "霞", "燕", "玲", "洁", "颖", "琳", "雪", "倩", "婷", "蓉", "慧", "莉", "萍", "红"}
	firstMen = []string{"建", "志", "国", "明", "文", "海", "晓", "永", "俊", "子", "宇", "天", "德", "学", "新", "宏", "正", "家", "育", "立", "浩", "嘉"}
	lastMen  = []string{"华", "明", "军", "平", "林", "东", "生", "荣", "祥", "才", "宏", "辰", "轩", "然", "博", "远", "晖", "宁", "龙", "安", "诚", "阳"}
	firstWom = []string{"秀", "晓", "美", "春", "雅", "玉", "桂", "小", "佳", "思", "雨", "梦", "欣", "海", "文", "慧", "丽", "红", "淑", "月", "梓", "诗"}
	lastWom  = []string{"英", "梅", "兰", "芳", "华", "珍", "云", "霞", "琴", "怡", "涵", "萱", "琪", "雯", "妍", "宁", "洁", "敏", "凤", "萍", "菲", "玥"}
)

// strangeName is a full name that tests fonts, keyboards and column lengths.
type strangeName struct {
	name   string
	female bool
}

// strangeNames have a character outside the common sets (生僻字) or the middle dot that minorities' names bear.
// 𣲘, 𦙶 and 𫖯 are beyond the basic plane: four bytes in UTF-8, two units in UTF-16.
var strangeNames = []strangeName{
	{"王䶮", false}, {"阿依古丽·买买提", true}, {"李㙓", false}, {"陈堃垚", false}, {"艾力·吐尔逊", false}, {"周翀", false},
	{"朱燚淼", true}, {"古丽娜尔·艾合买提", true}, {"孙昶犇", false}, {"买买提江·阿布都热合曼", false}, {"徐玥玎", true},
	{"吴𣲘", true}, {"迪丽拜尔·库尔班", true}, {"顾𦙶", false}, {"巴特尔·乌力吉", false}, {"沈𫖯", false},
}

// passwordWords are places and things of the city; with a hyphen and four digits they make a password of four kinds.
var passwordWords = []string{
	"Fengcheng", "Qinhu", "Wangjiang", "Meilan", "Yinxing", "Youcai", "Tianmu", "Guangxiao", "Taishan", "Jichuan",
	"Zhaoyang", "Luotang", "Chaohu", "Matuo", "Gushan", "Shuixiang", "Huanghua", "Banqiao",
}
