package catalog

import (
	"fmt"
	"reflect"

	"yichuang/internal/catalog/when"
)

// Facts are what conditions of the catalog may ask about a deal: plain values under plain names, each with the words that the
// admin pages show for it. They are derived from the application, the register and what departments share; dates are "2006-01-02",
// areas hundredths of a square metre. A fact that is not known yet is false, 0 or "".
type Facts struct {
	Channel        string `label:"办理渠道"`   // hall | counter
	AppliedOn      string `label:"申请日期"`   // chooses the fee rules
	DateOfContract string `label:"合同签订日期"` // chooses the tax rules

	Sellers            int   `label:"卖方人数"`
	Buyers             int   `label:"买方人数"`
	SellerMarried      bool  `label:"卖方已婚"`
	BuyerMarried       bool  `label:"买方已婚"`
	SellerPerson       bool  `label:"卖方有自然人"`
	BuyerPerson        bool  `label:"买方有自然人"`
	SpouseNotOwner     bool  `label:"卖方配偶没有登记为权利人"` // a married seller holds alone
	SellerMinor        bool  `label:"卖方有未成年人"`
	BuyerMinor         bool  `label:"买方有未成年人"`
	SellerAgent        bool  `label:"卖方委托代理人"`
	BuyerAgent         bool  `label:"买方委托代理人"`
	SellerCompany      bool  `label:"卖方是单位"`
	BuyerCompany       bool  `label:"买方是单位"`
	BuyerSmall         bool  `label:"买方是小微企业或个体工商户"`
	ForeignParty       bool  `label:"有境外当事人"`
	StateAsset         bool  `label:"卖方房屋是国有资产"`
	CoOwned            bool  `label:"房屋共有"`
	CoOwnedByShares    bool  `label:"按份共有"`
	CoOwnersMissing    bool  `label:"有共有人没有作为卖方申请"`
	OwnShareSold       bool  `label:"只卖自己的份额"`
	TransferRestricted bool  `label:"抵押时约定了禁止或限制转让"`
	Mortgaged          bool  `label:"房屋有抵押"`
	Objection          bool  `label:"房屋有异议登记"`
	AllocatedLand      bool  `label:"土地是划拨的"`
	AffordableHome     bool  `label:"房屋是未取得完全产权的保障性住房"`
	CourtSale          bool  `label:"法院拍卖变卖"`
	AreaHundredths     int64 `label:"建筑面积（百分之一平方米）"`
	UseHome            bool  `label:"住宅"`
	Garage             bool  `label:"单独发证的车库、车位、储藏室"`
	Certificates       int   `label:"要发的证书本数"`

	PriceFen       int64  `label:"成交价（分）"`
	UseTrust       bool   `label:"资金托管"`
	HasLoan        bool   `label:"买方贷款"`
	LoanKind       string `label:"贷款种类"` // none | commercial | fund | mixed
	ValuationAsked bool   `label:"贷款机构要求评估"`
	ProofsAsked    bool   `label:"贷款机构要看流水和征信"`
	BuyerHomes     int    `label:"买方家庭已有住房套数"`
	TaxRelief      string `label:"申请的税收优惠"` // catalog code; "" none

	SharedMissing []string `label:"共享没有查到的材料"` // material codes whose source does not have them
}

// When is a condition over [Facts].
type When = when.Condition[Facts]

// Fact describes one of the facts for pages that edit conditions.
type Fact struct {
	Name  string
	Label string
	Type  string // bool, int, string, list
}

// FactList describes all facts in the order of [Facts].
func FactList() []Fact {
	t := reflect.TypeFor[Facts]()
	list := make([]Fact, t.NumField())
	for i := range list {
		f := t.Field(i)
		list[i] = Fact{Name: f.Name, Label: f.Tag.Get("label"), Type: factType(f.Type.Kind())}
	}
	return list
}

func factType(k reflect.Kind) string {
	switch k {
	case reflect.Bool:
		return "bool"
	case reflect.Int, reflect.Int64:
		return "int"
	case reflect.Slice:
		return "list"
	}
	return "string"
}

// ErrFact says that there is no such fact, or that it cannot have such a value.
type ErrFact struct {
	Name  string
	Value any
}

func (e ErrFact) Error() string { return fmt.Sprintf("fact %s cannot be %v", e.Name, e.Value) }

// With returns the facts with some set by name, as the answers to guide questions do. Error: [ErrFact].
func (f Facts) With(set map[string]any) (Facts, error) {
	v := reflect.ValueOf(&f).Elem()
	for name, value := range set {
		field, given := v.FieldByName(name), reflect.ValueOf(value)
		switch {
		case !field.IsValid() || !given.IsValid():
			return f, ErrFact{name, value}
		case field.CanInt() && given.CanInt():
			field.SetInt(given.Int())
		case field.Type() == given.Type():
			field.Set(given)
		default:
			return f, ErrFact{name, value}
		}
	}
	return f, nil
}
