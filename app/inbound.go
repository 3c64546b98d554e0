package app

import (
	"fmt"

	"github.com/cordonmail/cordon/screen"
)

// inboundPrint is the fingerprint by which mails that arrive at decoys are told
// to be alike; "" for one that cannot be read or says nothing.
func inboundPrint(raw []byte) string {
	sheet, err := screen.Read(raw)
	if err != nil {
		return ""
	}
	print := screen.Fingerprint(sheet, nil)
	if print == 0 {
		return ""
	}
	return fmt.Sprintf("%016x", print)
}
