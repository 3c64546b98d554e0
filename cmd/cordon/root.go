package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cordonmail/cordon"
)

// version is set by the release build with -ldflags "-X main.version=…".
const unreleased = "dev"

var version = unreleased

// shell is what a verb runs in: its streams and the flags every verb has.
type shell struct {
	in     io.Reader
	out    io.Writer // the answer, nothing else
	err    io.Writer // progress, faults, remarks
	getenv func(string) string

	data     string
	database string
	server   string
	keyFile  string
	as       string
	json     bool

	conn *client // opened by the first call
}

// run executes one command line and answers its exit status: 0 when what was
// said holds, 1 when not, 2 for wrong use.
func run(args []string, sh *shell) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	root := sh.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if sh.conn != nil {
		err = errors.Join(err, sh.conn.close())
	}
	return sh.report(err)
}

// wrongUse is an error of the command line itself.
type wrongUse struct{ error }

func (w wrongUse) Unwrap() error { return w.error }

func misused(field, message, remedy string) error {
	return wrongUse{cordon.InvalidField(field, message, remedy)}
}

// silent ends with a status and no words: they were said already.
type silent struct{ status int }

func (s silent) Error() string { return fmt.Sprintf("status %d", s.status) }

// report prints an error as "cordon: field: message" and "fix: remedy".
func (sh *shell) report(err error) int {
	if err == nil {
		return 0
	}
	var quiet silent
	if errors.As(err, &quiet) {
		return quiet.status
	}
	var e *cordon.Error
	if !errors.As(err, &e) {
		e = &cordon.Error{Message: err.Error()}
		if strings.HasPrefix(err.Error(), "unknown command") {
			err = wrongUse{err}
			e.Remedy = "cordon --help lists every command"
		}
	}
	line := e.Message
	if e.Field != "" {
		line = e.Field + ": " + line
	}
	fmt.Fprintf(sh.err, "cordon: %s\n", line)
	if e.Remedy != "" {
		fmt.Fprintf(sh.err, "fix: %s\n", e.Remedy)
	}
	sh.faults(e.Faults)
	var w wrongUse
	if errors.As(err, &w) {
		return 2
	}
	return 1
}

const faultsShown = 50

// faults lists what is wrong, one line each, when there is more than one thing.
func (sh *shell) faults(faults []cordon.Fault) {
	if len(faults) < 2 {
		return
	}
	for i, f := range faults {
		if i == faultsShown {
			fmt.Fprintf(sh.err, "  … and %d more\n", len(faults)-i)
			return
		}
		fmt.Fprintf(sh.err, "  %s\n", faultText(f))
	}
}

func faultText(f cordon.Fault) string {
	text := f.Message
	if f.Field != "" {
		text = f.Field + ": " + text
	}
	if f.Line > 0 {
		text = fmt.Sprintf("line %d: %s", f.Line, text)
	}
	if f.Remedy != "" {
		text += " (" + f.Remedy + ")"
	}
	return text
}

// root is the whole command line.
func (sh *shell) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "cordon",
		Short:         "Send mail that can be stopped at once and accounted for exactly",
		Long:          "Cordon sends an organisation's mail, judges every send before it spreads,\nstops what goes wrong at once, and says exactly who got what.",
		Example:       "  cordon demo\n  cordon stop --tenant northside --reason 'wrong date column'\n  cordon assess --dispatch dsp_… --csv > affected.csv",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.ArbitraryArgs,
	}
	root.RunE = func(cmd *cobra.Command, args []string) error { return unknownVerb(cmd, args) }
	root.SetOut(sh.out)
	root.SetErr(sh.err)
	root.SetIn(sh.in)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return misused(strings.TrimPrefix(cmd.CommandPath(), "cordon "), err.Error(), cmd.CommandPath()+" --help shows its flags")
	})
	flags := root.PersistentFlags()
	flags.StringVar(&sh.data, "data", sh.env("CORDON_DATA", "./cordon-data"), "data folder (env CORDON_DATA)")
	flags.StringVar(&sh.database, "database", sh.env("CORDON_DATABASE", ""), "postgres://… instead of the embedded database (env CORDON_DATABASE)")
	flags.StringVar(&sh.server, "server", sh.env("CORDON_SERVER", ""), "URL of a running Cordon; needs a key (env CORDON_SERVER)")
	flags.StringVar(&sh.keyFile, "key-file", "", "file that holds the key, instead of the variable CORDON_KEY")
	flags.StringVar(&sh.as, "as", "", "act for this account, by ID or name; only with the data folder")
	flags.BoolVar(&sh.json, "json", false, "answer with one JSON object")
	root.AddCommand(sh.commands()...)
	for _, cmd := range root.Commands() {
		checkArgs(cmd)
	}
	return root
}

