package idp

import (
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// request is a sign-in under way, from the client's redirect to the exchange of the code.
type request struct {
	ID        string              `json:"id"`
	Client    string              `json:"client"`
	Redirect  string              `json:"redirect"`
	State     string              `json:"state"`
	Nonce     string              `json:"nonce"`
	Scopes    []string            `json:"scopes"`
	Type      oidc.ResponseType   `json:"type"`
	Mode      oidc.ResponseMode   `json:"mode"`
	Challenge *oidc.CodeChallenge `json:"challenge"`
	Created   time.Time           `json:"created"`
	Subject   string              `json:"subject"` // set by the sign-in
	SignedIn  time.Time           `json:"signedIn"`
	Code      string              `json:"code"`
}

var _ op.AuthRequest = (*request)(nil)

func (q *request) GetID() string                         { return q.ID }
func (q *request) GetACR() string                        { return "" }
func (q *request) GetAMR() []string                      { return []string{"pwd"} }
func (q *request) GetAudience() []string                 { return []string{q.Client} }
func (q *request) GetAuthTime() time.Time                { return q.SignedIn }
func (q *request) GetClientID() string                   { return q.Client }
func (q *request) GetCodeChallenge() *oidc.CodeChallenge { return q.Challenge }
func (q *request) GetNonce() string                      { return q.Nonce }
func (q *request) GetRedirectURI() string                { return q.Redirect }
func (q *request) GetResponseType() oidc.ResponseType    { return q.Type }
func (q *request) GetResponseMode() oidc.ResponseMode    { return q.Mode }
func (q *request) GetScopes() []string                   { return q.Scopes }
func (q *request) GetState() string                      { return q.State }
func (q *request) GetSubject() string                    { return q.Subject }
func (q *request) Done() bool                            { return q.Subject != "" }

// client is the hall as the protocol library sees it.
type client struct{ halls []string }

var _ op.HasRedirectGlobs = client{}

func (c client) GetID() string                    { return ClientID }
func (c client) RedirectURIs() []string           { return c.halls }
func (c client) PostLogoutRedirectURIs() []string { return c.halls }
func (c client) RedirectURIGlobs() []string       { return c.below("/**") }

// PostLogoutRedirectURIGlobs lists patterns without **, which this part of the library does not know.
func (c client) PostLogoutRedirectURIGlobs() []string {
	return append(c.below("/*"), c.below("/*/*")...)
}

func (c client) below(pattern string) []string {
	var out []string
	for _, h := range c.halls {
		out = append(out, h+pattern)
	}
	return out
}

func (c client) ApplicationType() op.ApplicationType { return op.ApplicationTypeWeb }
func (c client) AuthMethod() oidc.AuthMethod         { return oidc.AuthMethodBasic }
func (c client) ResponseTypes() []oidc.ResponseType {
	return []oidc.ResponseType{oidc.ResponseTypeCode}
}
func (c client) GrantTypes() []oidc.GrantType                                 { return []oidc.GrantType{oidc.GrantTypeCode} }
func (c client) LoginURL(id string) string                                    { return "/idp/login?id=" + id }
func (c client) AccessTokenType() op.AccessTokenType                          { return op.AccessTokenTypeBearer }
func (c client) IDTokenLifetime() time.Duration                               { return idTokenLife }
func (c client) DevMode() bool                                                { return true } // the hall's address is http on loopback
func (c client) RestrictAdditionalIdTokenScopes() func([]string) []string     { return all }
func (c client) RestrictAdditionalAccessTokenScopes() func([]string) []string { return all }
func (c client) IsScopeAllowed(scope string) bool                             { return scope == ScopeRealName }
func (c client) IDTokenUserinfoClaimsAssertion() bool                         { return true }
func (c client) ClockSkew() time.Duration                                     { return 0 }

func all(scopes []string) []string { return scopes }
