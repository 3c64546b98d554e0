package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cordonmail/cordon/app"
	"github.com/cordonmail/cordon/mailsink"
)

// The scripts under testdata drive the real command line. They are test,
// example and documentation at once.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"cordon": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("CORDON_DATA", filepath.Join(env.WorkDir, "data"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"fails": fails, "keep": keep, "house": runHouse,
		},
	})
}

// fails STATUS COMMAND… runs a command that must end with exactly this status.
func fails(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: fails STATUS COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != want {
		ts.Fatalf("ended with %v, want status %d\n%s", err, want, ts.ReadFile("stderr"))
	}
}

// keep VAR KEY… puts a value of the JSON on stdout into a variable.
func keep(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: keep VAR KEY…")
	}
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &v))
	for _, key := range args[1:] {
		switch inner := v.(type) {
		case map[string]any:
			v = inner[key]
		case []any:
			i, err := strconv.Atoi(key)
			ts.Check(err)
			if i >= len(inner) {
				ts.Fatalf("%s: only %d there", key, len(inner))
			}
			v = inner[i]
		}
	}
	text, ok := v.(string)
	if !ok {
		ts.Fatalf("%s is %v, no text", strings.Join(args[1:], "."), v)
	}
	ts.Setenv(args[0], text)
}

// runHouse runs a house on the data folder, with a receiving server behind it,
// until the script ends. URL is where it listens.
func runHouse(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: house")
	}
	sink, err := mailsink.Listen("127.0.0.1:0", mailsink.Config{Keep: 10})
	ts.Check(err)
	config := app.DefaultConfig()
	config.Data, config.Listen = ts.Getenv("CORDON_DATA"), "127.0.0.1:0"
	config.Relay.Address, config.Relay.TLS = sink.Address(), "off"
	ctx, cancel := context.WithCancel(context.Background())
	house, err := app.Open(ctx, config, app.Options{Log: app.NewLog(io.Discard, config.Log)})
	ts.Check(err)
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() { done <- house.Run(ctx, func(address string) { ready <- address }) }()
	select {
	case address := <-ready:
		ts.Setenv("URL", "http://"+address)
	case err := <-done:
		ts.Fatalf("the house does not run: %v", err)
	}
	ts.Defer(func() {
		cancel()
		if err := errors.Join(<-done, house.Close(), sink.Close()); err != nil {
			ts.Logf("the house ended: %v", err)
		}
	})
}

func TestEveryVerbHasWordsAndAnExample(t *testing.T) {
	root := (&shell{getenv: func(string) string { return "" }}).root()
	for _, cmd := range root.Commands() {
		for _, verb := range append(cmd.Commands(), cmd) {
			noun := verb.HasSubCommands() && !verb.HasExample()
			if verb.Short == "" || verb.Example == "" && !noun {
				t.Errorf("%s has no words or no example", verb.CommandPath())
			}
		}
	}
}
