package cordon

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"strings"
)

// MessageCode stands in each message that leaves: whoever got it can ask with it
// whether the message is really from here. It names one copy, and only who holds
// the key can make or read one (ADR 17).
type MessageCode string

// codeChars is the length of a code without its hyphens: 128 bits, 5 a character.
const codeChars = 26

// ParseMessageCode reads a code as a person types it: hyphens, spaces and case
// do not matter, and letters that look like digits are taken for them. The error
// says what a code looks like.
func ParseMessageCode(text string) (MessageCode, error) {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		switch r {
		case '-', ' ', '\t', '\u00a0', '.':
			continue
		case 'o':
			r = '0'
		case 'i', 'l':
			r = '1'
		}
		if !strings.ContainsRune("0123456789abcdefghjkmnpqrstvwxyz", r) || b.Len() >= codeChars {
			return "", badCode()
		}
		b.WriteRune(r)
	}
	if b.Len() != codeChars {
		return "", badCode()
	}
	return MessageCode(b.String()), nil
}

func badCode() error {
	return InvalidField("code", "is not a message code", "copy the 26 letters and digits at the end of the message")
}

// String groups the code for reading: 5-5-5-5-6.
func (c MessageCode) String() string {
	s := string(c)
	if len(s) != codeChars {
		return s
	}
	return s[0:5] + "-" + s[5:10] + "-" + s[10:15] + "-" + s[15:20] + "-" + s[20:]
}

// Codebook makes and reads message codes. A code is one AES block: the place of
// the copy and 40 bits that are zero, enciphered, so that a made-up code is
// recognised but for one in 2⁴⁰ (encode-then-encipher: Bellare and Rogaway, 2000).
type Codebook struct{ block cipher.Block }

// NewCodebook takes a key of any length that serves no other end.
func NewCodebook(key []byte) *Codebook {
	sum := sha256.Sum256(append([]byte("cordon/message code/1 "), key...))
	block, err := aes.NewCipher(sum[:])
	if err != nil {
		panic(err) // only for a key length that SHA-256 cannot give
	}
	return &Codebook{block}
}

// Bounds of what a code can name: 24 bits of tenant, 32 of dispatch, 32 of copy.
const (
	codeTenants    = 1 << 24
	codeDispatches = 1 << 32
	codeCopies     = 1 << 32
)

// Code names the copy at ref. A place beyond the bounds (16 million tenants, 4
// billion dispatches of one) has none: "".
func (b *Codebook) Code(ref Ref) MessageCode {
	if ref.Tenant < 0 || ref.Tenant >= codeTenants || ref.Dispatch < 0 || ref.Dispatch >= codeDispatches || ref.Seq < 0 || ref.Seq >= codeCopies {
		return ""
	}
	var plain, sealed [16]byte
	binary.BigEndian.PutUint32(plain[4:8], uint32(ref.Tenant)) // below 2²⁴: the first five bytes stay zero
	binary.BigEndian.PutUint32(plain[8:12], uint32(ref.Dispatch))
	binary.BigEndian.PutUint32(plain[12:16], uint32(ref.Seq))
	b.block.Encrypt(sealed[:], plain[:])
	return MessageCode(idAlphabet.EncodeToString(sealed[:])[:codeChars])
}

// Ref reads a code; false when it is none of ours.
func (b *Codebook) Ref(c MessageCode) (Ref, bool) {
	raw, err := idAlphabet.DecodeString(string(c))
	if err != nil || len(raw) != 16 || len(c) != codeChars || idAlphabet.EncodeToString(raw) != string(c) {
		return Ref{}, false
	}
	var plain [16]byte
	b.block.Decrypt(plain[:], raw)
	for _, zero := range plain[:5] {
		if zero != 0 {
			return Ref{}, false
		}
	}
	return Ref{
		Tenant:   int64(binary.BigEndian.Uint32(plain[4:8])),
		Dispatch: int64(binary.BigEndian.Uint32(plain[8:12])),
		Seq:      int64(binary.BigEndian.Uint32(plain[12:16])),
	}, true
}
