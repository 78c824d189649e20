package services

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/time/rate"

	"github.com/lancershub/lancershub/collections"
)

// Lifetimes and names of tokens (RFC 9068 for access tokens).
const (
	AccessTokenLife  = 15 * time.Minute
	serviceTokenLife = 60 * time.Second
	clockLeeway      = 30 * time.Second

	typAccess  = "at+jwt"
	typService = "svc+jwt"
	// Issuer and Audience of access tokens: one installation trusts only its own keys.
	Issuer   = "lancershub/users"
	Audience = "lancershub"
)

// AccessClaims are the claims of an access token. The last three are what the
// PocketBase SDK and dashboards read out of a token.
type AccessClaims struct {
	jwt.RegisteredClaims

	SessionID string   `json:"sid"`
	Roles     []string `json:"roles"`
	Ver       int      `json:"ver"`
	Name      string   `json:"name,omitempty"`
	Verified  bool     `json:"verified"`
	AuthTime  int64    `json:"auth_time"`

	RecordID     string `json:"id"`
	Type         string `json:"type"`
	CollectionID string `json:"collectionId"`
	Refreshable  bool   `json:"refreshable"`
}

// sign returns claims as a compact JWT of the given typ.
func (r *Keyring) sign(typ string, claims jwt.Claims) (string, error) {
	key := r.current()
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
	token.Header["typ"] = typ
	token.Header["kid"] = key.ID
	return token.SignedString(key.private())
}

// Verifier checks tokens on its own, with public keys fetched from their
// issuers and kept: no call per request, and no secret that could mint a token.
type Verifier struct {
	clock   Clock
	mu      sync.Mutex
	sources map[string]*keySource
	access  verified[AccessClaims]
	service verified[collections.Domain]
}

// keySource is one issuer's published keys.
type keySource struct {
	load func() (keyfunc.Keyfunc, error)
	// failures counts fetches that failed: an unknown key is no forgery as long
	// as the keys cannot be fetched.
	failures atomic.Int64
}

// errKeysUnavailable tells that a token could not be judged.
var errKeysUnavailable = errors.New("the issuer's keys cannot be fetched")

// NewVerifier returns a Verifier that knows no issuer yet.
func NewVerifier(clock Clock) *Verifier {
	return &Verifier{clock: clock, sources: map[string]*keySource{}}
}

// Trust makes the keys published at url acceptable for tokens of source. They
// are fetched when first needed, again every ten minutes, and (at most three
// times in a burst) when a token names an unknown key.
func (v *Verifier) Trust(ctx context.Context, source, url string, client *http.Client) {
	v.mu.Lock()
	defer v.mu.Unlock()
	lenient := true
	keys := &keySource{}
	v.sources[source] = keys
	keys.load = sync.OnceValues(func() (keyfunc.Keyfunc, error) {
		return keyfunc.NewDefaultOverrideCtx(ctx, []string{url}, keyfunc.Override{
			Client:                    client,
			HTTPTimeout:               3 * time.Second,
			NoErrorReturnFirstHTTPReq: &lenient,
			RefreshInterval:           10 * time.Minute,
			RefreshUnknownKID:         rate.NewLimiter(rate.Every(2*time.Second), 3),
			RateLimitWaitMax:          time.Second,
			RefreshErrorHandlerFunc: func(string) func(context.Context, error) {
				return func(context.Context, error) { keys.failures.Add(1) }
			},
		})
	})
}

// Warm fetches the keys of access tokens ahead of the first request.
func (v *Verifier) Warm() {
	v.mu.Lock()
	users := v.sources[string(collections.DomainUsers)]
	v.mu.Unlock()
	if users != nil {
		_, _ = users.load() // fetched again when needed
	}
}

// parse verifies signature, algorithm, typ and times of raw with the keys of source.
func (v *Verifier) parse(ctx context.Context, source, typ, raw string, claims jwt.Claims, options ...jwt.ParserOption) error {
	v.mu.Lock()
	issuer := v.sources[source]
	v.mu.Unlock()
	if issuer == nil {
		return errors.New("unknown issuer")
	}
	before := issuer.failures.Load()
	keys, err := issuer.load()
	if err != nil {
		return fmt.Errorf("failed to load keys: %w", err)
	}
	options = append(options,
		jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(clockLeeway), jwt.WithTimeFunc(v.clock.Now))
	token, err := jwt.ParseWithClaims(raw, claims, keys.KeyfuncCtx(ctx), options...)
	if errors.Is(err, jwt.ErrTokenUnverifiable) && issuer.failures.Load() != before {
		return errKeysUnavailable
	}
	if err != nil {
		return err
	}
	if token.Header["typ"] != typ {
		return fmt.Errorf("typ is %v", token.Header["typ"])
	}
	for _, name := range foreignHeaders {
		if _, set := token.Header[name]; set {
			return fmt.Errorf("the header has %s", name)
		}
	}
	return nil
}

