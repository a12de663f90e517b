// Package account knows the people of the hall: who signs in, through the provincial identity provider, and whether a living
// person is really there.
//
// In: an OpenID Connect sign-in with real-name claims, and answers of the face service. Out: a Citizen, the identity of a
// session, and the finding of an account by name and document, exact and blind. Passwords, locks and one-time codes
// are the provider's. Names, numbers and phones are sealed at rest (S-26); searches go by keyed digests.
package account
