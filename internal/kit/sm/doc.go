// Package sm is the Chinese commercial cryptography that the platform uses: SM3 digests
// (GB/T 32905), SM4-GCM encryption of what is personal (GB/T 32907), and SM2 signatures
// (GB/T 32918) on what passes between systems.
//
// A Keyring seals columns and files, and computes the blind indexes by which an encrypted
// value is found again. A Signer signs; its PublicKey verifies. Keys live in files apart from the
// data. What goes in is plain text, what comes out is safe to store or to send.
package sm
