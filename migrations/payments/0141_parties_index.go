package payments

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0141, down0141)
}

// ofParties are the collections that people list without saying of what: their own
// rows are found without reading everybody's.
var ofParties = []string{"deadlines", "disputes", "evidence", "chargebacks", "timeline"}

func up0141(app core.App) error { return common.IndexParties(app, ofParties...) }

func down0141(app core.App) error { return common.DropPartyIndexes(app, ofParties...) }
