package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/demo"
	"github.com/lancershub/lancershub/hooks"
	"github.com/lancershub/lancershub/services"
)

const gatewayArg = "gateway"

func serveCommand(options *services.Options) *cobra.Command {
	var peers map[string]string
	var clocks map[string]string
	var minimums, fresh map[string]int64
	var networks []string
	var noRateLimits bool
	var readProvider func() error
	cmd := &cobra.Command{
		Use: "serve [users|projects|payments|messages|gateway]", Short: "Run the marketplace, one domain of it, or the gateway to four remote ones",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 && args[0] == gatewayArg {
				options.Domains = []collections.Domain{}
			} else if domains, err := domainsOf(args); err != nil {
				return err
			} else {
				options.Domains = domains
			}
			if err := readProvider(); err != nil {
				return err
			}
			options.Peers = peersOf(peers)
			options.NoRateLimits = noRateLimits
			options.MinimumPayouts, options.FreshAbove = minimums, fresh
			var err error
			if options.PreviewNetworks, err = networksOf(networks); err != nil {
				return err
			}
			options.Clocks = map[string]services.Timer{}
			for kind, setting := range clocks {
				timer, err := services.ParseClock(kind, setting)
				if err != nil {
					return err
				}
				options.Clocks[kind] = timer
			}
			started := time.Now()
			marketplace, err := services.Start(cmd.Context(), *options, hooks.Bind, public())
			if err != nil {
				return err
			}
			greet(marketplace, time.Since(started))
			err = marketplace.Wait(cmd.Context())
			fmt.Println("Stopping ...")
			if closeErr := marketplace.Close(); err == nil {
				err = closeErr
			}
			return err
		},
	}
	flags := cmd.Flags()
	readProvider = providerFlags(flags, options)
	flags.StringToStringVar(&peers, "peer", nil, "where a domain runs, as DOMAIN=URL (repeat; for serve DOMAIN and serve gateway)")
	flags.StringVar(&options.PublicURL, "public-url", "", "where people reach the marketplace (default http://ADDRESS)")
	flags.StringSliceVar(&options.AllowedOrigins, "origin", nil, "other web origins that may call the API")
	flags.BoolVar(&options.NoDashboards, "no-dashboards", false, "do not serve the admin UIs")
	flags.StringSliceVar(&options.SuperuserIPs, "superuser-ip", nil, "addresses superusers may sign in from (default any)")
	flags.BoolVar(&options.TrustProxy, "trust-proxy", false, "take client addresses from X-Forwarded-For (only behind a reverse proxy)")
	flags.BoolVar(&options.RequireVerified, "require-verified", false, "demand a verified e-mail before hiring, proposing or paying")
	flags.BoolVar(&noRateLimits, "no-rate-limits", false, "switch off the per-address rate limits (for load tests)")
	flags.StringToStringVar(&clocks, "clock", nil, "the length of a deadline and its reminders, as KIND=LENGTH[/REMINDER...], for example auto-release=14d/7d/2d (repeat)")
	flags.DurationVar(&options.MailAfter, "mail-after", 0, "how long something must be unread before a mail tells of it (default 10m)")
	flags.BoolVar(&options.LinkPreviews, "link-previews", false, "let the server look at pages that messages link to, and show their titles")
	flags.StringSliceVar(&networks, "link-preview-network", nil, "a network that is not public, to which links may lead nevertheless, as 10.1.0.0/16 (repeat)")
	flags.Int64Var(&options.SmallClaim, "small-claim", 0, "disputes up to this amount, in whole units of their currency, end half-way between the two positions instead of going to a moderator (default 50)")
	flags.StringToInt64Var(&fresh, "fresh-above", nil, "the largest amount of a currency, in minor units, that is released at once on a sign-in older than a quarter of an hour, for example EUR=500000 (repeat)")
	flags.StringToInt64Var(&minimums, "minimum-payout", nil, "the smallest payout of a currency in minor units, for example EUR=2000 (repeat)")
	flags.StringVar(&options.Company, "company", "", "who runs the marketplace, for invoices: name and address, lines separated by semicolons")
	flags.DurationVar(&options.SweepEvery, "sweep-every", 0, "how often unfinished work is looked for, beside being woken by commits (default 5s)")
	flags.DurationVar(&options.DecideAfter, "decide-after", 0, "how long a payment may stay undecided (default 2m)")
	return cmd
}

// peersOf reads --peer.
func peersOf(flags map[string]string) map[collections.Domain]string {
	peers := map[collections.Domain]string{}
	for name, url := range flags {
		peers[collections.Domain(name)] = strings.TrimRight(url, "/")
	}
	return peers
}

// networksOf reads --link-preview-network.
func networksOf(flags []string) (networks []netip.Prefix, err error) {
	for _, flag := range flags {
		network, err := netip.ParsePrefix(flag)
		if err != nil {
			return nil, fmt.Errorf("--link-preview-network: %w", err)
		}
		networks = append(networks, network)
	}
	return networks, nil
}

// greet says where to go.
func greet(m *services.Marketplace, took time.Duration) {
	fmt.Printf("LancersHub %s is ready after %d ms.\n", version, took.Milliseconds())
	if len(m.Options.Domains) == 1 {
		fmt.Printf("  %s answers its peers at http://%s\n", m.Options.Domains[0], m.Addr)
		return
	}
	fmt.Printf("  Marketplace   %s\n", m.URL)
	if !m.Options.NoDashboards {
		for _, domain := range collections.Domains {
			fmt.Printf("  Admin UI      %s%s/_/\n", m.URL, services.Prefix(domain))
		}
	}
	if accounts, err := os.ReadFile(services.DemoAccountsPath(m.Options.DataDir)); err == nil {
		fmt.Print(string(accounts))
	}
}

