package exchange

import (
	"yichuang/internal/exchange/dialect"
	"yichuang/internal/exchange/dialect/bizxml"
	"yichuang/internal/exchange/dialect/desk"
	"yichuang/internal/exchange/dialect/filedrop"
	"yichuang/internal/exchange/dialect/unified"
	"yichuang/internal/kit/clock"
)

// dialects lists the dialects an endpoint may have. A new one is a folder below dialect/ and a line here.
func dialects(clk clock.Clock, clients *dialect.Clients) map[string]dialect.Dialect {
	known := map[string]dialect.Dialect{}
	for _, d := range []dialect.Dialect{unified.New(clk, clients), bizxml.New(clk, clients), bizxml.NewSOAP(clk, clients), filedrop.New(clk), desk.New()} {
		known[d.Name()] = d
	}
	return known
}
