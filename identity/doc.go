// Package identity knows who may act: accounts, API keys, and the one-time
// links and sessions of the console.
//
// Floor 3. It turns a secret into a cordon.Actor and hands rights on, never more
// than the giver and the account's role have. It stores no secret, only SHA-256
// hashes; it writes no secret to a log or an error; and it answers every failed
// sign-in alike, so that nobody learns from the answer whether a key exists, is
// suspended or has expired. It must never import another service or the store.
package identity
