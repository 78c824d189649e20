package services

import (
	"strings"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// MaxSearches is how many searches one person saves.
const MaxSearches = 20

// NewSearch fills in what the server decides about a saved search being created.
func (s ProjectsService) NewSearch(search *core.Record, user string) error {
	search.Set(collections.FieldUser, user)
	return s.CheckSearch(search)
}

// CheckSearch refuses what the browse page would refuse to search for.
func (ProjectsService) CheckSearch(search *core.Record) error {
	search.Set(collections.SearchName, strings.TrimSpace(search.GetString(collections.SearchName)))
	currency := search.GetString(collections.FieldCurrency)
	if currency != "" {
		if err := CheckCurrency(currency); err != nil {
			return err
		}
	}
	if search.GetInt(collections.SearchMin) > 0 && currency == "" {
		return badRequest(CodeInvalidInput, "A lowest budget needs a currency.").With("field", collections.FieldCurrency)
	}
	for _, field := range []string{collections.SearchWords, collections.SearchWithout} {
		if words := search.GetString(field); strings.TrimSpace(words) != "" && len(searchTerms(words)) == 0 {
			return badRequest(CodeInvalidInput, "There is no word to search for.").With("field", field)
		}
	}
	return nil
}

// SavedSearch keeps a person within their number of searches, in the transaction
// that stores one more.
func (ProjectsService) SavedSearch(tx core.App, search *core.Record) error {
	count, err := tx.CountRecords(collections.Searches, dbx.HashExp{collections.FieldUser: search.GetString(collections.FieldUser)})
	if err != nil {
		return err
	}
	if count > MaxSearches {
		return conflict(CodeTooManySearches, "You have %d saved searches, which is as many as there can be: delete one first.", MaxSearches).With("max", MaxSearches)
	}
	return nil
}

// ForgotSearch forgets what a search that is deleted was told.
func (ProjectsService) ForgotSearch(tx core.App, id string) error {
	_, err := tx.DB().Delete("search_alerts", dbx.HashExp{"search": id}).Execute()
	return err
}

// forgetSearches deletes all of a person's searches.
func forgetSearches(tx core.App, user string) error {
	searches, err := tx.FindAllRecords(collections.Searches, dbx.HashExp{collections.FieldUser: user})
	if err != nil {
		return err
	}
	for _, search := range searches {
		if err := tx.Delete(search); err != nil {
			return err
		}
	}
	return nil
}

// queryOf is a saved search as the browse page would send it.
func queryOf(search *core.Record) ProjectQuery {
	return ProjectQuery{
		Words: search.GetString(collections.SearchWords), Without: search.GetString(collections.SearchWithout),
		Category: search.GetString(collections.SearchCategory), Currency: search.GetString(collections.FieldCurrency),
		Min: int64(search.GetInt(collections.SearchMin)),
	}
}
