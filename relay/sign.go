package relay

import (
	"context"
	"crypto"
	"fmt"
	"runtime"

	"github.com/emersion/go-msgauth/dkim"
)

// Signer puts DKIM signatures on messages (RFC 6376), as many at a time as
// there are processors: RSA is nearly all of a signed message's cost, and more
// at once would only take the processor from the connections.
type Signer struct{ workers chan struct{} }

// NewSigner makes a pool of the given size; 0 means one worker a processor.
func NewSigner(workers int) *Signer {
	if workers < 1 {
		workers = runtime.GOMAXPROCS(0)
	}
	return &Signer{workers: make(chan struct{}, workers)}
}

// signedHeaders are those of RFC 6376 5.4.1 and RFC 9477 that a letter has. From stands
// twice, so that a second From breaks the signature (RFC 6376 8.15); a header
// named here that the letter lacks cannot be added later either.
func signedHeaders() []string {
	return []string{
		"From", "From", "To", "Subject", "Date", "Message-ID", "Reply-To",
		"MIME-Version", "Content-Type", "Content-Transfer-Encoding",
		"List-Unsubscribe", "List-Unsubscribe-Post", "Auto-Submitted", "Feedback-ID",
		"CFBL-Address", "CFBL-Feedback-ID", // RFC 9477 3.1.3: under the signature
	}
}

// Sign answers the message with its signature in front. raw is not changed.
func (s *Signer) Sign(ctx context.Context, domain, selector string, key crypto.Signer, raw []byte) ([]byte, error) {
	select {
	case s.workers <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("sign: %w", ctx.Err())
	}
	defer func() { <-s.workers }()
	signer, err := dkim.NewSigner(&dkim.SignOptions{
		Domain: domain, Selector: selector, Signer: key, Hash: crypto.SHA256, // RFC 8301 3.1
		HeaderCanonicalization: dkim.CanonicalizationRelaxed,
		BodyCanonicalization:   dkim.CanonicalizationRelaxed,
		HeaderKeys:             signedHeaders(),
	})
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	_, werr := signer.Write(raw)
	if err := signer.Close(); err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	if werr != nil {
		return nil, fmt.Errorf("sign: %w", werr)
	}
	header := signer.Signature()
	out := make([]byte, 0, len(header)+len(raw))
	return append(append(out, header...), raw...), nil
}
