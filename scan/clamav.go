package scan

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cordonmail/cordon"
)

const (
	chunkSize    = 256 << 10 // of INSTREAM, in bytes
	maxClamReply = 4 << 10   // a reply is one line
)

// clamav speaks to clamd as clamd(8) has it, a connection for each command.
type clamav struct {
	at address
	// strict is that clamd was seen to report what lies beyond its limits
	// (probe.go). It is seen again after a scan that failed: clamd may have been
	// started with other settings.
	strict atomic.Bool
	nested func() []byte // the probe's bytes, made when first needed
}

func newClamAV(c Config) *clamav {
	at, _ := clamAddress(c.ClamAV) // Validate has read it
	return &clamav{at: at, nested: sync.OnceValue(nested)}
}

func (*clamav) name() string { return "ClamAV" }
func (*clamav) kind() string { return "virus scanner" }
func (*clamav) close()       {}

// scan needs no envelope: clamd looks at bytes only.
func (c *clamav) scan(ctx context.Context, raw []byte, _ string) finding {
	if !c.strict.Load() {
		if problem := c.probe(ctx); problem != "" {
			return finding{trouble: problem}
		}
	}
	reply, problem := c.stream(ctx, raw)
	f := finding{trouble: problem}
	if problem == "" {
		f = readClamAV(reply)
	}
	if f.trouble != "" && f.trouble != unread { // clamd answered, and told of a limit
		c.strict.Store(false)
	}
	return f
}

// version also probes anew.
func (c *clamav) version(ctx context.Context) (string, trouble) {
	reply, problem := c.say(ctx, net.Buffers{[]byte("zVERSION\x00")})
	if problem != "" {
		return "", problem
	}
	version := string(reply)
	if !strings.HasPrefix(version, "ClamAV ") || len(version) > 120 || strings.ContainsFunc(version, func(r rune) bool { return r < ' ' || r > '~' }) {
		return "", garbled
	}
	return version, c.probe(ctx)
}

// stream is INSTREAM: chunks after their length in four bytes, then a zero.
func (c *clamav) stream(ctx context.Context, raw []byte) ([]byte, trouble) {
	parts := net.Buffers{[]byte("zINSTREAM\x00")}
	for len(raw) > 0 {
		chunk := raw[:min(len(raw), chunkSize)]
		raw = raw[len(chunk):]
		parts = append(parts, binary.BigEndian.AppendUint32(nil, uint32(len(chunk))), chunk)
	}
	return c.say(ctx, append(parts, make([]byte, 4)))
}

// say sends one command and answers the reply without its final NUL. A reply
// that does not end in one was cut off.
func (c *clamav) say(ctx context.Context, command net.Buffers) ([]byte, trouble) {
	conn, err := dialer().DialContext(ctx, c.at.network, c.at.at)
	if err != nil {
		return nil, troubleOf(ctx, err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()

	_, wrote := command.WriteTo(conn)
	// clamd breaks off in the middle when it has had enough; it may have said so.
	reply, err := bufio.NewReaderSize(conn, maxClamReply).ReadSlice(0)
	switch {
	case err == nil:
		return bytes.TrimSuffix(reply, []byte{0}), ""
	case ctx.Err() != nil:
		return nil, slow
	case wrote == nil && (len(reply) > 0 || errors.Is(err, bufio.ErrBufferFull)):
		return nil, garbled
	default:
		return nil, troubleOf(ctx, err)
	}
}

// readClamAV judges a reply. It passes one text only.
func readClamAV(reply []byte) finding {
	text := string(reply)
	if text == "stream: OK" {
		return finding{decision: cordon.Pass}
	}
	if text == "INSTREAM size limit exceeded. ERROR" {
		return finding{trouble: unread}
	}
	signature, found := strings.CutSuffix(text, " FOUND")
	signature, named := strings.CutPrefix(signature, "stream: ")
	if !found || !named || signature == "" {
		if strings.HasSuffix(text, " ERROR") {
			return finding{trouble: failing}
		}
		return finding{trouble: garbled}
	}
	signature, _, _ = strings.Cut(signature, "(") // ExtendedDetectionInfo: hash and size
	signature = plainName(signature)
	switch {
	case strings.HasPrefix(signature, "Heuristics.Limits.Exceeded"):
		return finding{trouble: unread}
	case strings.HasPrefix(signature, "Heuristics.Encrypted"):
		return finding{decision: cordon.Hold, names: []string{signature},
			words: "The virus scanner (ClamAV) cannot look into an attachment that is locked by a password."}
	case signature == "":
		return finding{decision: cordon.Refuse, words: "The virus scanner (ClamAV) found something harmful in this."}
	}
	return finding{decision: cordon.Refuse, names: []string{signature}, words: "The virus scanner (ClamAV) found " + signature + " in this."}
}
