package main

import (
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
)

func (sh *shell) contactAdd() *cobra.Command {
	var account, channel, target, file string
	cmd := &cobra.Command{
		Use: "add NAME [--channel C --target T]", Short: "Add somebody who can be woken",
		Long:    "Add somebody who can be woken. With --channel and --target a code is sent there at\nonce; cordon oncall contact verify gives it back.",
		Example: "  cordon oncall contact add 'Duty engineer' --channel mail --target duty@house.example\n  cordon oncall contact verify met_… 123456", Args: cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&account, "account", "", "the person's account, by ID")
	methodFlags(cmd, &channel, &target, &file)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		body := map[string]any{"name": args[0]}
		putText(body, "account", account)
		var method map[string]any
		if channel != "" {
			to, err := sh.target(target, file)
			if err != nil {
				return err
			}
			method = map[string]any{"channel": channel, "target": to}
		}
		var c cordon.OnCallContact
		if err := sh.ask(cmd.Context(), request{method: post, path: "/v1/oncall/contacts", json: body}, &c); err != nil {
			return err
		}
		if method != nil {
			var m cordon.ContactMethod
			if err := sh.ask(cmd.Context(), request{method: post, path: "/v1/oncall/contacts/" + string(c.ID) + "/methods", json: method}, &m); err != nil {
				sh.note("the contact %s was added; its method was not", c.ID)
				return err
			}
			c.Methods = append(c.Methods, m)
		}
		return sh.answer(c, func() {
			sh.say("contact %s", c.ID)
			for _, m := range c.Methods {
				sh.sayMethod(m)
			}
		})
	}
	return cmd
}

func methodFlags(cmd *cobra.Command, channel, target, file *string) {
	cmd.Flags().StringVar(channel, "channel", "", "mail, sms, webhook, pagerduty, alertmanager or slack")
	cmd.Flags().StringVar(target, "target", "", "address, telephone number, URL or integration key")
	cmd.Flags().StringVar(file, "target-file", "", "file that holds it, - for standard input: a URL can be a secret")
}

// target is where a method leads, from the flag or a file.
func (sh *shell) target(text, file string) (string, error) {
	switch file {
	case "":
	case "-":
		raw, err := io.ReadAll(io.LimitReader(sh.in, 4096))
		if err != nil {
			return "", cordon.InvalidField("--target-file", "standard input cannot be read", "")
		}
		text = strings.TrimSpace(string(raw))
	default:
		raw, err := os.ReadFile(file)
		if err != nil {
			return "", cordon.InvalidField("--target-file", "cannot be read", "name a file this user may read")
		}
		text = strings.TrimSpace(string(raw))
	}
	if text == "" {
		return "", misused("--target", "is missing", "give --target or --target-file")
	}
	return text, nil
}

func (sh *shell) sayMethod(m cordon.ContactMethod) {
	sh.say("method  %s  %s  %s", m.ID, m.Channel, m.Hint)
	if m.VerifiedAt.IsZero() {
		sh.say("a code was sent there: cordon oncall contact verify %s CODE", m.ID)
	}
}

func (sh *shell) contactMethod() *cobra.Command {
	var channel, target, file, remove string
	cmd := &cobra.Command{
		Use: "method CONTACT --channel C --target T", Short: "Add a way to reach a contact; a code is sent there",
		Example: "  cordon oncall contact method 'Duty engineer' --channel sms --target +4712345678\n  cordon oncall contact method 'Duty engineer' --channel slack --target-file hook.txt\n  cordon oncall contact method 'Duty engineer' --remove met_…", Args: cobra.ExactArgs(1),
	}
	methodFlags(cmd, &channel, &target, &file)
	cmd.Flags().StringVar(&remove, "remove", "", "remove this method instead")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if remove != "" {
			if err := sh.ask(cmd.Context(), request{method: del, path: "/v1/oncall/methods/" + remove}, nil); err != nil {
				return err
			}
			return sh.answer(map[string]string{"removed": remove}, func() { sh.say("%s: removed", remove) })
		}
		if err := require(cmd.Flags(), "channel"); err != nil {
			return err
		}
		to, err := sh.target(target, file)
		if err != nil {
			return err
		}
		id, err := sh.contactID(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		var m cordon.ContactMethod
		if err := sh.ask(cmd.Context(), request{method: post, path: "/v1/oncall/contacts/" + string(id) + "/methods", json: map[string]any{"channel": channel, "target": to}}, &m); err != nil {
			return err
		}
		return sh.answer(m, func() { sh.sayMethod(m) })
	}
	return cmd
}

