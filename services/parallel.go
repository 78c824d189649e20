package services

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
)

// inParallel runs checks side by side within one time budget and returns the
// first error; the others are then cancelled.
func inParallel(ctx context.Context, budget time.Duration, checks ...func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	for _, check := range checks {
		group.Go(func() error { return check(ctx) })
	}
	return group.Wait()
}
