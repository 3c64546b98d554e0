package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon/app"
	"github.com/cordonmail/cordon/console"
)

func serveCommand() *cobra.Command {
	var file, data, database, listen, relay string
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run a house: accept, judge, send, contain",
		Long: "Runs until SIGINT or SIGTERM, then finishes what is in flight and stops.\n" +
			"Every setting is documented in cordon.example.toml and can be given by environment.",
		Example: "  cordon serve --config /etc/cordon.toml\n  CORDON_RELAY_ADDRESS=smtp.example.org:587 cordon serve",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			config, err := app.LoadConfig(file, os.Getenv)
			if err != nil {
				return err
			}
			for flag, target := range map[string]*string{"data": &config.Data, "database": &config.Database, "listen": &config.Listen, "relay": &config.Relay.Address} {
				if cmd.Flags().Changed(flag) {
					*target = cmd.Flag(flag).Value.String()
				}
			}
			log := app.NewLog(cmd.ErrOrStderr(), config.Log)
			house, err := app.Open(ctx, config, app.Options{Log: log})
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, house.Close()) }()
			if config.Relay.Address == "" {
				log.Warn("no relay is set: mail is accepted and waits", "setting", "relay.address")
			}
			return house.Run(ctx, func(address string) {
				link, err := house.Registry.NewLink(ctx, house.Registry.Operator())
				if err != nil {
					log.Error("no console link", "error", err)
					return
				}
				// To the terminal, never to the log: the link is a credential.
				fmt.Fprintf(cmd.OutOrStdout(), "Console (one-time link, 15 minutes): %s%s#%s\n", consoleURL(config, address), console.EnterPath, link.Reveal())
			})
		},
	}
	f := c.Flags()
	f.StringVar(&file, "config", "", "TOML file (see cordon.example.toml)")
	f.StringVar(&data, "data", "./cordon-data", "folder of the embedded database, master key and journal")
	f.StringVar(&database, "database", "", "postgres://… to share one database between nodes (default: embedded)")
	f.StringVar(&listen, "listen", "127.0.0.1:8025", "where console, API and metrics listen")
	f.StringVar(&relay, "relay", "", "host:port of the smarthost")
	return c
}
