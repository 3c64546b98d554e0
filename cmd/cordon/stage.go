package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/cordonmail/cordon/app"
	"github.com/cordonmail/cordon/console"
	"github.com/cordonmail/cordon/drill"
	"github.com/cordonmail/cordon/mailsink"
)

// stage is a running house that knows no relay, for exercise tenants: their mail
// goes to the receiving server in the same process, and any other would wait.
// Nothing that happens on it can leave the machine.
type stage struct {
	house   *app.House
	sink    *mailsink.Sink // the house's own
	address string         // where the house listens
	cancel  context.CancelFunc
	done    chan error
}

// keepMessages is how many whole messages a stage's mailbox holds.
const keepMessages = 2000

// openStage starts the house. The caller closes the stage.
func openStage(ctx context.Context, config app.Config, options app.Options) (*stage, error) {
	config.Relay.Address = ""
	config.Pager.From = "cordon@platform.invalid"
	config.Watch.Interval.Duration = time.Second // as long as its stages wait
	options.Demo = true
	options.Sink = mailsink.Config{Keep: keepMessages}
	options.Mailbox = func(s *mailsink.Sink) console.Mailbox { return mailbox{s} }
	house, err := app.Open(ctx, config, options)
	if err != nil {
		return nil, err
	}
	running, cancel := context.WithCancel(ctx)
	s := &stage{house: house, sink: house.Sink, cancel: cancel, done: make(chan error, 1)}
	ready := make(chan string, 1)
	go func() { s.done <- house.Run(running, func(address string) { ready <- address }) }()
	select {
	case s.address = <-ready:
		if err := putOnCall(ctx, s.house, s.sink); err != nil {
			return nil, errors.Join(err, s.Close())
		}
		return s, nil
	case err := <-s.done:
		cancel()
		return nil, errors.Join(err, house.Close())
	}
}

// Close ends the house, and the sink with it.
func (s *stage) Close() error {
	s.cancel()
	err := <-s.done
	return errors.Join(err, s.house.Close())
}

// rehearsal is a drill's way into the stage: the operator's door is the socket
// in the data folder, the intruder's is the network.
func (s *stage) rehearsal(undo, step time.Duration, progress func(string)) *drill.Rehearsal {
	socket := filepath.Join(s.house.Config.Data, app.SocketName)
	dialer := net.Dialer{}
	return drill.New(drill.Config{
		Operator: &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", socket)
		}}},
		Intruder: &http.Client{Timeout: time.Minute},
		URL:      "http://" + s.address,
		Store:    s.house.Store,
		Arrived:  s.sink.TakenWith,
		Undo:     undo,
		Step:     step,
		Progress: progress,
	})
}

// link is a fresh one-time link to the console.
func (s *stage) link(ctx context.Context) (string, error) {
	secret, err := s.house.Registry.NewLink(ctx, s.house.Registry.Operator())
	if err != nil {
		return "", fmt.Errorf("console link: %w", err)
	}
	return consoleURL(s.house.Config, s.address) + console.EnterPath + "#" + secret.Reveal(), nil
}

// consoleURL is how people reach the console.
func consoleURL(c app.Config, address string) string {
	switch {
	case c.URL != "":
		return c.URL
	case c.TLS.Certificate != "":
		return "https://" + address
	default:
		return "http://" + address
	}
}
