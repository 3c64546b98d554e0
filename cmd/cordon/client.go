package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/app"
)

// client speaks REST to a house, wherever it runs.
type client struct {
	http    *http.Client
	base    string
	key     string
	as      string
	running bool // somebody else's process answers; it sends what is queued
	close   func() error
}

const socketTimeout = 2 * time.Second

// client finds the house: the server named, else the one running on the data
// folder, else the folder itself, opened for this one command line.
func (sh *shell) client(ctx context.Context, mayCreate bool) (*client, error) {
	if sh.conn != nil {
		return sh.conn, nil
	}
	c, err := sh.connect(ctx, mayCreate)
	if err != nil {
		return nil, err
	}
	sh.conn = c
	if sh.as != "" {
		if c.as, err = sh.accountID(ctx, c, sh.as); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (sh *shell) connect(ctx context.Context, mayCreate bool) (*client, error) {
	if sh.server != "" {
		return sh.remote()
	}
	socket := filepath.Join(sh.data, app.SocketName)
	if answers(socket) {
		dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		}
		return local(dial, true, func() error { return nil }), nil
	}
	return sh.open(ctx, mayCreate)
}

// remote speaks to the server named, with a key from the environment or a file.
func (sh *shell) remote() (*client, error) {
	u, err := url.Parse(sh.server)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, misused("--server", "is not a URL", "write it like https://cordon.example.org")
	}
	if sh.as != "" {
		return nil, misused("--as", "works only with the data folder", "use a key of that account")
	}
	key := sh.getenv("CORDON_KEY")
	if sh.keyFile != "" {
		raw, err := os.ReadFile(sh.keyFile)
		if err != nil {
			return nil, cordon.InvalidField("--key-file", "cannot be read", "name a file this user may read")
		}
		key = strings.TrimSpace(string(raw))
	}
	if key == "" {
		return nil, misused("CORDON_KEY", "is not set", "set the variable CORDON_KEY, or name a file with --key-file")
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		return nil, misused("--server", "would send the key in the clear", "use https://")
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	return &client{
		http: &http.Client{Transport: transport, CheckRedirect: noRedirect}, base: strings.TrimSuffix(u.String(), "/"), key: key, running: true,
		close: func() error { transport.CloseIdleConnections(); return nil },
	}, nil
}

// noRedirect keeps the key from being carried to another place.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// answers says whether a house listens on the socket; one left by a killed
// process does not.
func answers(socket string) bool {
	conn, err := net.DialTimeout("unix", socket, socketTimeout)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

func local(dial func(context.Context, string, string) (net.Conn, error), running bool, stop func() error) *client {
	transport := &http.Transport{DialContext: dial}
	return &client{http: &http.Client{Transport: transport}, base: "http://cordon.local", running: running, close: func() error {
		transport.CloseIdleConnections()
		return stop()
	}}
}

// open serves the data folder to ourselves, in memory, for this command line.
func (sh *shell) open(ctx context.Context, mayCreate bool) (*client, error) {
	if _, err := os.Stat(sh.data); err != nil && sh.database == "" && !mayCreate {
		return nil, cordon.InvalidField("--data", "there is no Cordon data in "+sh.data, "name the folder with --data, or begin with cordon tenant create")
	}
	config, err := app.LoadConfig("", sh.getenv)
	if err != nil {
		return nil, err
	}
	config.Data, config.Database = sh.data, sh.database
	log := slog.New(slog.NewTextHandler(sh.err, &slog.HandlerOptions{Level: slog.LevelError}))
	house, err := app.Open(ctx, config, app.Options{Log: log})
	if err != nil {
		return nil, err
	}
	pipes := app.NewPipes()
	server := &http.Server{Handler: house.API.Local(), ReadHeaderTimeout: time.Minute, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(pipes) }) // always ErrServerClosed: pipes cannot fail
	return local(pipes.Dial, false, func() error {
		err := server.Close()
		serving.Wait()
		return errors.Join(err, house.Close())
	}), nil
}

// request is one call: what goes into it beyond the path.
type request struct {
	method, path string
	query        url.Values
	json         any       // body, or
	body         io.Reader // body as it is, of this type:
	media        string
	header       http.Header
}

// do makes the call and answers with the response; anything but success is the
// problem the house gave, as an error.
func (c *client) do(ctx context.Context, r request) (*http.Response, error) {
	body, media := r.body, r.media
	if r.json != nil {
		raw, err := json.Marshal(r.json)
		if err != nil {
			return nil, fmt.Errorf("write request: %w", err)
		}
		body, media = bytes.NewReader(raw), "application/json"
	}
	address := c.base + r.path
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.method, address, body)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	for name, values := range r.header {
		req.Header[name] = values
	}
	if media != "" {
		req.Header.Set("Content-Type", media)
	}
	if c.key != "" {
		req.Header.Set("Authorization", "Bearer "+c.key)
	}
	if c.as != "" {
		req.Header.Set("X-Cordon-As", c.as)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		defer resp.Body.Close()
		return nil, problemOf(resp)
	}
	return resp, nil
}