// foreignHeaders bring a key along or demand what we do not understand. We never set
// them, and RFC 7515 (4.1.11) says to refuse the last.
var foreignHeaders = []string{"jwk", "jku", "x5c", "x5u", "crit"}

// Knows tells whether an access token was found good within the last minute: it is
// one of ours, and need not be read to see that.
func (v *Verifier) Knows(raw string) bool {
	_, ok := v.access.find(raw, v.clock.Now())
	return ok
}

// Access checks an access token. It fails with token_expired or token_invalid;
// what exactly is wrong with a forged token is not said.
func (v *Verifier) Access(ctx context.Context, raw string) (*AccessClaims, error) {
	if claims, ok := v.access.find(raw, v.clock.Now()); ok {
		return &claims, nil
	}
	claims := &AccessClaims{}
	err := v.parse(ctx, string(collections.DomainUsers), typAccess, raw, claims, jwt.WithIssuer(Issuer), jwt.WithAudience(Audience))
	switch {
	case errors.Is(err, errKeysUnavailable):
		return nil, &Error{
			Status: http.StatusServiceUnavailable, Code: CodePeerUnavailable, RetryAfter: 2 * time.Second,
			Message: "Your sign-in cannot be checked at the moment, because the users service does not answer. Try again soon.",
			Data:    map[string]any{"peer": string(collections.DomainUsers)},
		}
	case errors.Is(err, jwt.ErrTokenExpired) && !errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return nil, Failf(http.StatusUnauthorized, CodeTokenExpired, "Your access token has expired: refresh it or sign in again.")
	case err != nil, claims.Subject == "", claims.ID == "", claims.SessionID == "", claims.IssuedAt == nil, claims.RecordID != claims.Subject,
		claims.ExpiresAt.Sub(claims.IssuedAt.Time) > AccessTokenLife:
		return nil, Failf(http.StatusUnauthorized, CodeTokenInvalid, "The access token is not valid here.")
	}
	v.access.keep(raw, *claims, v.clock.Now(), claims.ExpiresAt.Time)
	return claims, nil
}

// Service checks a token with which one instance calls another and returns the caller.
func (v *Verifier) Service(ctx context.Context, self collections.Domain, raw string) (collections.Domain, error) {
	if caller, ok := v.service.find(raw, v.clock.Now()); ok {
		return caller, nil
	}
	unverified := &jwt.RegisteredClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(raw, unverified); err != nil {
		return "", Failf(http.StatusUnauthorized, CodeTokenInvalid, "A service token is required.")
	}
	issuer := collections.Domain(unverified.Issuer)
	claims := &jwt.RegisteredClaims{}
	if !slices.Contains(collections.Domains, issuer) ||
		v.parse(ctx, serviceSource(issuer), typService, raw, claims, jwt.WithAudience(string(self))) != nil ||
		claims.ID == "" || claims.IssuedAt == nil || claims.ExpiresAt.Sub(claims.IssuedAt.Time) > serviceTokenLife {
		return "", Failf(http.StatusUnauthorized, CodeTokenInvalid, "The service token is not valid here.")
	}
	v.service.keep(raw, issuer, v.clock.Now(), claims.ExpiresAt.Time)
	return issuer, nil
}

// Caller is who calls between instances: one of them, and the person on whose
// behalf it does, if there is one.
type Caller struct {
	Domain collections.Domain
	User   string
}

// Caller checks the tokens of a call from another instance.
func (i *Instance) Caller(ctx context.Context, service string, header http.Header) (Caller, error) {
	domain, err := i.Verifier.Service(ctx, i.Domain, service)
	if err != nil {
		return Caller{}, err
	}
	token := header.Get(userTokenHeader)
	if token == "" {
		return Caller{Domain: domain}, nil
	}
	claims, err := i.Verifier.Access(ctx, token)
	if err != nil {
		return Caller{}, err
	}
	return Caller{Domain: domain, User: claims.Subject}, nil
}

func serviceSource(domain collections.Domain) string { return "service:" + string(domain) }

// serviceToken returns a token with which self calls peer.
func serviceToken(ring *Keyring, clock Clock, self, peer collections.Domain) (string, error) {
	now := clock.Now()
	return ring.sign(typService, jwt.RegisteredClaims{
		Issuer: string(self), Subject: string(self), Audience: jwt.ClaimStrings{string(peer)},
		IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(serviceTokenLife)), ID: randomToken(12),
	})
}