func demoCommand(options *services.Options) *cobra.Command {
	var seed uint64
	cmd := &cobra.Command{
		Use: "demo", Short: "Fill an empty data folder with a busy marketplace to look around in", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			info, err := os.Stdout.Stat()
			terminal := err == nil && info.Mode()&os.ModeCharDevice != 0
			started := time.Now()
			if err := demo.Load(cmd.Context(), demo.Options{DataDir: options.DataDir, Seed: seed, Out: os.Stdout, Terminal: terminal}); err != nil {
				return err
			}
			fmt.Printf("The demo data is in %s (%.1f s). Start with: lancershub serve --data %s\n", options.DataDir, time.Since(started).Seconds(), options.DataDir)
			return nil
		},
	}
	cmd.Flags().Uint64Var(&seed, "seed", 1, "the same seed on the same day gives the same data")
	return cmd
}

func superuserCommand(options *services.Options) *cobra.Command {
	parent := &cobra.Command{Use: "superuser", Short: "Manage the moderators' accounts"}
	parent.AddCommand(&cobra.Command{
		Use: "upsert EMAIL PASSWORD [DOMAIN ...]", Short: "Create a superuser on all four instances (or those named), or set their password",
		Long: "A superuser belongs to one instance; this writes the same one to all whose data is in --data.\nWith - as the password, one line of the standard input is the password, so that it is in no history and no list of processes.",
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			domains, err := domainsOf(args[2:])
			if err != nil {
				return err
			}
			password := args[1]
			if password == "-" {
				line, err := bufio.NewReader(io.LimitReader(cmd.InOrStdin(), 1000)).ReadString('\n')
				if err != nil && !errors.Is(err, io.EOF) {
					return err
				}
				password = strings.TrimSpace(line)
			}
			if err := services.UpsertSuperuser(*options, domains, args[0], password); err != nil {
				return err
			}
			fmt.Println("The superuser can sign in to the admin UI of", joined(domains)+".")
			return nil
		},
	})
	return parent
}

func joined(domains []collections.Domain) string {
	names := make([]string, len(domains))
	for i, domain := range domains {
		names[i] = string(domain)
	}
	return strings.Join(names, ", ")
}

func migrateCommand(options *services.Options) *cobra.Command {
	parent := &cobra.Command{Use: "migrate", Short: "Bring the schemas up to date, or one step back"}
	up := func(_ *cobra.Command, args []string) error {
		domains, err := domainsOf(args)
		if err != nil {
			return err
		}
		if err := services.MigrateUp(*options, domains); err != nil {
			return err
		}
		fmt.Println("The schemas are up to date.")
		return nil
	}
	down := func(_ *cobra.Command, args []string) error {
		domains, err := domainsOf(args)
		if err != nil {
			return err
		}
		reverted, err := services.MigrateDown(*options, domains)
		for _, name := range reverted {
			fmt.Println("Reverted", name)
		}
		return err
	}
	parent.AddCommand(
		&cobra.Command{Use: "up [DOMAIN ...]", Short: "Apply missing migrations", RunE: up},
		&cobra.Command{Use: "down [DOMAIN ...]", Short: "Revert the last migration of each domain; its data is lost", RunE: down},
	)
	return parent
}

func ledgerCommand(options *services.Options) *cobra.Command {
	parent := &cobra.Command{Use: "ledger", Short: "Look after the money"}
	parent.AddCommand(&cobra.Command{
		Use: "verify", Short: "Replay the ledger and compare everything that must agree", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			report, err := services.VerifyLedgerIn(*options)
			if err != nil {
				return err
			}
			fmt.Printf("%d transactions, %d entries, %d problems\n", report.Transactions, report.Entries, len(report.Problems))
			for _, problem := range report.Problems {
				fmt.Println(" ", problem)
			}
			if len(report.Problems) > 0 {
				return fmt.Errorf("the ledger does not add up")
			}
			return nil
		},
	})
	parent.AddCommand(&cobra.Command{
		Use: "reconcile", Short: "Compare ledger, payments, invoices, projects and the sandbox provider, also while they run", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			report, err := services.ReconcileIn(cmd.Context(), *options)
			if err != nil {
				return err
			}
			fmt.Printf("%d transactions, %d entries, %d unexplained\n", report.Transactions, report.Entries, report.Unexplained)
			for _, finding := range report.Findings {
				fmt.Println(" ", finding)
			}
			for _, waiting := range report.Waiting {
				fmt.Println("  under way:", waiting)
			}
			if report.Unexplained > 0 {
				return fmt.Errorf("something does not add up")
			}
			return nil
		},
	})
	parent.AddCommand(&cobra.Command{
		Use: "recount", Short: "Make the earnings book anew from the ledger, when verify finds that they differ", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := services.RecountEarningsIn(*options); err != nil {
				return err
			}
			fmt.Println("The earnings book was counted from the ledger.")
			return nil
		},
	})
	return parent
}

func healthCommand(options *services.Options) *cobra.Command {
	return &cobra.Command{
		Use: "health", Short: "Ask a running marketplace whether it is ready", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), 5*time.Second)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+options.HTTPAddr+services.ReadyPath, http.NoBody)
			if err != nil {
				return err
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				return fmt.Errorf("nothing answers at %s: %w", options.HTTPAddr, err)
			}
			defer res.Body.Close() //nolint:errcheck // read to the end below
			body, err := io.ReadAll(res.Body)
			if err != nil {
				return err
			}
			var pretty any
			if json.Unmarshal(body, &pretty) == nil {
				body, _ = json.MarshalIndent(pretty, "", "  ")
			}
			fmt.Println(string(body))
			if res.StatusCode != http.StatusOK {
				return errUnhealthy
			}
			return nil
		},
	}
}
