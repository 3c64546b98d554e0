package smtpd

import (
	"github.com/emersion/go-smtp"

	"github.com/cordonmail/cordon"
)

// Every answer but yes, with its enhanced status (RFC 3463).
var (
	replyRelaying  = reply(550, smtp.EnhancedCode{5, 7, 1}, "Relaying denied")
	replyStranger  = reply(550, smtp.EnhancedCode{5, 1, 1}, "No such mailbox here")
	replySyntax    = reply(553, smtp.EnhancedCode{5, 1, 3}, "That is no address")
	replyTooOften  = reply(451, smtp.EnhancedCode{4, 7, 1}, "Too much at once, try again later")
	replyHarvest   = reply(421, smtp.EnhancedCode{4, 7, 1}, "Too many unknown mailboxes, closing")
	replyTooLarge  = reply(552, smtp.EnhancedCode{5, 3, 4}, "Message is too large")
	replyBroken    = reply(451, smtp.EnhancedCode{4, 3, 0}, "The message broke off, try again later")
	replyNotNow    = reply(451, smtp.EnhancedCode{4, 3, 0}, "Cannot take mail now, try again later")
	replyNobodyYet = reply(503, smtp.EnhancedCode{5, 5, 1}, "No mailbox was named")
)

func reply(code int, enhanced smtp.EnhancedCode, words string) *smtp.SMTPError {
	return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: words}
}

// replyTo is the one map from the house's codes to SMTP here.
func replyTo(err error) *smtp.SMTPError {
	switch cordon.CodeOf(err) {
	case cordon.Missing:
		return replyStranger
	case cordon.Invalid:
		return replyTooLarge
	default:
		return replyNotNow
	}
}
