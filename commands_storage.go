package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// storageFlags says where files are kept. The environment is read for it here and
// nowhere else: secrets do not belong into a list of processes.
func storageFlags(flags *pflag.FlagSet, to *services.StorageOptions) {
	to.AccessKey, to.SecretKey = os.Getenv("LANCERSHUB_S3_ACCESS_KEY"), os.Getenv("LANCERSHUB_S3_SECRET_KEY")
	for _, domain := range collections.Domains {
		name := "LANCERSHUB_S3_" + strings.ToUpper(string(domain))
		to.SetKey(domain, os.Getenv(name+"_ACCESS_KEY"), os.Getenv(name+"_SECRET_KEY"))
	}
	for _, option := range []struct {
		target      *string
		name, env   string
		explanation string
	}{
		{&to.Endpoint, "s3-endpoint", "LANCERSHUB_S3_ENDPOINT", "S3 server for files as scheme://host:port (default: the embedded one)"},
		{&to.Region, "s3-region", "LANCERSHUB_S3_REGION", "its region"},
		{&to.Prefix, "s3-prefix", "LANCERSHUB_S3_PREFIX", "prefix of the buckets' names (default lancershub)"},
		{&to.PublicURL, "s3-public-url", "LANCERSHUB_S3_PUBLIC_URL", "where browsers reach it (default: /s3/ of the marketplace)"},
	} {
		flags.StringVar(option.target, option.name, os.Getenv(option.env), option.explanation+" [$"+option.env+"]")
	}
}

// backupStorage is the S3 server for backups, from the environment alone.
func backupStorage() services.StorageOptions {
	return services.StorageOptions{
		Endpoint: os.Getenv("LANCERSHUB_BACKUP_S3_ENDPOINT"), Region: os.Getenv("LANCERSHUB_BACKUP_S3_REGION"),
		AccessKey: os.Getenv("LANCERSHUB_BACKUP_S3_ACCESS_KEY"), SecretKey: os.Getenv("LANCERSHUB_BACKUP_S3_SECRET_KEY"),
	}
}

var errFilesDiffer = errors.New("records and files do not agree")

func storageCommand(options *services.Options) *cobra.Command {
	parent := &cobra.Command{Use: "storage", Short: "Look after the files"}
	parent.AddCommand(storageVerifyCommand(options), storageCopyCommand(options))
	return parent
}

func storageVerifyCommand(options *services.Options) *cobra.Command {
	var asJSON, mend bool
	cmd := &cobra.Command{
		Use: "verify", Short: "Compare records and files both ways, also while the marketplace runs", Args: cobra.NoArgs,
		Long: "Says which files are missing that records name, and which files no record has named for a day. Exit code 1 if there are any.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			report, err := services.VerifyStorage(cmd.Context(), *options, mend)
			if err != nil {
				return err
			}
			if mend {
				if err := services.AuditOperator(*options, collections.Domains, "storage verify --mend", "", map[string]any{"findings": len(report.Findings)}); err != nil {
					return err
				}
			}
			if asJSON {
				encoder := json.NewEncoder(cmd.OutOrStdout())
				encoder.SetIndent("", "  ")
				err = encoder.Encode(report)
			} else {
				printStorage(cmd, report)
			}
			if err == nil && report.Open() > 0 {
				return errFilesDiffer
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the report as JSON")
	cmd.Flags().BoolVar(&mend, "mend", false, "remove files that no record has named for a day")
	return cmd
}

func printStorage(cmd *cobra.Command, report *services.StorageReport) {
	for _, finding := range report.Findings {
		cmd.Printf("%-8s %s %s", finding.Problem, finding.Domain, finding.Key)
		if finding.Record != "" {
			cmd.Printf(" (%s of %s %s)", finding.Field, finding.Collection, finding.Record)
		}
		cmd.Println()
		if finding.Mended {
			cmd.Println("         removed")
		} else {
			cmd.Println("         →", finding.Mend)
		}
	}
	cmd.Printf("%d files of records, %d objects (%.1f MB), %d too new to tell, %d findings.\n",
		report.Records, report.Objects, float64(report.Bytes)/1e6, report.Recent, len(report.Findings))
}

func storageCopyCommand(options *services.Options) *cobra.Command {
	to := services.StorageOptions{AccessKey: os.Getenv("LANCERSHUB_S3_TO_ACCESS_KEY"), SecretKey: os.Getenv("LANCERSHUB_S3_TO_SECRET_KEY")}
	cmd := &cobra.Command{
		Use: "copy --to scheme://host:port", Short: "Copy all files to another storage; run again, it goes on where it was", Args: cobra.NoArgs,
		Long: "Copies from the storage that is configured to the one named (keys: $LANCERSHUB_S3_TO_ACCESS_KEY, $LANCERSHUB_S3_TO_SECRET_KEY;\n" +
			"--to embedded is the embedded one). Copy once while the marketplace runs, stop it, copy again, start it with the new storage.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if to.Endpoint == "" {
				return errors.New("say where to: --to scheme://host:port, or --to embedded")
			}
			if to.Endpoint == "embedded" {
				to.Endpoint = ""
			}
			show := progressOn(cmd.OutOrStdout())
			report, err := services.CopyStorage(cmd.Context(), *options, to, func(domain collections.Domain, done, all int64) {
				show("copying files of "+string(domain), float64(done)/float64(max(all, 1)))
			})
			if report == (services.CopyReport{}) && err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "\n%d files copied (%.1f MB), %d were there.\n", report.Copied, float64(report.Bytes)/1e6, report.Skipped)
			return err
		},
	}
	cmd.Flags().StringVar(&to.Endpoint, "to", "", "the target: scheme://host:port, or embedded")
	cmd.Flags().StringVar(&to.Region, "to-region", "", "its region")
	cmd.Flags().StringVar(&to.Prefix, "to-prefix", "", "prefix of its buckets' names (default: the same)")
	return cmd
}
