package services

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
)

// TestWhoHasBegunComesFirst lets ten begin something while the writer is held, and
// then one go on with what it had begun: those still at the door come after it.
func TestWhoHasBegunComesFirst(t *testing.T) {
	app, db := writerOf(t)
	held, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	const comers, goesOn = 10, 100
	served := make(chan int, comers+1)
	told := make(chan error, comers+1)
	serve := func(n int) func(tx core.App) error {
		return func(tx core.App) error {
			served <- n
			_, err := tx.DB().Insert("things", dbx.Params{"id": n}).Execute()
			return err
		}
	}
	for n := range comers {
		go func() { told <- inTurn(app, 0, serve(n)) }()
		if n < doorWidth {
			untilWaiting(t, n+1)
		} else {
			until(t, "the rest to wait at the door", func() bool { return int(atDoors.Load()) == n+1-doorWidth })
		}
	}
	go func() { told <- app.RunInTransaction(serve(goesOn)) }()
	untilWaiting(t, doorWidth+1)
	if err := held.Rollback(); err != nil {
		t.Fatal(err)
	}
	var order []int
	for range comers + 1 {
		if err := <-told; err != nil {
			t.Error(err)
		}
		order = append(order, <-served)
	}
	if want := []int{0, 1, goesOn}; !slices.Equal(order[:len(want)], want) {
		t.Errorf("Expected who had begun to come after those let in, got %v", order)
	}
	var stored int
	if err := db.NewQuery("SELECT count(*) FROM things").Row(&stored); err != nil || stored != comers+1 {
		t.Errorf("Expected all to be stored, got %d, %v", stored, err)
	}
}

// TestWhoHasMoreToDoIsLetInEarlier lets people wait at a full door, some of them with a
// head start of more than the others have waited, and then in one by one.
func TestWhoHasMoreToDoIsLetInEarlier(t *testing.T) {
	d, now := &door{}, time.Now()
	for range doorWidth {
		d.enter(now)
	}
	let := make(chan int)
	for n, ahead := range []time.Duration{0, 0, time.Minute, time.Hour, 0} {
		go func() {
			d.enter(now.Add(-ahead))
			let <- n
		}()
		until(t, "one more to wait", func() bool { return int(atDoors.Load()) == n+1 })
	}
	var order []int
	for range 5 {
		d.leave()
		order = append(order, <-let)
	}
	if want := []int{3, 2, 0, 1, 4}; !slices.Equal(order, want) {
		t.Errorf("Expected %v, got %v", want, order)
	}
}

// TestWhoBeginsInsideATransactionPassesTheDoor holds all places of the door.
func TestWhoBeginsInsideATransactionPassesTheDoor(t *testing.T) {
	app, _ := writerOf(t)
	told := make(chan error, 2*doorWidth)
	for n := range 2 * doorWidth {
		go func() {
			told <- inTurn(app, 0, func(tx core.App) error {
				return inTurn(tx, 0, func(inner core.App) error {
					_, err := inner.DB().Insert("things", dbx.Params{"id": n}).Execute()
					return err
				})
			})
		}()
	}
	for range 2 * doorWidth {
		if err := <-told; err != nil {
			t.Error(err)
		}
	}
}

// TestEventsGiveWayToPeople lets people wait at a door: what is in the background
// waits until they are gone, or until it has waited long enough.
func TestEventsGiveWayToPeople(t *testing.T) {
	app, db := writerOf(t)
	giveWay(t.Context(), time.Now()) // for nobody
	held, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan error, doorWidth+crowd)
	for range doorWidth + crowd {
		go func() { told <- inTurn(app, 0, func(core.App) error { return nil }) }()
	}
	until(t, "a crowd", crowded)
	giveWay(t.Context(), time.Now().Add(-courtesy)) // has waited long enough
	stopped, stop := context.WithCancel(t.Context())
	stop()
	giveWay(stopped, time.Now().Add(time.Hour)) // is to end
	waited := make(chan error, 1)
	go func() {
		giveWay(t.Context(), time.Now().Add(time.Hour))
		if crowded() {
			waited <- errors.New("people were still waiting")
		}
		close(waited)
	}()
	until(t, "the background to wait", func() bool { return within("services.giveWay") == 1 })
	if err := held.Rollback(); err != nil {
		t.Fatal(err)
	}
	for range doorWidth + crowd {
		if err := <-told; err != nil {
			t.Error(err)
		}
	}
	if err := <-waited; err != nil {
		t.Error(err)
	}
}
