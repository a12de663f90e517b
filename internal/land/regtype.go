package land

// RegType is a type of registration (登记类型), with the numbers that all standards share.
type RegType int

// The types of registration.
const (
	RegFirst      RegType = 100
	RegTransfer   RegType = 200
	RegChange     RegType = 300
	RegCancel     RegType = 400
	RegCorrection RegType = 500
	RegObjection  RegType = 600
	RegAdvance    RegType = 700
	RegSeizure    RegType = 800
	RegOther      RegType = 900
)

var regTypes = names[RegType]{
	{RegFirst, "首次登记"}, {RegTransfer, "转移登记"}, {RegChange, "变更登记"}, {RegCancel, "注销登记"}, {RegCorrection, "更正登记"},
	{RegObjection, "异议登记"}, {RegAdvance, "预告登记"}, {RegSeizure, "查封登记"}, {RegOther, "其他登记"},
}

// RegTypes lists the types in official order.
func RegTypes() []RegType { return regTypes.codes() }

// ParseRegType accepts a number or label. Error: [ErrUnknownCode].
func ParseRegType(s string) (RegType, error) { return regTypes.parse("登记类型", s) }

// Label returns the Chinese name of the type.
func (t RegType) Label() string { return regTypes.label(t) }

// Valid reports whether the list has t.
func (t RegType) Valid() bool { return regTypes.has(t) }
