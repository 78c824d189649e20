package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// terminal tells whether progress can be drawn over itself.
func terminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// progressOn shows progress: a moving line on a terminal, a line per step elsewhere.
func progressOn(out io.Writer) services.BackupProgress {
	last, live := "", terminal(out)
	return func(what string, share float64) {
		switch {
		case live:
			if last != "" && last != what {
				fmt.Fprintln(out)
			}
			fmt.Fprintf(out, "\r%-24s %3.0f %%", what, 100*share)
			if share >= 1 && what != last {
				fmt.Fprint(out, " ")
			}
		case what != last:
			fmt.Fprintln(out, what, "...")
		}
		last = what
	}
}

func backupCommand(options *services.Options) *cobra.Command {
	var to string
	var keep int
	cmd := &cobra.Command{
		Use: "backup", Short: "Back up all four domains as they are at one moment, also while they run", Args: cobra.NoArgs,
		Long: "Writes a folder with the four databases, the files, the keys and a manifest. Nobody waits for it.\n" +
			"--to s3://BUCKET/PREFIX is on $LANCERSHUB_BACKUP_S3_ENDPOINT (_REGION, _ACCESS_KEY, _SECRET_KEY), or on the S3 server for files.\n" +
			"The backup holds the keys of the installation: whoever has it can read and sign everything. Keep it as secret as the data.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, manifest, err := services.Backup(cmd.Context(), *options, to, version, progressOn(cmd.OutOrStdout()))
			if err != nil {
				return err
			}
			var size int64
			for _, file := range manifest.Files {
				size += file.Size
			}
			for _, object := range manifest.Objects {
				size += object.Size
			}
			cmd.Printf("\n%s has all four domains as they were at %s (%.1f MB).\n", path, manifest.TakenAt.Format(time.RFC3339), float64(size)/1e6)
			cmd.Printf("Try it out with: lancershub restore %s --verify\n", path)
			if keep == 0 {
				return nil
			}
			removed, err := services.PruneBackups(cmd.Context(), *options, to, keep)
			for _, name := range removed {
				cmd.Println("Removed", name)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&to, "to", "./lh_backups", "folder in which the backup's folder is made, or s3://BUCKET/PREFIX")
	cmd.Flags().IntVar(&keep, "keep", 0, "afterwards remove all but the newest N backups (0 keeps all)")
	return cmd
}

func restoreCommand(options *services.Options) *cobra.Command {
	var how services.RestoreOptions
	var only []string
	cmd := &cobra.Command{
		Use: "restore BACKUP", Short: "Restore a backup, or try with --verify whether it could be", Args: cobra.ExactArgs(1),
		Long: "BACKUP is a folder that backup made, or s3://BUCKET/PREFIX/NAME (see lancershub backup --help).\n" +
			"Checks every file, opens every database, replays the ledger, and only then puts the data in its place.\n" +
			"When the marketplace starts again, the instances compare what they know; no money leaves before they agree.",
		RunE: func(cmd *cobra.Command, args []string) error {
			domains, err := domainsOf(only)
			if err != nil {
				return err
			}
			how.Domains = domains
			report, err := services.Restore(cmd.Context(), *options, args[0], how, progressOn(cmd.OutOrStdout()))
			if err != nil {
				return err
			}
			cmd.Printf("\nThe backup of %s is sound: %d rows", report.Manifest.TakenAt.Format(time.RFC3339), report.Rows)
			if report.Ledger != nil {
				cmd.Printf(", %d ledger transactions that add up", report.Ledger.Transactions)
			}
			cmd.Println(".")
			for _, folder := range report.Replaced {
				cmd.Println("The data that was there is now", folder)
			}
			if how.VerifyOnly {
				cmd.Println("Nothing was changed (--verify).")
				return nil
			}
			cmd.Printf("It is in %s. Start the marketplace; `lancershub doctor` tells when the instances agree again.\n", options.DataDir)
			return nil
		},
	}
	cmd.Flags().BoolVar(&how.VerifyOnly, "verify", false, "only try: restore into a folder that is thrown away")
	cmd.Flags().BoolVar(&how.Replace, "replace", false, "move data that is in the way aside")
	cmd.Flags().StringSliceVar(&only, "only", nil, "restore these domains only; their peers tell them again what they forgot")
	cmd.AddCommand(&cobra.Command{
		Use: "accept", Short: "Let money leave again although peers know more than was restored", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			epochs, err := services.Epochs(*options, collections.Domains)
			if err != nil {
				return err
			}
			if len(epochs) == 0 {
				cmd.Println("No restore waits to be accepted.")
				return nil
			}
			for _, domain := range collections.Domains {
				epoch := epochs[domain]
				if epoch == nil {
					continue
				}
				cmd.Printf("%s, restored to %s:\n", domain, time.UnixMilli(epoch.TakenAt).UTC().Format(time.RFC3339))
				for _, finding := range strings.Fields(epoch.Findings) {
					cmd.Println("  unknown here:", finding)
				}
			}
			if err := services.AcceptEpochs(*options); err != nil {
				return err
			}
			cmd.Println("Accepted: money may leave again.")
			return nil
		},
	})
	return cmd
}

