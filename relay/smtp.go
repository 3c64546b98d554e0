package relay

import (
	"bytes"
	"strconv"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/message"
)

// terminator ends the message (RFC 5321 4.1.1.4); until its last octets are
// handed to the system, nothing can have been delivered.
const terminator = ".\r\n"

// tlsRecord is the most plain text one TLS record carries: of a failed write we
// know only whole records.
const tlsRecord = 16 << 10

// transact sends one message. keep says that the connection stands between
// messages and may be used again.
func (cn *conn) transact(env message.Envelope, look func() bool, t Timeouts) (out cordon.Outcome, keep bool) {
	if cn.br.Buffered() > 0 { // words nobody asked for: the replies are out of step
		return lostBefore("unexpected reply"), false
	}
	eightBit := !ascii(env.Data)
	if out, cannot := cn.lacks(env, eightBit); cannot {
		return out, true
	}
	if !look() {
		return cordon.Outcome{State: cordon.HeldState}, true
	}
	var ready reply
	if cn.ext.pipelining {
		ready, out, keep = cn.openGroup(env, eightBit, t)
	} else {
		ready, out, keep = cn.openSteps(env, eightBit, t)
	}
	if ready.code != 354 {
		return out, keep
	}
	if !look() {
		// Nothing of the body has left; without the dot the server delivers
		// nothing (RFC 5321 4.1.1.4), so the connection is dropped.
		return cordon.Outcome{State: cordon.HeldState}, false
	}
	return cn.body(env.Data, t)
}

// lacks says what the message needs and this server does not offer.
func (cn *conn) lacks(env message.Envelope, eightBit bool) (cordon.Outcome, bool) {
	bounce := func(reply, reason string) (cordon.Outcome, bool) {
		return cordon.Outcome{State: cordon.Bounced, Reply: reply, Reason: reason}, true
	}
	switch {
	case !cn.ext.utf8 && (!env.To.ASCII() || !env.From.ASCII()):
		return bounce("550 5.6.7", "smtputf8") // RFC 6531 3.2, 4.2
	case eightBit && !cn.ext.eightBit:
		return bounce("554 5.6.3", "8bitmime") // RFC 6152 3
	case cn.ext.size > 0 && int64(len(env.Data)) > cn.ext.size:
		return bounce("552 5.3.4", "size") // RFC 1870 5
	}
	return cordon.Outcome{}, false
}

// openGroup sends MAIL, RCPT and DATA in one write (RFC 2920 3.1) and reads
// their answers in order.
func (cn *conn) openGroup(env message.Envelope, eightBit bool, t Timeouts) (reply, cordon.Outcome, bool) {
	b := cn.out[:0]
	reset := cn.dirty
	if reset {
		b = append(b, "RSET\r\n"...)
	}
	b = cn.appendMail(b, env, eightBit)
	b = appendRcpt(b, env)
	b = append(b, "DATA\r\n"...)
	if err := cn.write(t.Mail, b); err != nil {
		return reply{}, lostBefore("mail"), false
	}
	if reset {
		if r, err := cn.read(t.Mail, false); err != nil || !r.ok() {
			return reply{}, fault{reply: r, reason: "rset"}.outcome(), false
		}
		cn.dirty = false
	}
	mail, err := cn.read(t.Mail, false)
	if err != nil {
		return reply{}, lostBefore("mail"), false
	}
	if mail.code == 421 { // RFC 5321 3.8: it answers nothing more
		return reply{}, mailOutcome(mail), false
	}
	rcpt, err := cn.read(t.Rcpt, false)
	if err != nil {
		return reply{}, afterMail(mail), false
	}
	data, err := cn.read(t.Data, false)
	if err != nil {
		if mail.ok() && !rcpt.ok() {
			return reply{}, rcptOutcome(rcpt), false
		}
		return reply{}, afterMail(mail), false
	}
	if mail.ok() && rcpt.ok() && data.code == 354 {
		return data, cordon.Outcome{}, true
	}
	out := firstRefusal(mail, rcpt, data)
	cn.dirty = mail.ok()
	if data.code == 354 && mail.ok() {
		// RFC 2920 3.1: DATA was taken although nobody is to get it; a lone dot
		// ends it.
		end, err := cn.command(t.End, ".")
		return reply{}, out, err == nil && sound(rcpt, end)
	}
	return reply{}, out, sound(mail, rcpt) && refusal(data)
}

