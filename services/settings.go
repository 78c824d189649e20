package services

import (
	"encoding/json"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// appName is what the marketplace is called in mails, and on invoices without a company.
const appName = "LancersHub"

// Prefix is the path under which the gateway publishes a domain.
func Prefix(domain collections.Domain) string {
	if domain == collections.DomainMessages {
		return "/api/chats"
	}
	return "/api/" + string(domain)
}

// applySettings writes the same options to every instance. PocketBase keeps
// settings four times, once per instance; nothing is written when they are right.
func applySettings(app core.App, domain collections.Domain, options Options, files *FileStore) error {
	settings, err := app.Settings().Clone()
	if err != nil {
		return err
	}
	before, err := json.Marshal(settings)
	if err != nil {
		return err
	}
	settings.Meta.AppName = appName
	settings.Meta.AppURL = options.PublicURL + Prefix(domain) // links in mails go through the gateway
	settings.Batch.Enabled = false                            // a batch runs every hook in one transaction
	settings.SuperuserIPs = options.SuperuserIPs
	settings.TrustedProxy.Headers = nil
	if options.TrustProxy {
		settings.TrustedProxy.Headers = []string{"X-Forwarded-For"}
	}
	settings.RateLimits.Enabled = !options.NoRateLimits
	settings.RateLimits.Rules = []core.RateLimitRule{
		{Label: "*:auth", MaxRequests: 60, Duration: 10},
		{Label: "*:create", MaxRequests: 200, Duration: 10},
		{Label: InternalPrefix, MaxRequests: 1_000_000, Duration: 1}, // peers hold a service token
		{Label: "/api/", MaxRequests: 3000, Duration: 10},
	}
	if files != nil {
		settings.S3 = core.S3Config{
			Enabled: true, Bucket: files.Bucket, Region: files.Region, Endpoint: files.URL,
			AccessKey: files.Access, Secret: files.Secret, ForcePathStyle: true,
		}
	}
	after, err := json.Marshal(settings)
	if err != nil || string(before) == string(after) {
		return err
	}
	return app.Save(settings)
}
