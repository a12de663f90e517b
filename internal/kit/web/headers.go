package web

import (
	"net/http"
	"strings"
)

// policy is the content security policy: nothing inline, nothing from elsewhere. A form may lead on to
// the targets of the options, because browsers apply form-action to redirects too.
func policy(targets []string) string {
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
		"object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action " + strings.Join(append([]string{"'self'"}, targets...), " ")
}

func (rt *Router) headers(h http.Header) {
	h.Set("Content-Security-Policy", rt.policy)
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(self), geolocation=(self), microphone=(), payment=(), usb=()")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("X-UA-Compatible", "IE=edge")
	h.Set("Cache-Control", "no-store")
	if rt.opt.Secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}
