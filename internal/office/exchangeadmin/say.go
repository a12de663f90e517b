package exchangeadmin

import "yichuang/internal/exchange"

// DialectWord is how an endpoint is spoken to, in Chinese.
func DialectWord(name string) string { return dialectChoices([]string{name})[0].Text }

// DistrictWord is where an endpoint belongs to, in Chinese.
func DistrictWord(code string) string { return districtWord(code) }

// StateOf is how an endpoint is: tone and words.
func StateOf(e exchange.Endpoint) (tone, words string) { return stateOf(e) }