func (c *client) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return &cordon.Error{Code: cordon.Unavailable, Message: "was interrupted", Remedy: "ask again: what was accepted is in cordon dispatches, what was stopped in cordon stops"}
	}
	var e *cordon.Error
	if errors.As(err, &e) { // the body's own fault, such as a file that breaks off
		return e
	}
	var inner *url.Error
	if errors.As(err, &inner) {
		err = inner.Err
	}
	return &cordon.Error{Code: cordon.Unavailable, Field: "server", Message: "cannot be reached: " + err.Error(), Remedy: "check --server, and that Cordon runs there"}
}

// problemOf reads a problem (RFC 9457) back into the house's error.
func problemOf(resp *http.Response) error {
	var p struct {
		Code     cordon.Code    `json:"code"`
		Detail   string         `json:"detail"`
		Field    string         `json:"field"`
		Remedy   string         `json:"remedy"`
		Faults   []cordon.Fault `json:"faults"`
		Instance string         `json:"instance"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 16<<20)).Decode(&p); err != nil || p.Code == "" {
		return &cordon.Error{Code: cordon.Unavailable, Field: "server", Message: "answered " + resp.Status + ", not as Cordon does", Remedy: "check the URL given with --server"}
	}
	e := &cordon.Error{Code: p.Code, Field: p.Field, Message: p.Detail, Remedy: p.Remedy, Faults: p.Faults}
	if p.Code == cordon.Internal {
		e.Remedy = "the log says more; look for " + strings.TrimPrefix(p.Instance, "urn:cordon:request:")
	}
	return e
}

// call makes a call whose answer is one JSON object.
func (c *client) call(ctx context.Context, r request, out any) error {
	resp, err := c.do(ctx, r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if out == nil || resp.StatusCode == http.StatusNoContent {
		return nil
	}
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		return c.unreachable(ctx, fmt.Errorf("the answer broke off: %w", err))
	}
	return nil
}

// ask is the whole of most verbs: find the house, make one call.
func (sh *shell) ask(ctx context.Context, r request, out any) error {
	c, err := sh.client(ctx, false)
	if err != nil {
		return err
	}
	return c.call(ctx, r, out)
}

// part is part of a list.
type part[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"`
}

// all fetches every part of a list, up to most rows; 0 means all.
func all[T any](ctx context.Context, sh *shell, path string, query url.Values, most int) (part[T], error) {
	c, err := sh.client(ctx, false)
	if err != nil {
		return part[T]{}, err
	}
	return allOf[T](ctx, c, path, query, most)
}

func allOf[T any](ctx context.Context, c *client, path string, query url.Values, most int) (part[T], error) {
	got := part[T]{Items: []T{}}
	q := url.Values{"limit": {"500"}}
	for name, values := range query {
		q[name] = values
	}
	for {
		var p part[T]
		if err := c.call(ctx, request{method: http.MethodGet, path: path, query: q}, &p); err != nil {
			return got, err
		}
		got.Items, got.Next = append(got.Items, p.Items...), p.Next
		if p.Next == "" || most > 0 && len(got.Items) >= most {
			return got, nil
		}
		q.Set("after", p.Next)
	}
}

// accountID finds the account that --as means.
func (sh *shell) accountID(ctx context.Context, c *client, given string) (string, error) {
	if cordon.AccountID(given).Valid() {
		return given, nil
	}
	accounts, err := allOf[cordon.Account](ctx, c, "/v1/accounts", nil, 0)
	if err != nil {
		return "", err
	}
	var found []cordon.Account
	for _, a := range accounts.Items {
		if a.Name == given {
			found = append(found, a)
		}
	}
	switch len(found) {
	case 1:
		return string(found[0].ID), nil
	case 0:
		return "", cordon.InvalidField("--as", "there is no such account", "cordon account list shows them")
	}
	return "", cordon.InvalidField("--as", "names several accounts", "give the ID instead; cordon account list shows it")
}

func tenantPath(tenant string, rest string) string {
	return "/v1/tenants/" + url.PathEscape(tenant) + rest
}
