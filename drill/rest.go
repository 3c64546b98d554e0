package drill

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/cordonmail/cordon"
)

// caller is one side of the API: a client and, for an intruder or a program, the
// secret it sends.
type caller struct {
	client *http.Client
	url    string
	secret string
	as     cordon.AccountID // operator only: act for this account
}

// problem is the part of an RFC 9457 answer a drill looks at.
type problem struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

func (p *problem) Error() string {
	text := fmt.Sprintf("%d %s: ", p.Status, p.Code)
	if p.Field != "" {
		text += p.Field + " "
	}
	return text + p.Detail
}

// call sends body as JSON (or as it is, when it is a reader) and reads the
// answer into out. A refusal comes back as *problem.
func (c caller) call(ctx context.Context, method, path string, body, out any) error {
	var reader io.Reader
	contentType := "application/json"
	switch b := body.(type) {
	case nil:
	case io.Reader:
		reader, contentType = b, "text/csv"
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			return fmt.Errorf("drill request: %w", err)
		}
		reader = bytes.NewReader(raw)
	}
	return c.do(ctx, method, path, contentType, nil, reader, out)
}

// send hands in a message as it is.
func (c caller) send(ctx context.Context, path string, headers map[string]string, raw []byte) error {
	return c.do(ctx, http.MethodPost, path, "message/rfc822", headers, bytes.NewReader(raw), nil)
}

func (c caller) do(ctx context.Context, method, path, contentType string, headers map[string]string, body io.Reader, out any) error {
	request, err := http.NewRequestWithContext(ctx, method, c.url+path, body)
	if err != nil {
		return fmt.Errorf("drill request: %w", err)
	}
	if body != nil {
		request.Header.Set("Content-Type", contentType)
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	if c.secret != "" {
		request.Header.Set("Authorization", "Bearer "+c.secret)
	}
	if c.as != "" {
		request.Header.Set("X-Cordon-As", string(c.as))
	}
	response, err := c.client.Do(request)
	if err != nil {
		return fmt.Errorf("drill request: %w", err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("drill answer: %w", err)
	}
	if response.StatusCode >= 400 {
		p := &problem{Status: response.StatusCode}
		_ = json.Unmarshal(raw, p) // the status says enough
		return p
	}
	return decode(raw, out)
}

// decode reads one JSON object, or the last line of an NDJSON stream.
func decode(raw []byte, out any) error {
	if out == nil {
		return nil
	}
	text := strings.TrimSpace(string(raw))
	if i := strings.LastIndexByte(text, '\n'); i >= 0 && json.Valid([]byte(text[i+1:])) {
		text = text[i+1:]
	}
	if err := json.Unmarshal([]byte(text), out); err != nil {
		return fmt.Errorf("drill answer: %w", err)
	}
	return nil
}

// whole reads a list that the API answers with at once.
func whole[T any](ctx context.Context, c caller, path string, query url.Values) ([]T, error) {
	var all struct {
		Items []T `json:"items"`
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	err := c.call(ctx, http.MethodGet, path, nil, &all)
	return all.Items, err
}
