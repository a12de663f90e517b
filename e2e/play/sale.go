package play

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/net/html"
)

// Deal is a sale that is to be made.
type Deal struct {
	Home        Home
	Parties     []Account // all who must sign: the owner who applies first; roles seller, spouse, buyer
	Loan        bool      // the buyer borrows a part of the price
	DownPayment string    // yuan; the price where there is no loan
}

// Person is somebody at their browser.
type Person struct {
	Account
	*Browser
}

// Sale is one deal on its way.
type Sale struct {
	City *City
	Deal Deal
	// Eventually tries until it succeeds, or gives up: departments and the ferry take their time.
	Eventually func(func() error) error

	Seller *Person // who applies
	Signed []*Person
	App    string // id of the application
	CaseNo string
}

// Fields are what a form is filled with: names and values in turns.
func Fields(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v
}

// SignIn signs a citizen in at the identity provider.
func (c *City) SignIn(a Account) (*Person, error) {
	p := &Person{a, c.browser()}
	if err := p.Open(c.Hall + "/login/start?back=/me"); err != nil {
		return nil, err
	}
	if err := p.Submit("password", Fields("login", a.Login, "password", a.Password)); err != nil {
		return nil, err
	}
	if !p.Page.Says("我的办件") {
		return nil, fmt.Errorf("not signed in: %s", p.Page.Complaint())
	}
	return p, nil
}

// SignsIn signs in who applies.
func (s *Sale) SignsIn() (err error) {
	s.Seller, err = s.City.SignIn(s.Deal.Parties[0])
	return err
}

// Starts chooses the item, allows what is to be asked, and gets a draft.
func (s *Sale) Starts() error {
	item := "existing-home-sale"
	if s.Deal.Loan {
		item = "existing-home-sale-mortgage"
	}
	if err := s.Seller.Open(s.City.Hall + "/apply/" + item); err != nil {
		return err
	}
	if err := s.Seller.Submit("consent", url.Values{"consent": s.Seller.Boxes("consent")}); err != nil {
		return err
	}
	s.App = strings.Split(s.Seller.Page.URL.Path, "/")[2]
	return nil
}

// Comes opens an address of the hall until its page shows the form that anchor names.
func (s *Sale) Comes(p *Person, address, anchor string) error {
	return s.Eventually(func() error {
		if p.at(address) {
			if _, err := p.Form(anchor); err == nil {
				return nil
			}
		}
		if err := p.Open(s.City.Hall + address); err != nil {
			return err
		}
		_, err := p.Form(anchor)
		return err
	})
}

// at tells whether the browser shows that page, and no error.
func (b *Browser) at(path string) bool {
	return b.Page != nil && b.Page.Root != nil && b.Page.Status < 400 && b.Page.URL.Path == path
}

// goes opens a page of the hall unless it is there.
func (s *Sale) goes(p *Person, path string) error {
	if p.at(path) {
		return nil
	}
	return p.Open(s.City.Hall + path)
}

// FindsHome finds the home by the exact query and says that it is the one.
func (s *Sale) FindsHome() error {
	path := "/app/" + s.App + "/home"
	if err := s.goes(s.Seller, path); err != nil {
		return err
	}
	if _, err := s.Seller.Form("home.certificate"); err == nil {
		h := s.Deal.Home
		if err := s.Seller.Submit("home.certificate", Fields("home.certificate", h.Certificate, "home.ownerName", h.Owner, "home.document", h.Idno)); err != nil {
			return err
		}
	}
	if err := s.Comes(s.Seller, path, "#是这套房"); err != nil {
		return err
	}
	return s.Seller.Submit("#是这套房", nil)
}

