package services

import (
	"net/netip"
	"strings"
	"testing"
)

func TestLinksLeadToPublicAddressesOnly(t *testing.T) {
	intranet := []netip.Prefix{netip.MustParsePrefix("10.20.0.0/16")}
	for address, want := range map[string]bool{
		"93.184.215.14:443": true, "93.184.215.14:80": true, "[2606:4700::6810:84e5]:443": true,
		"10.20.3.4:8080": true, "[::ffff:10.20.3.4]:80": true, // what the operator allows
		"93.184.215.14:22": false, "127.0.0.1:80": false, "10.0.0.1:80": false, "192.168.1.1:443": false, "172.16.0.9:80": false,
		"169.254.169.254:80": false, "100.64.0.1:80": false, "0.0.0.0:80": false, "224.0.0.1:80": false, "255.255.255.255:80": false, "198.18.0.1:443": false,
		"[::1]:80": false, "[::]:80": false, "[fe80::1]:80": false, "[fd00::1]:443": false, "[::ffff:127.0.0.1]:80": false,
		"[64:ff9b::7f00:1]:80": false, "[2002:7f00:1::]:80": false, "[ff02::1]:80": false,
		"[::127.0.0.1]:80": false, "[::ffff:0:127.0.0.1]:80": false, "[fec0::1]:80": false, "[5f00::1]:80": false,
	} {
		if got := mayFetch(netip.MustParseAddrPort(address), intranet); got != want {
			t.Errorf("%s: expected %t, got %t", address, want, got)
		}
	}
}

func TestReadHead(t *testing.T) {
	for page, want := range map[string]LinkPreview{
		`<title>Plain &amp; simple</title><meta name="description" content=" Words ">`:                                       {Title: "Plain & simple", Description: "Words"},
		`<title>Page</title><meta property="og:title" content="Shared"><meta property="og:description" content="As shared">`: {Title: "Shared", Description: "As shared"},
		`<title>One</title><svg><title>Two</title></svg><body><title>Three</title>`:                                          {Title: "One"},
		"<title>\n  Two\n  lines \xff</title>":                                                                               {Title: "Two lines"},
		`<title>` + strings.Repeat("é", 300) + `</title>`:                                                                    {Title: strings.Repeat("é", 199) + "…"},
		`<body><h1>No head</h1>`:                              {},
		"<title>a\u202egnp.exe\u0007</title>":                 {Title: "agnp.exe"},
		`<title>Never closed`:                                 {Title: "Never closed"},
		`<meta name="description" content="Without a title">`: {Description: "Without a title"},
	} {
		if got := readHead(strings.NewReader(page)); got != want {
			t.Errorf("%.60s: expected %+v, got %+v", page, want, got)
		}
	}
}

func TestFirstLink(t *testing.T) {
	for text, want := range map[string]string{
		"see https://example.com/a?b=c, and http://example.org": "https://example.com/a?b=c",
		"(https://example.com/)":                                "https://example.com/",
		"ftp://example.com and example.com":                     "",
		"HTTPS is not a link":                                   "",
	} {
		if got := firstLink(text); got != want {
			t.Errorf("%q: expected %q, got %q", text, want, got)
		}
	}
}
