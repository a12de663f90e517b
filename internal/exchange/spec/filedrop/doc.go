// Package filedrop is the exchange of messages by files in a folder, as docs/interface/filedrop.md has it for vendors. Both sides
// stand on it.
//
// In: a folder with two halves, to/ for the counterpart and from/ for the platform, and messages as the specification has them. Out:
// answers that are the other side's own, and letters (spec.Letter) of what the other side asks. A file has a name that people can read
// and that sorts by time, and the head of a request over HTTP, with the same signature. Nothing half written is believed,
// nobody takes a file twice at a time, each file that was taken is moved to done/, and rubbish to bad/ with the reason beside it.
package filedrop