// ImportsContract takes the contract that was signed online.
func (s *Sale) ImportsContract() error {
	path := "/app/" + s.App + "/contract"
	err := s.Eventually(func() error {
		if err := s.Seller.Open(s.City.Hall + path); err != nil {
			return err
		}
		if _, err := s.Seller.Form("contract.payBy"); err == nil {
			return nil
		}
		return s.Seller.Submit("contract.number", Fields("contract.number", s.Deal.Home.Contract)) // fails while the page waits for an answer
	})
	if err != nil {
		return err
	}
	if err := s.Comes(s.Seller, path, "contract.payBy"); err != nil {
		return err
	}
	return s.Seller.Submit("contract.payBy", nil)
}

// FillsForm answers what the registers could not, section by section.
func (s *Sale) FillsForm() error {
	for _, section := range []struct {
		code string
		fill url.Values
	}{
		{"parties", url.Values{}},
		{"tax", Fields("tax.sellerOnlyHome", "yes", "tax.costKnown", "no")},
		{"trust", Fields("trust.downPayment", s.Deal.DownPayment, "trust.sellerBank", "凤城银行海陵支行", "trust.sellerAccount", "6200001234567890123", "trust.release", "entered")},
		{"loan", Fields("loan.kind", "commercial", "loan.commercial.months", "240", "loan.commercial.repay", "annuity")},
		{"utilities", url.Values{}},
		{"materials", url.Values{}},
		{"delivery", Fields("delivery.mode", "ems", "delivery.address", "江苏省泰州市海陵区青年南路 88 号 3 幢 502 室")},
	} {
		if section.code == "loan" && !s.Deal.Loan {
			continue
		}
		if err := s.fills(section.code, section.fill); err != nil {
			return fmt.Errorf("%s: %w", section.code, err)
		}
	}
	return nil
}

func (s *Sale) fills(code string, fill url.Values) error {
	if err := s.goes(s.Seller, "/app/"+s.App+"/"+code); err != nil {
		return err
	}
	for _, bank := range []string{"trust.bank", "loan.commercial.lender"} {
		if v := s.Seller.Option(bank, 1); v != "" {
			fill.Set(bank, v)
		}
	}
	switch code {
	case "parties":
		s.declares(fill)
	case "tax":
		if _, err := s.Seller.Form("tax.buyerHomes"); err == nil { // the registries did not tell
			fill.Set("tax.buyerHomes", "0")
		}
	case "utilities":
		if err := s.settlesArrears(); err != nil {
			return err
		}
	}
	err := s.Seller.Submit("#保存并继续", fill)
	var missing *StatusError
	if code != "materials" || !errors.As(err, &missing) || missing.Status != http.StatusUnprocessableEntity {
		return err
	}
	if err := s.bringsMaterials(); err != nil {
		return err
	}
	return s.Seller.Submit("#保存并继续", fill)
}

// declares says who is married to whom, where civil affairs did not tell.
func (s *Sale) declares(fill url.Values) {
	for _, group := range all(s.Seller.Page.Root, func(n *html.Node) bool { return n.Data == "fieldset" }) {
		radio := find(group, func(n *html.Node) bool { return strings.HasSuffix(attr(n, "name"), ".marriage") })
		if radio == nil {
			continue
		}
		ref := strings.TrimSuffix(attr(radio, "name"), ".marriage")
		fill.Set(ref+".marriage", "single")
		for _, p := range s.Deal.Parties {
			if p.SpouseName != "" && strings.Contains(text(group), p.Name) {
				fill.Set(ref+".marriage", "married")
				fill.Set(ref+".spouse.name", p.SpouseName)
				fill.Set(ref+".spouse.number", p.SpouseIdno)
			}
		}
	}
}

// bringsMaterials uploads a photograph of whatever no department shares.
func (s *Sale) bringsMaterials() error {
	for i := 0; ; i++ {
		if err := s.Seller.Open(s.City.Hall + "/app/" + s.App + "/materials"); err != nil {
			return err
		}
		forms := s.Seller.uploads()
		if i >= len(forms) {
			return nil
		}
		forms[i].name, forms[i].content = "材料.jpg", Scan()
		if err := s.Seller.Send(forms[i]); err != nil {
			return err
		}
	}
}