func (sh *shell) contactVerify() *cobra.Command {
	return &cobra.Command{
		Use: "verify METHOD CODE", Short: "Give back the code that was sent: the method is used from then on",
		Example: "  cordon oncall contact verify met_… 123456", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := sh.ask(cmd.Context(), request{method: post, path: "/v1/oncall/methods/" + args[0] + "/verify", json: map[string]any{"code": args[1]}}, nil); err != nil {
				return err
			}
			return sh.answer(map[string]string{"verified": args[0]}, func() { sh.say("%s: verified", args[0]) })
		},
	}
}

func (sh *shell) contactCode() *cobra.Command {
	return sh.onCallDo("code METHOD", "Send a new code; the one before is void", "  cordon oncall contact code met_…", func(args []string) (request, string) {
		return request{method: post, path: "/v1/oncall/methods/" + args[0] + "/code"}, "sent"
	}, 1)
}

func (sh *shell) contactRules() *cobra.Command {
	var rules []string
	cmd := &cobra.Command{
		Use: "rules CONTACT --rule METHOD=MINUTES …", Short: "How a contact is woken: which method after how long, in order",
		Long:    "How a contact is woken: which method after how long, in order. Without a rule every\nverified method is used at once.",
		Example: "  cordon oncall contact rules 'Duty engineer' --rule met_a…=0 --rule met_b…=5", Args: cobra.ExactArgs(1),
	}
	cmd.Flags().StringArrayVar(&rules, "rule", nil, "a method and its delay in minutes")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		id, err := sh.contactID(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		var c cordon.OnCallContact
		path := "/v1/oncall/contacts/" + string(id)
		if err := sh.ask(cmd.Context(), request{method: get, path: path}, &c); err != nil {
			return err
		}
		list := []cordon.NotifyRule{}
		for _, r := range rules {
			method, minutes, _ := strings.Cut(r, "=")
			n, err := strconv.Atoi(minutes)
			if err != nil {
				return misused("--rule", "does not take "+r, "give METHOD=MINUTES")
			}
			list = append(list, cordon.NotifyRule{Method: cordon.MethodID(method), DelayMinutes: n})
		}
		body := map[string]any{"name": c.Name, "rules": list}
		putText(body, "account", string(c.Account))
		if err := sh.ask(cmd.Context(), request{method: put, path: path, json: body}, &c); err != nil {
			return err
		}
		return sh.answer(c, func() { sh.say("%s: %d rules", c.ID, len(c.Rules)) })
	}
	return cmd
}

func (sh *shell) contactList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the people who can be woken, and which of their methods are verified",
		Example: "  cordon oncall contact list", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := sh.onCallList(cmd.Context())
			if err != nil {
				return err
			}
			return sh.answer(list, func() {
				var rows [][]string
				for _, c := range list.Items {
					if len(c.Methods) == 0 {
						rows = append(rows, []string{string(c.ID), c.Name, "-", "-", "-", "-"})
					}
					for _, m := range c.Methods {
						verified := "not yet"
						if !m.VerifiedAt.IsZero() {
							verified = stamp(m.VerifiedAt)
						}
						rows = append(rows, []string{string(c.ID), c.Name, string(m.ID), string(m.Channel), m.Hint, verified})
					}
				}
				sh.table("CONTACT NAME METHOD CHANNEL TARGET VERIFIED", rows)
			})
		},
	}
}

func (sh *shell) contactRemove() *cobra.Command {
	return &cobra.Command{
		Use: "remove CONTACT", Short: "Remove a contact that no schedule, policy or fallback names", Example: "  cordon oncall contact remove 'Duty engineer'", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := sh.contactID(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if err := sh.ask(cmd.Context(), request{method: del, path: "/v1/oncall/contacts/" + string(id)}, nil); err != nil {
				return err
			}
			return sh.answer(map[string]string{"removed": string(id)}, func() { sh.say("%s: removed", id) })
		},
	}
}