// openSteps sends MAIL, RCPT and DATA one by one to a server without PIPELINING.
func (cn *conn) openSteps(env message.Envelope, eightBit bool, t Timeouts) (reply, cordon.Outcome, bool) {
	if cn.dirty {
		r, err := cn.command(t.Mail, "RSET")
		if err != nil || !r.ok() {
			return reply{}, fault{reply: r, reason: "rset"}.outcome(), false
		}
		cn.dirty = false
	}
	mail, err := cn.step(t.Mail, cn.appendMail(cn.out[:0], env, eightBit))
	if err != nil {
		return reply{}, lostBefore("mail"), false
	}
	if !mail.ok() {
		return reply{}, mailOutcome(mail), refusal(mail)
	}
	rcpt, err := cn.step(t.Rcpt, appendRcpt(cn.out[:0], env))
	if err != nil {
		return reply{}, lostCopy(), false
	}
	cn.dirty = true
	if !rcpt.ok() {
		return reply{}, rcptOutcome(rcpt), refusal(rcpt)
	}
	data, err := cn.step(t.Data, append(cn.out[:0], "DATA\r\n"...))
	if err != nil {
		return reply{}, lostCopy(), false
	}
	if data.code != 354 {
		return reply{}, dataOutcome(data), refusal(data)
	}
	return data, cordon.Outcome{}, true
}

func (cn *conn) step(timeout time.Duration, b []byte) (reply, error) {
	if err := cn.write(timeout, b); err != nil {
		return reply{}, err
	}
	return cn.read(timeout, false)
}

// body sends the message and its final dot in one write, and waits for the
// answer that alone says whether the relay took it.
func (cn *conn) body(data []byte, t Timeouts) (cordon.Outcome, bool) {
	b := appendStuffed(cn.out[:0], data)
	b = append(b, terminator...)
	cn.out = b[:0]
	if cap(b) > 1<<20 {
		cn.out = nil // one large letter must not stay with every connection
	}
	_ = cn.c.SetWriteDeadline(time.Now().Add(t.Body))
	cn.armed()
	if n, err := cn.c.Write(b); err != nil {
		began := len(b) - len(terminator) - 2 // the CRLF before the dot belongs to the end mark
		if cn.c != cn.raw {
			began -= tlsRecord
		}
		if n <= began {
			return lostCopy(), false
		}
		return cordon.Outcome{State: cordon.Uncertain}, false
	}
	end, err := cn.read(t.End, false)
	if err != nil {
		return cordon.Outcome{State: cordon.Uncertain}, false
	}
	cn.dirty = false // RFC 5321 4.1.1.4: whatever the answer, the buffers are cleared
	switch {
	case end.ok():
		return cordon.Outcome{State: cordon.Delivered, Reply: end.String()}, true
	case end.transient():
		return cordon.Outcome{State: cordon.Deferred, Reply: end.String()}, refusal(end)
	case end.permanent():
		return cordon.Outcome{State: cordon.Bounced, Reply: end.String()}, refusal(end)
	}
	return cordon.Outcome{State: cordon.Uncertain, Reply: end.String()}, false
}

// appendMail writes MAIL FROM with the parameters the server knows (RFC 1870,
// RFC 6152, RFC 6531).
func (cn *conn) appendMail(b []byte, env message.Envelope, eightBit bool) []byte {
	b = append(b, "MAIL FROM:<"...)
	b = append(b, env.From...)
	b = append(b, '>')
	if cn.ext.hasSize {
		b = strconv.AppendInt(append(b, " SIZE="...), int64(len(env.Data)), 10)
	}
	utf8 := !env.To.ASCII() || !env.From.ASCII()
	if (eightBit || utf8) && cn.ext.eightBit {
		b = append(b, " BODY=8BITMIME"...)
	}
	if utf8 {
		b = append(b, " SMTPUTF8"...)
	}
	return append(b, "\r\n"...)
}

func appendRcpt(b []byte, env message.Envelope) []byte {
	b = append(append(b, "RCPT TO:<"...), env.To...)
	return append(b, ">\r\n"...)
}

// appendStuffed doubles each dot at the head of a line (RFC 5321 4.5.2) and
// sees to a last CRLF. Nothing else is ever changed.
func appendStuffed(b, data []byte) []byte {
	if len(data) > 0 && data[0] == '.' {
		b = append(b, '.')
	}
	for {
		i := bytes.Index(data, []byte("\r\n."))
		if i < 0 {
			break
		}
		b = append(append(b, data[:i+3]...), '.')
		data = data[i+3:]
	}
	b = append(b, data...)
	if !bytes.HasSuffix(b, []byte("\r\n")) {
		b = append(b, "\r\n"...)
	}
	return b
}

func ascii(data []byte) bool {
	for _, c := range data {
		if c >= 0x80 {
			return false
		}
	}
	return true
}