// settlesArrears pays at the counters of water, power, gas and television what the page says is owed.
func (s *Sale) settlesArrears() error {
	kinds := map[string]string{"自来水": "water", "电力": "power", "燃气": "gas", "数字电视": "tv"}
	for _, m := range regexp.MustCompile(`户号 (\d+)（(\S+) · [^）]*），欠费`).FindAllStringSubmatch(text(s.Seller.Page.Root), -1) {
		if err := s.City.Control("POST", "/control/arrears", map[string]any{"kind": kinds[m[2]], "account": m[1], "arrears": 0}, nil); err != nil {
			return err
		}
	}
	return nil
}

// SendsForConfirmation asks the others to confirm, after showing the face where that is wanted. The form that was sent is returned, so
// that somebody may press twice.
func (s *Sale) SendsForConfirmation() (*Form, error) {
	if err := s.Seller.Open(s.City.Hall + "/app/" + s.App + "/check"); err != nil {
		return nil, err
	}
	if err := s.Seller.Submit("truth", Fields("truth", "yes")); err != nil {
		return nil, err
	}
	if err := s.Seller.ShowsFace(); err != nil {
		return nil, err
	}
	f, err := s.Seller.Form("truth")
	if err != nil {
		return nil, err
	}
	f.Values.Set("truth", "yes")
	return f, s.Seller.Send(f)
}

// ShowsFace passes the face check, if the person was sent to it.
func (p *Person) ShowsFace() error {
	if !strings.HasPrefix(p.Page.URL.Path, "/face/") {
		return nil
	}
	return p.Attach("photo", "face.jpg", Portrait())
}