func doctorCommand(options *services.Options) *cobra.Command {
	var asJSON, all bool
	var peers map[string]string
	var where services.DoctorOptions
	var readProvider func() error
	cmd := &cobra.Command{
		Use: "doctor [DOMAIN ...]", Short: "Look for everything that is wrong with an installation, and say how to mend it",
		Long: "Looks at data, keys, schema, rules, files, ledger, events, restores, mail, provider, disk, durability, port, peers, clocks and backups,\n" +
			"whether the marketplace runs or not, and changes nothing. Exit code 1 if something is an error.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				domains, err := domainsOf(args)
				if err != nil {
					return err
				}
				where.Domains = domains
			}
			if err := readProvider(); err != nil {
				return err
			}
			options.Peers = peersOf(peers)
			options.Logger = slog.New(slog.DiscardHandler)
			findings := services.Doctor(cmd.Context(), *options, where)
			if asJSON {
				encoder := json.NewEncoder(cmd.OutOrStdout())
				encoder.SetIndent("", "  ")
				if err := encoder.Encode(findings); err != nil {
					return err
				}
				return services.Verdict(findings)
			}
			printFindings(cmd, findings, all)
			return services.Verdict(findings)
		},
	}
	readProvider = providerFlags(cmd.Flags(), options)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the findings as JSON")
	cmd.Flags().BoolVarP(&all, "verbose", "v", false, "print also what is well")
	cmd.Flags().StringToStringVar(&peers, "peer", nil, "where a domain runs that is not in this data folder, as DOMAIN=URL (repeat)")
	cmd.Flags().StringVar(&where.Backups, "backups", "", "where backups are kept, a folder or s3://BUCKET/PREFIX: look whether there is a recent one")
	return cmd
}

// printFindings prints what is wrong, what is wrong with several domains once.
func printFindings(cmd *cobra.Command, findings []services.Finding, all bool) {
	counts := map[services.Level]int{}
	order := []services.Finding{}
	domains := map[services.Finding][]string{}
	for _, f := range findings {
		counts[f.Level]++
		if f.Level == services.LevelOK && !all {
			continue
		}
		same := f
		same.Domain = ""
		if _, seen := domains[same]; !seen {
			order = append(order, same)
			domains[same] = nil
		}
		if f.Domain != "" {
			domains[same] = append(domains[same], string(f.Domain))
		}
	}
	for _, f := range order {
		subject := f.Check
		if len(domains[f]) > 0 {
			subject += " of " + strings.Join(domains[f], ", ")
		}
		cmd.Printf("%-8s %s: %s\n", strings.ToUpper(string(f.Level)), subject, f.Message)
		if f.Mend != "" {
			cmd.Println("         →", f.Mend)
		}
	}
	cmd.Printf("%d errors, %d warnings, %d checks passed.\n", counts[services.LevelError], counts[services.LevelWarning], counts[services.LevelOK])
}
