package mailsink

import (
	"mime"
	"strings"
)

// decode reads RFC 2047 words; a header it cannot read is shown as it came.
func decode(header string) string {
	text, err := new(mime.WordDecoder).DecodeHeader(header)
	if err != nil {
		return header
	}
	return text
}

func domainOf(address string) string {
	return address[strings.LastIndexByte(address, '@')+1:]
}