// EverybodyConfirms lets each party read and sign.
func (s *Sale) EverybodyConfirms() error {
	for i, a := range s.Deal.Parties {
		if len(s.Signed) <= i {
			p := s.Seller
			if i > 0 {
				var err error
				if p, err = s.City.SignIn(a); err != nil {
					return err
				}
			}
			s.Signed = append(s.Signed, p)
		}
	}
	for _, p := range s.Signed {
		if err := s.confirms(p); err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	return nil
}

func (s *Sale) confirms(p *Person) error {
	err := p.Open(s.City.Hall + "/confirm/" + s.App)
	var none *StatusError
	if p.Role == "spouse" && errors.As(err, &none) && none.Status == http.StatusNotFound {
		return nil // is not asked: the home is the seller's alone
	}
	if err != nil {
		return err
	}
	yes := Fields("read", "yes", "consent", "yes", "truth", "yes")
	if _, err := p.Form("truth"); err != nil {
		return nil // has confirmed while sending
	}
	if err := p.Submit("truth", yes); err != nil {
		return err
	}
	if err := p.ShowsFace(); err != nil {
		return err
	}
	if _, err := p.Form("truth"); err != nil {
		return nil
	}
	return p.Submit("truth", yes)
}

// Buyers are those who buy.
func (s *Sale) Buyers() []*Person {
	var out []*Person
	for _, p := range s.Signed {
		if p.Role == "buyer" {
			out = append(out, p)
		}
	}
	return out
}

// Principals are sellers and buyers: who decides on taxes.
func (s *Sale) Principals() []*Person {
	var out []*Person
	for _, p := range s.Signed {
		if p.Role != "spouse" {
			out = append(out, p)
		}
	}
	return out
}

// GetsNumber waits until the office has opened the case.
func (s *Sale) GetsNumber() error {
	return s.Eventually(func() error {
		if err := s.Seller.Open(s.City.Hall + "/case/" + s.App); err != nil {
			return err
		}
		if s.CaseNo = s.Seller.Page.Match(`(TZ-\d{6}-\d{5}-\d)`); s.CaseNo == "" {
			return fmt.Errorf("no case number: %s", s.Seller.Page.Complaint())
		}
		return nil
	})
}

// Corrects brings what a department asked for.
func (s *Sale) Corrects() error {
	if err := s.Comes(s.Seller, "/case/"+s.App+"/fix", "note"); err != nil {
		return err
	}
	if err := s.Seller.Attach("f", "合同.jpg", Scan()); err != nil {
		return err
	}
	return s.Seller.Submit("note", Fields("note", "已重新拍照"))
}

// ConfirmsTax lets a party agree to what the tax bureau assessed.
func (s *Sale) ConfirmsTax(p *Person) error {
	if err := s.Comes(p, "/case/"+s.App+"/tax", "number"); err != nil {
		return err
	}
	f, err := p.Form("number")
	if err != nil {
		return err
	}
	f.Values.Set("do", "confirm")
	return p.Send(f)
}

// Orders opens the bill at its address and asks a channel to collect it; code is what the payer scans or opens.
func (s *Sale) Orders(p *Person, bill, channel string) (code string, err error) {
	if err := p.Open(s.City.Hall + bill); err != nil {
		return "", err
	}
	if err := p.Submit("channel", Fields("channel", channel)); err != nil {
		return "", err
	}
	n := find(p.Page.Root, func(n *html.Node) bool { return attr(n, "id") == "pay-link" })
	if n == nil {
		return "", fmt.Errorf("no code to scan: %s", p.Page.Complaint())
	}
	return attr(n, "href"), nil
}

// Bill finds where a bill of the kind can be paid; kind is how its line begins on the page of payments.
func (s *Sale) Bill(p *Person, kind string) (string, error) {
	if err := p.Open(s.City.Hall + "/case/" + s.App + "/pay"); err != nil {
		return "", err
	}
	bill, ok := p.Page.Below(kind, "缴费")
	if !ok {
		return "", fmt.Errorf("no bill for %s: %s", kind, p.Page.Complaint())
	}
	return bill, nil
}

// Pays pays a bill of the kind by WeChat Pay, which tells of it as notice says.
func (s *Sale) Pays(kind string, notice map[string]any) error {
	buyer := s.Buyers()[0]
	var bill string
	err := s.Eventually(func() (err error) {
		bill, err = s.Bill(buyer, kind)
		return err
	})
	if err != nil {
		return err
	}
	code, err := s.Orders(buyer, bill, "wechat")
	if err != nil {
		return err
	}
	if err := s.City.Control("POST", "/control/pay", map[string]any{"channel": "wechat", "code": code, "notice": notice}, nil); err != nil {
		return err
	}
	return s.Eventually(func() error {
		if err := buyer.Open(s.City.Hall + bill); err != nil {
			return err
		}
		if !buyer.Page.Says("已缴") && !buyer.Page.Says("已支付") {
			return fmt.Errorf("bill for %s is not settled: %s", kind, buyer.Page.Complaint())
		}
		return nil
	})
}

// Books takes the first free time at the first hall.
func (s *Sale) Books() error {
	buyer := s.Buyers()[0]
	if err := buyer.Open(s.City.Hall + "/book?app=" + s.App); err != nil {
		return err
	}
	if err := buyer.Follow("选择时间"); err != nil {
		return err
	}
	f, err := buyer.Form("slot")
	if err != nil {
		return err
	}
	slot := find(buyer.Page.Root, func(n *html.Node) bool { return attr(n, "name") == "slot" && !has(n, "disabled") })
	f.Values.Set("slot", attr(slot, "value"))
	if err := buyer.Send(f); err != nil {
		return err
	}
	if !buyer.Page.Says("取号码") {
		return fmt.Errorf("not booked: %s", buyer.Page.Complaint())
	}
	return nil
}

// Withdraws takes the application back.
func (s *Sale) Withdraws() error {
	if err := s.Seller.Open(s.City.Hall + "/case/" + s.App + "/withdraw"); err != nil {
		return err
	}
	return s.Seller.Submit("reason", Fields("reason", "双方协商不再买卖"))
}
