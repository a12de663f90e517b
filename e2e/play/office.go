package play

import (
	"fmt"
	"net/url"
)

// StaffIn signs a member of staff in at the office.
func (c *City) StaffIn(a Account) (*Person, error) {
	p := &Person{a, c.browser()}
	if err := p.Open(c.Office + "/login"); err != nil {
		return nil, err
	}
	return p, p.Submit("password", Fields("login", a.Login, "password", a.Password))
}

// Pool is where orders wait that nobody has taken.
const Pool = "/w/queue/pool"

// AtCounter is where a clerk of the window finds a case.
func AtCounter(no string) string { return "/w/accept?q=" + no }

// Decides lets a member of staff take the case's order from a list of the office and decide it.
func (c *City) Decides(p *Person, list, caseNo string, fill url.Values) error {
	if err := c.Finds(p, list, caseNo); err != nil {
		return err
	}
	if err := p.Submit("#领取", nil); err != nil {
		return err
	}
	if list != AtCounter(caseNo) { // the counter's page is the form
		if err := p.Follow("通过"); err != nil {
			return err
		}
	}
	if err := p.Submit("outcome", fill); err != nil {
		return err
	}
	if !p.Page.Says(caseNo) {
		return fmt.Errorf("not decided: %s", p.Page.Complaint())
	}
	return nil
}

// Finds opens the case's order from a list of the office.
func (c *City) Finds(p *Person, list, caseNo string) error {
	if err := p.Open(c.Office + list); err != nil {
		return err
	}
	return p.Follow(caseNo)
}
