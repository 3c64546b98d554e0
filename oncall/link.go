package oncall

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"strconv"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

// links signs the links in messages. Whoever holds one may do the one thing it
// says, until it expires; it names a page and a contact, or a method, by their
// opaque parts, and nothing else.
type links struct{ key []byte }

var linkText = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

const macSize = 16 // bytes: 128 bits

func (l links) sign(parts ...string) string {
	body := strings.Join(parts, ".")
	mac := hmac.New(sha256.New, l.key)
	mac.Write([]byte(body))
	return body + "." + linkText.EncodeToString(mac.Sum(nil)[:macSize])
}

func expiry(t time.Time) string { return strconv.FormatInt(t.Unix(), 36) }

// ack is the link by which the contact acknowledges the page.
func (l links) ack(page cordon.PageID, contact cordon.OnCallContactID, until time.Time) string {
	return l.sign("a", strings.TrimPrefix(string(page), "pag_"), strings.TrimPrefix(string(contact), "con_"), expiry(until))
}

// verify is the link that proves a contact method.
func (l links) verify(method cordon.MethodID, until time.Time) string {
	return l.sign("v", strings.TrimPrefix(string(method), "met_"), expiry(until))
}

// link is what a link says.
type link struct {
	page    cordon.PageID
	contact cordon.OnCallContactID
	method  cordon.MethodID
	expired bool
}

// read checks a link; one that is not ours is Missing.
func (l links) read(token string, now time.Time) (link, error) {
	none := &cordon.Error{Code: cordon.Missing, Field: "link", Message: "is not one of ours, or was cut off", Remedy: "open it as it stands in the message"}
	if len(token) > 200 {
		return link{}, none
	}
	parts := strings.Split(token, ".")
	n := len(parts) - 1
	if n < 3 || !hmac.Equal([]byte(l.sign(parts[:n]...)), []byte(token)) {
		return link{}, none
	}
	until, err := strconv.ParseInt(parts[n-1], 36, 64)
	if err != nil {
		return link{}, none
	}
	expired := now.Unix() >= until
	switch {
	case parts[0] == "a" && n == 4:
		return link{page: cordon.PageID("pag_" + parts[1]), contact: cordon.OnCallContactID("con_" + parts[2]), expired: expired}, nil
	case parts[0] == "v" && n == 3:
		return link{method: cordon.MethodID("met_" + parts[1]), expired: expired}, nil
	}
	return link{}, none
}
