package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/lancershub/lancershub/services"
)

var errAuditBroken = errors.New("an audit log was changed")

// auditCommand shows what people with power did, and whether the log is whole.
func auditCommand(options *services.Options) *cobra.Command {
	var quiet bool
	cmd := &cobra.Command{
		Use: "audit [DOMAIN ...]", Short: "Show what superusers and operators did, and verify that nothing of it was changed",
		Long: "Prints the audit log of each domain and its last hash. Write the hash down elsewhere: a later run that does not pass\n" +
			"through it shows that rows were changed or taken away. Exit code 1 if a chain is broken.",
		RunE: func(cmd *cobra.Command, args []string) error {
			domains, err := domainsOf(args)
			if err != nil {
				return err
			}
			for _, domain := range domains {
				cmd.Println(domain)
				report, verifyErr := services.VerifyAuditIn(*options, domain, func(row services.AuditRow) {
					if !quiet {
						cmd.Printf("  %d %s %s: %s %s %s\n", row.Seq, time.UnixMilli(row.At).UTC().Format(time.RFC3339), row.Actor, row.Action, row.Subject, row.Details)
					}
				})
				if verifyErr != nil {
					return verifyErr
				}
				cmd.Printf("  %d rows, last hash %s\n", report.Rows, report.Head)
				for _, problem := range report.Problems {
					cmd.Println("  ", problem)
					err = errAuditBroken
				}
			}
			return err
		},
	}
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "print only the last hashes")
	return cmd
}
