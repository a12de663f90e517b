// Package blob keeps files: what people upload and what we issue, JPEG, PNG and PDF only.
//
// A file is named by the SM3 digest of its content, encrypted (SM4-GCM) before it leaves the process, and checked
// against its name when it's read. The same content is stored once. What a file is follows from its bytes, never from a name that
// someone gave it. Inspect says what is wrong with an upload; Thumbnail and Page draw it.
package blob
