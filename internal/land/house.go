package land

// HouseUse is the planned use of a house, with the numbers of annex A.17 of the database standard.
type HouseUse string

// The uses that rules speak of; [HouseUses] lists all.
const (
	UseResidence  HouseUse = "10"
	UseFlat       HouseUse = "11" // 成套住宅
	UseVilla      HouseUse = "111"
	UseApartment  HouseUse = "112"
	UsePartFlat   HouseUse = "12"
	UseDormitory  HouseUse = "13"
	UseIndustry   HouseUse = "21"
	UseStorage    HouseUse = "27"
	UseCommerce   HouseUse = "31"
	UseOffice     HouseUse = "60"
	UseOtherHouse HouseUse = "80"
)

var houseUses = names[HouseUse]{
	{UseResidence, "住宅"}, {UseFlat, "成套住宅"}, {UseVilla, "别墅"}, {UseApartment, "高档公寓"}, {UsePartFlat, "非成套住宅"},
	{UseDormitory, "集体宿舍"}, {"20", "工业、交通、仓储"}, {UseIndustry, "工业"}, {"22", "公共设施"}, {"23", "铁路"}, {"24", "民航"},
	{"25", "航运"}, {"26", "公共运输"}, {UseStorage, "仓储"}, {"30", "商业、金融、信息"}, {UseCommerce, "商业服务"}, {"32", "经营"},
	{"33", "旅游"}, {"34", "金融保险"}, {"35", "电讯信息"}, {"40", "教育、医疗、卫生、科研"}, {"41", "教育"}, {"42", "医疗卫生"},
	{"43", "科研"}, {"50", "文化、娱乐、体育"}, {"51", "文化"}, {"52", "新闻"}, {"53", "娱乐"}, {"54", "园林绿化"}, {"55", "体育"},
	{UseOffice, "办公"}, {"70", "军事"}, {UseOtherHouse, "其它"}, {"81", "涉外"}, {"82", "宗教"}, {"83", "监狱"}, {"84", "物管用房"},
}

// HouseUses lists the uses in official order.
func HouseUses() []HouseUse { return houseUses.codes() }

// ParseHouseUse accepts a number or label. Error: [ErrUnknownCode].
func ParseHouseUse(s string) (HouseUse, error) { return houseUses.parse("房屋用途", s) }

// Label returns the Chinese name of the use.
func (u HouseUse) Label() string { return houseUses.label(u) }

// Valid reports whether the list has u.
func (u HouseUse) Valid() bool { return houseUses.has(u) }

// Home reports whether fees and taxes treat the use as a home.
func (u HouseUse) Home() bool {
	switch u {
	case UseResidence, UseFlat, UseVilla, UseApartment, UsePartFlat, UseDormitory:
		return true
	}
	return false
}

// HouseType is what a house is by its build (房屋类型), with the numbers of the database standard.
type HouseType string

// The types of houses.
const (
	TypeHome     HouseType = "1"
	TypeShop     HouseType = "2"
	TypeOffice   HouseType = "3"
	TypeIndustry HouseType = "4"
	TypeStorage  HouseType = "5"
	TypeGarage   HouseType = "6"
	TypeOther    HouseType = "99"
)

var houseTypes = names[HouseType]{
	{TypeHome, "住宅"}, {TypeShop, "商业用房"}, {TypeOffice, "办公用房"}, {TypeIndustry, "工业用房"}, {TypeStorage, "仓储用房"},
	{TypeGarage, "车库"}, {TypeOther, "其它"},
}

// HouseTypes lists the types in official order.
func HouseTypes() []HouseType { return houseTypes.codes() }

// ParseHouseType accepts a number or label. Error: [ErrUnknownCode].
func ParseHouseType(s string) (HouseType, error) { return houseTypes.parse("房屋类型", s) }

// Label returns the Chinese name of the type.
func (t HouseType) Label() string { return houseTypes.label(t) }

// Valid reports whether the list has t.
func (t HouseType) Valid() bool { return houseTypes.has(t) }

// Structure is what a building is built of (房屋结构), with the numbers of the database standard.
type Structure string

// The structures.
const (
	StructureSteel         Structure = "1"
	StructureSteelConcrete Structure = "2" // steel and reinforced concrete
	StructureConcrete      Structure = "3" // reinforced concrete
	StructureMixed         Structure = "4"
	StructureBrickWood     Structure = "5"
	StructureOther         Structure = "6"
)

var structures = names[Structure]{
	{StructureSteel, "钢结构"}, {StructureSteelConcrete, "钢和钢筋混凝土结构"}, {StructureConcrete, "钢筋混凝土结构"},
	{StructureMixed, "混合结构"}, {StructureBrickWood, "砖木结构"}, {StructureOther, "其他结构"},
}

// Structures lists the structures in official order.
func Structures() []Structure { return structures.codes() }

// ParseStructure accepts a number or label. Error: [ErrUnknownCode].
func ParseStructure(s string) (Structure, error) { return structures.parse("房屋结构", s) }

// Label returns the Chinese name of the structure.
func (s Structure) Label() string { return structures.label(s) }

// Valid reports whether the list has s.
func (s Structure) Valid() bool { return structures.has(s) }
