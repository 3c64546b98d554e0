package pager

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cordonmail/cordon"
)

const (
	maxReply  = 64 << 10 // bytes of an answer that are read
	userAgent = "Cordon"
)

// transport connects to public addresses and to the hosts named as trusted, and
// to nothing else: whoever may name a webhook must not reach what only this
// machine can. The check is made on the address that is connected to, after the
// name was resolved.
func (p *Pager) transport() *http.Transport {
	open := &net.Dialer{Timeout: 5 * time.Second}
	guarded := &net.Dialer{Timeout: 5 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil || !public(at.Addr()) {
			return errPrivate
		}
		return nil
	}}
	return &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if p.trusted[strings.ToLower(address)] {
				return open.DialContext(ctx, network, address)
			}
			return guarded.DialContext(ctx, network, address)
		},
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    5 * time.Second,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           20,
		IdleConnTimeout:        time.Minute,
		ResponseHeaderTimeout:  10 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

var errPrivate = errors.New("not a public address")

var sharedNet = netip.MustParsePrefix("100.64.0.0/10") // RFC 6598

// public says whether the address is one of the internet at large.
func public(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsGlobalUnicast() && !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast() && !sharedNet.Contains(a) && !a.IsUnspecified()
}

// call is one request to be made.
type call struct {
	method string
	url    string
	media  string
	body   []byte
	header map[string]string
}

// do makes the request and answers its status. Nothing of the answer's body is
// kept.
func (p *Pager) do(ctx context.Context, c call) (status int, err error) {
	u, err := p.safeURL("target", c.url)
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, c.method, u.String(), bytes.NewReader(c.body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("User-Agent", userAgent)
	if c.media != "" {
		req.Header.Set("Content-Type", c.media)
	}
	for name, value := range c.header {
		req.Header.Set(name, value)
	}
	resp, err := p.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxReply)) // so that the connection can be used again
	return resp.StatusCode, nil
}

// handOver posts, and reads the status as what came of the try; taken is the
// state when the far side took it.
func (p *Pager) handOver(ctx context.Context, c call, taken cordon.OutgoingState) cordon.OutgoingOutcome {
	status, err := p.do(ctx, c)
	if err != nil {
		return again(failure(ctx, err))
	}
	reply := "HTTP " + strconv.Itoa(status)
	switch {
	case status >= 200 && status < 300:
		return cordon.OutgoingOutcome{State: taken, Reply: reply}
	case status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status == http.StatusTooEarly || status >= 500:
		return again(reply)
	}
	return failed(reply) // a redirect is not followed
}

// failure words an error of the connection; err itself may quote the URL.
func failure(ctx context.Context, err error) string {
	var told *cordon.Error
	var unknown *net.DNSError
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &told):
		return "URL not allowed"
	case errors.Is(err, errPrivate):
		return "address not allowed"
	case errors.As(err, &cert):
		return "certificate"
	case errors.As(err, &unknown):
		return "name not found"
	case ctx.Err() != nil:
		return "no answer in time"
	}
	return "no connection"
}

// Ping calls a URL that expects to be called: a heartbeat of our own.
func (p *Pager) Ping(ctx context.Context, method, url string) error {
	status, err := p.do(ctx, call{method: method, url: url})
	if err != nil {
		return errors.New("heartbeat: " + failure(ctx, err))
	}
	if status < 200 || status > 299 {
		return errors.New("heartbeat: HTTP " + strconv.Itoa(status))
	}
	return nil
}
