package main

import (
	"os"

	"github.com/spf13/pflag"

	"github.com/lancershub/lancershub/services"
)

// storageFlags says where files are kept. The environment is read for it here and
// nowhere else: secrets do not belong into a list of processes.
func storageFlags(flags *pflag.FlagSet, to *services.StorageOptions) {
	to.AccessKey, to.SecretKey = os.Getenv("LANCERSHUB_S3_ACCESS_KEY"), os.Getenv("LANCERSHUB_S3_SECRET_KEY")
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
