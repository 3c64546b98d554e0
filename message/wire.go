package message

import (
	"bytes"
	"fmt"

	"github.com/cordonmail/cordon"
)

// Wire says whether the bytes may leave: every line ends with CRLF and holds no
// other CR or LF (RFC 5322 2.3), no NUL (RFC 5322 4: obsolete, never sent), no
// line above 998 bytes (RFC 5322 2.1.1; RFC 5321 4.5.3.1.6 counts the CRLF in
// its 1,000), and the last line is ended. A server and a relay that disagree
// about what ends a line can be made to see two messages in one (SMTP
// smuggling), so nothing is repaired here: it is refused.
//
// The error is a *cordon.Error with field "message" that names the fault and
// its line. Wire allocates nothing when all is well.
func Wire(raw []byte) error {
	if len(raw) == 0 {
		return fault(1, "is empty", "")
	}
	if bytes.IndexByte(raw, 0) >= 0 {
		i := bytes.IndexByte(raw, 0)
		return fault(1+bytes.Count(raw[:i], []byte{'\n'}), "contains a NUL", "take it out or encode the part")
	}
	for line := 1; len(raw) > 0; line++ {
		end := bytes.IndexByte(raw, '\n')
		text := raw
		if end >= 0 {
			text = raw[:end]
		}
		cr := bytes.IndexByte(text, '\r')
		switch {
		case cr >= 0 && cr < len(text)-1, cr >= 0 && end < 0:
			return fault(line, "contains a bare CR", "end lines with CRLF only")
		case cr < 0 && end >= 0:
			return fault(line, "ends with a bare LF", "end lines with CRLF only")
		case end < 0:
			return fault(line, "is not ended by CRLF", "end the message with CRLF")
		case cr > maxLine:
			return fault(line, "is longer than 998 bytes", "use quoted-printable or fold the header")
		}
		raw = raw[end+1:]
	}
	return nil
}

func fault(line int, message, remedy string) error {
	return cordon.InvalidField("message", fmt.Sprintf("line %d %s", line, message), remedy)
}
