package services

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
	"unicode"

	"golang.org/x/net/html"
)

// Bounds of looking at a page.
const (
	previewTimeout     = 5 * time.Second
	previewBytes       = 512 << 10
	previewRedirects   = 3
	previewTitle       = 200 // characters
	previewDescription = 300
)

var (
	errPrivateAddress = errors.New("the address is not a public one")
	errNoPage         = errors.New("there is no page to show")
)

// notPublic are networks that net/netip does not already know to be none of the
// open internet (IANA's special-purpose registries).
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"), netip.MustParsePrefix("::ffff:0:0:0/96"), netip.MustParsePrefix("fec0::/10"), netip.MustParsePrefix("5f00::/16"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("3fff::/20"),
}

// mayFetch says whether the server may be led to an address by a link that anybody
// can write: never into its own network, unless the operator allows that part of it.
func mayFetch(address netip.AddrPort, allowed []netip.Prefix) bool {
	ip := address.Addr().Unmap()
	for _, network := range allowed {
		if network.Contains(ip) {
			return true
		}
	}
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || address.Port() != 80 && address.Port() != 443 {
		return false
	}
	for _, network := range notPublic {
		if network.Contains(ip) {
			return false
		}
	}
	return true
}

// fetchPreview asks for the page at link and reads its title and description.
func fetchPreview(ctx context.Context, allowed []netip.Prefix, link string) (*LinkPreview, error) {
	target, err := url.Parse(link)
	if err != nil || target.Host == "" || target.User != nil {
		return nil, fmt.Errorf("%w: %q is no address", errNoPage, link)
	}
	ctx, cancel := context.WithTimeout(ctx, previewTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "LancersHub link preview")
	req.Header.Set("Accept", "text/html")
	client := previewClient(allowed)
	defer client.CloseIdleConnections()
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close() //nolint:errcheck // only read
	if res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
		return nil, fmt.Errorf("%w: status %d, %q", errNoPage, res.StatusCode, res.Header.Get("Content-Type"))
	}
	shown := readHead(io.LimitReader(res.Body, previewBytes))
	if shown.Title == "" {
		return nil, fmt.Errorf("%w: it has no title", errNoPage)
	}
	shown.URL = link
	// Where the words come from, which is not where the link points when it leads on.
	shown.Site = shorten(strings.TrimPrefix(res.Request.URL.Hostname(), "www."), previewTitle)
	return &shown, nil
}

// previewClient checks the address it connects to, not the name: a name can
// resolve to anything, and to something else the second time.
func previewClient(allowed []netip.Prefix) *http.Client {
	dialer := &net.Dialer{Timeout: previewTimeout, Control: func(_, address string, _ syscall.RawConn) error {
		if at, err := netip.ParseAddrPort(address); err != nil || !mayFetch(at, allowed) {
			return fmt.Errorf("%w: %s", errPrivateAddress, address)
		}
		return nil
	}}
	return &http.Client{
		Transport: &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: previewTimeout, MaxResponseHeaderBytes: 64 << 10},
		CheckRedirect: func(_ *http.Request, via []*http.Request) error {
			if len(via) > previewRedirects {
				return fmt.Errorf("%w: too many redirects", errNoPage)
			}
			return nil
		},
	}
}

// readHead reads the head of a page as far as it goes. Open Graph's words come
// before the page's own (https://ogp.me).
func readHead(page io.Reader) LinkPreview {
	var title, description, ogTitle, ogDescription string
	tokens := html.NewTokenizer(page)
	for inTitle, inHead := false, true; inHead; {
		switch tokens.Next() {
		case html.ErrorToken:
			inHead = false
		case html.StartTagToken, html.SelfClosingTagToken:
			token := tokens.Token()
			inHead, inTitle = token.Data != "body", token.Data == "title" && title == ""
			if token.Data != "meta" {
				continue
			}
			content := strings.TrimSpace(attribute(token, "content"))
			switch cmp.Or(attribute(token, "property"), attribute(token, "name")) {
			case "og:title":
				ogTitle = cmp.Or(ogTitle, content)
			case "og:description":
				ogDescription = cmp.Or(ogDescription, content)
			case "description":
				description = cmp.Or(description, content)
			}
		case html.TextToken:
			if inTitle {
				title += string(tokens.Text())
			}
		case html.EndTagToken:
			inTitle = false
		}
	}
	return LinkPreview{Title: shorten(cmp.Or(ogTitle, title), previewTitle), Description: shorten(cmp.Or(ogDescription, description), previewDescription)}
}

func attribute(token html.Token, name string) string {
	for _, one := range token.Attr {
		if one.Key == name {
			return one.Val
		}
	}
	return ""
}

// unseen are characters that do something to the text around them: a title must
// not turn the rest of a message round.
func unseen(r rune) bool {
	return unicode.Is(unicode.Bidi_Control, r) || unicode.IsControl(r) && !unicode.IsSpace(r)
}

// shorten makes one line of at most `most` characters out of text from elsewhere.
func shorten(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if unseen(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
