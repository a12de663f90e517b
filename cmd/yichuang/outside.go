package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"yichuang/internal/democity"
	"yichuang/internal/hall"
	"yichuang/internal/hall/account"
	"yichuang/internal/hall/application"
	"yichuang/internal/hall/appointment"
	"yichuang/internal/hall/parcel"
	"yichuang/internal/hall/payment"
	"yichuang/internal/hall/payment/alipay"
	"yichuang/internal/hall/payment/unionpay"
	"yichuang/internal/hall/payment/wechat"
	"yichuang/internal/kit/clock"
)

// handedOut is what a merchant or client gets when it signs up: the file that the hall reads its accounts at the identity
// provider and the payment channels from.
type handedOut struct {
	IDP struct {
		Issuer       string `json:"issuer"`
		ClientID     string `json:"clientId"`
		ClientSecret string `json:"clientSecret"`
	} `json:"idp"`
	Wechat   wechat.Config   `json:"wechat"`
	Alipay   alipay.Config   `json:"alipay"`
	UnionPay unionpay.Config `json:"unionpay"`
}

// channels makes the three payment channels.
func (h *handedOut) channels(ctx context.Context) ([]payment.Channel, error) {
	client := &http.Client{Timeout: 15 * time.Second}
	w, err := wechat.New(ctx, h.Wechat, client)
	if err != nil {
		return nil, fmt.Errorf("wechat pay: %w", err)
	}
	a, err := alipay.New(h.Alipay, client)
	if err != nil {
		return nil, fmt.Errorf("alipay: %w", err)
	}
	u, err := unionpay.New(h.UnionPay, clock.System(), client)
	if err != nil {
		return nil, fmt.Errorf("unionpay: %w", err)
	}
	return []payment.Channel{w, a, u}, nil
}

// setHall completes the hall's configuration for the demonstration city.
func setHall(ctx context.Context, c *hall.Config, out *handedOut, city *democity.City) (err error) {
	c.Provider = account.ProviderConfig{Issuer: out.IDP.Issuer, ClientID: out.IDP.ClientID, Secret: out.IDP.ClientSecret, Redirect: c.URL + "/login/callback", MinLevel: 2}
	if c.Channels, err = out.channels(ctx); err != nil {
		return err
	}
	for _, b := range city.Banks {
		c.Banks = append(c.Banks, application.Bank{Code: b.Code, Name: b.Name})
		c.Lenders = append(c.Lenders, application.Lender{Kind: "commercial", Code: b.Code, Name: b.Name, Credit: string(b.Credit)})
	}
	c.Lenders = append(c.Lenders, application.Lender{Kind: "fund", Code: democity.FundCode, Name: "泰州市住房公积金管理中心", Credit: fundCredit(city)})
	for _, h := range city.Halls {
		c.Halls = append(c.Halls, appointment.Hall{Code: h.ID, Name: h.Name, District: h.District, Address: h.Address, Phone: h.Phone, Windows: len(h.Windows),
			PerSlot: max(1, h.Slot/max(1, len(h.Windows)))})
	}
	c.From = parcel.Sender{Name: "泰州市不动产登记中心", Phone: "12345", Address: "江苏省泰州市海陵区"}
	return nil
}

// fundCredit is the credit code of the provident fund's centre.
func fundCredit(city *democity.City) string {
	for _, c := range city.Companies {
		if c.Kind == "fund" {
			return string(c.Code)
		}
	}
	return ""
}