// commands lists every noun and verb, in the order of help.
func (sh *shell) commands() []*cobra.Command {
	return []*cobra.Command{
		demoCommand(), serveCommand(),
		sh.statusCommand(), sh.migrateCommand(), sh.versionCommand(),
		sh.tenantCommand(), sh.domainCommand(), sh.hostCommand(), sh.accountCommand(), sh.keyCommand(),
		sh.recipientsCommand(), sh.audienceCommand(), sh.templateCommand(), sh.suppressCommand(), sh.decoyCommand(),
		sh.sendCommand(), sh.dispatchesCommand(), sh.holdsCommand(), sh.holdCommand(), sh.releaseCommand(), sh.discardCommand(),
		sh.stagesCommand(), sh.stageCommand(), sh.stopCommand(), sh.liftCommand(), sh.stopsCommand(),
		sh.complaintCommand(), sh.incidentCommand(), sh.reportCommand(), sh.problemCommand(), sh.genuineCommand(), sh.assessCommand(), sh.ledgerCommand(), sh.verifyCommand(), sh.signalsCommand(),
		sh.noticeCommand(), sh.clockCommand(), sh.contactCommand(),
		sh.screenCommand(), sh.inspectCommand(), sh.evalCommand(),
		sh.onCallCommand(), sh.pageCommand(),
		sh.announceCommand(), sh.statuspageCommand(),
		sh.drillCommand(), benchCommand(),
	}
}

// noun groups verbs.
func noun(use, short string, verbs ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: cobra.ArbitraryArgs, RunE: unknownVerb}
	cmd.AddCommand(verbs...)
	return cmd
}

// unknownVerb shows help to who asks for nothing, and says so to who misspells.
func unknownVerb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		cmd.SetOut(cmd.ErrOrStderr())
		if err := cmd.Help(); err != nil {
			return err
		}
		return silent{2}
	}
	field := strings.TrimPrefix(strings.TrimPrefix(cmd.CommandPath(), "cordon"), " ")
	return misused(field, "there is no command "+args[0], cmd.CommandPath()+" --help lists them")
}

// checkArgs turns every complaint about arguments into wrong use, and gives a
// noun without verbs of its own the same answer to a misspelt one.
func checkArgs(cmd *cobra.Command) {
	if cmd.HasSubCommands() && !cmd.Runnable() {
		cmd.Args, cmd.RunE = cobra.ArbitraryArgs, unknownVerb
	}
	if inner := cmd.Args; inner != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := inner(cmd, args); err != nil {
				return misused(strings.TrimPrefix(cmd.CommandPath(), "cordon "), err.Error(), "use: "+cmd.UseLine())
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		checkArgs(sub)
	}
}

// require says which flags must be given.
func require(flags *pflag.FlagSet, names ...string) error {
	for _, name := range names {
		if f := flags.Lookup(name); f == nil || f.Value.String() == "" || f.Value.String() == "[]" {
			return misused("--"+name, "is missing", "give --"+name)
		}
	}
	return nil
}

func (sh *shell) env(name, otherwise string) string {
	if v := sh.getenv(name); v != "" {
		return v
	}
	return otherwise
}

// answer prints v as JSON when that was asked for, and otherwise calls show.
func (sh *shell) answer(v any, show func()) error {
	if !sh.json {
		show()
		return nil
	}
	enc := json.NewEncoder(sh.out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

func (sh *shell) say(format string, args ...any)  { fmt.Fprintf(sh.out, format+"\n", args...) }
func (sh *shell) note(format string, args ...any) { fmt.Fprintf(sh.err, format+"\n", args...) }
