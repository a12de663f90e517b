// Package audit keeps the record of who did what: each sign-in, refusal, query of personal data, change, decision, export,
// print, configuration and interface call (GB/T 22239-2019 8.1.4.3; S-11 to S-14). Both zones use it, each in its own database.
//
// Record writes in the caller's transaction: an act that can't be recorded does not happen, and one that is rolled back leaves no
// record. It takes no lock and waits for nobody. Records join the hash chain afterwards: Run, one process at a time, links
// what has been committed, in the order of writing, about every second. What is changed, removed or slipped in later breaks
// the chain at that place, and VerifyChain says where. The newest link (Head) noted on another machine also shows a record cut off at the end.
//
// No personal data goes into an entry but the actor's name, which is stored encrypted and found by exact name only.
package audit
