package payments

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/migrations/common"
)

func init() {
	List.Register(up0260, down0260)
}

// openChargebacksSQL tells projects once more of the chargebacks that are open. It has
// remembered what keeps clocks still since 0240 only: the clocks of a milestone whose
// chargeback is older ran on when something else about it ended. Told twice, nothing changes.
const openChargebacksSQL = `
INSERT INTO outbox (id, peer, topic, aggregate, version, payload, created)
SELECT 'chargebacks:' || id || ':0:chargeback.opened', 'projects', 'chargeback.opened', 'chargebacks:' || id, 0,
	json_object('chargeback', id, 'payment', payment, 'project', project, 'contract', contract, 'milestone', milestone, 'title', title,
		'client', client, 'freelancer', freelancer, 'amount', CAST(amount AS INTEGER), 'locked', CAST(locked AS INTEGER), 'guarded', CAST(guarded AS INTEGER),
		'currency', currency, 'status', status, 'reason', reason),
	CAST(strftime('%s', 'now') AS INTEGER) * 1000
FROM chargebacks WHERE status = 'open'`

func up0260(app core.App) error { return common.Exec(app, openChargebacksSQL) }

func down0260(app core.App) error {
	return common.Exec(app, `DELETE FROM outbox WHERE version = 0 AND topic = 'chargeback.opened'`)
}
