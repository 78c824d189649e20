// LancersHub is a freelancing marketplace in one binary: four PocketBase
// instances (users, projects, payments, messages) behind one gateway.
//
// This file is the table of contents: the commands and their options. What they
// do is in services/, what answers HTTP is in hooks/.
package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // people have time zones where the system has none (containers)

	"github.com/spf13/cobra"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// version is set by the build (-ldflags "-X main.version=...").
var version = "development"

//go:embed all:pb_public
var embedded embed.FS

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := newRoot().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "lancershub:", err)
		stop()
		os.Exit(1)
	}
}

// newRoot returns the command line.
func newRoot() *cobra.Command {
	var options services.Options
	root := &cobra.Command{
		Use: "lancershub", Short: "A freelancing marketplace in one binary", Version: version,
		SilenceUsage: true, SilenceErrors: true, CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.SetOut(os.Stdout)
	root.PersistentFlags().StringVar(&options.DataDir, "data", services.DefaultDataDir, "folder for all data")
	root.PersistentFlags().StringVar(&options.HTTPAddr, "http", services.DefaultHTTPAddr, "address to listen on")
	storageFlags(root.PersistentFlags(), &options.Storage)
	options.BackupStorage = backupStorage()
	root.AddCommand(serveCommand(&options), demoCommand(&options), superuserCommand(&options), migrateCommand(&options), ledgerCommand(&options), healthCommand(&options), backupCommand(&options), restoreCommand(&options), doctorCommand(&options), storageCommand(&options), auditCommand(&options))
	return root
}

// public is the web app as it is built into the binary.
func public() fs.FS {
	sub, err := fs.Sub(embedded, "pb_public")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return sub
}

// domainsOf reads domain names from the command line; none means all.
func domainsOf(args []string) ([]collections.Domain, error) {
	if len(args) == 0 {
		return collections.Domains, nil
	}
	domains := []collections.Domain{}
	for _, arg := range args {
		found := false
		for _, domain := range collections.Domains {
			found = found || arg == string(domain)
		}
		if !found {
			return nil, fmt.Errorf("there is no domain %q; there are users, projects, payments and messages", arg)
		}
		domains = append(domains, collections.Domain(arg))
	}
	return domains, nil
}

var errUnhealthy = errors.New("not ready")
