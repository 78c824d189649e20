package services

import (
	"errors"
	"strconv"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// note is a notification for one person.
type note struct{ user, kind, title, body, link string }

func (s ChatsService) notify(tx core.App, notes ...note) error {
	col, err := tx.FindCachedCollectionByNameOrId(collections.Notifications)
	if err != nil {
		return err
	}
	for _, n := range notes {
		record := core.NewRecord(col)
		record.Load(map[string]any{
			collections.FieldUser: n.user, collections.NotificationKind: n.kind, collections.FieldTitle: truncate(n.title, 200),
			collections.NotificationBody: truncate(n.body, 2000), collections.NotificationLink: n.link,
		})
		// Without validation: the person's mirror may not have arrived yet.
		if err := tx.SaveNoValidate(record); err != nil {
			return err
		}
	}
	return nil
}

// HandleEvents makes chats and notifications out of what happens elsewhere.
func (s ChatsService) HandleEvents() {
	on(s, TopicProposalSubmitted, func(tx core.App, n ProposalNews) error {
		return s.notify(tx, note{n.Client, TopicProposalSubmitted, "New proposal for " + n.Title, Money(n.Amount, n.Currency), "/projects/" + n.Project})
	})
	on(s, TopicProposalRejected, func(tx core.App, n ProposalNews) error {
		return s.notify(tx, note{n.Freelancer, TopicProposalRejected, "Your proposal for " + n.Title + " was not chosen", n.Reason, "/proposals/" + n.Proposal})
	})
	on(s, TopicProposalWithdrawn, func(tx core.App, n ProposalNews) error {
		return s.notify(tx, note{n.Client, TopicProposalWithdrawn, "A proposal for " + n.Title + " was withdrawn", n.Reason, "/projects/" + n.Project})
	})
	on(s, TopicContractCreated, func(tx core.App, n ContractNews) error {
		_, opened, err := s.OpenChat(tx, Opening{
			Project: n.Project, Contract: n.Contract, Title: n.Title, Client: n.Client, Freelancer: n.Freelancer, Origin: collections.OriginContract,
		})
		if err == nil && opened {
			err = s.sayInContract(tx, n.Contract, TopicContractCreated, n, "The contract began. This chat is for the two of you.")
		}
		return errors.Join(err, s.notify(tx,
			note{n.Freelancer, TopicContractCreated, "You were hired: " + n.Title, Money(n.Amount, n.Currency), "/contracts/" + n.Contract},
			note{n.Client, TopicContractCreated, "Your contract for " + n.Title + " began", "Fund the first milestone so that work can start.", "/contracts/" + n.Contract}))
	})
	on(s, TopicProposalExpired, func(tx core.App, n ProposalNews) error {
		return s.notify(tx, note{n.Freelancer, TopicProposalExpired, "Your proposal for " + n.Title + " expired", n.Reason, "/proposals/" + n.Proposal})
	})
	on(s, TopicProjectExpired, func(tx core.App, n ProjectNews) error {
		return s.notify(tx, note{n.Client, TopicProjectExpired, n.Title + " expired", n.Reason + " You can publish it again.", "/projects/" + n.Project})
	})
	on(s, TopicDeadlineReminder, func(tx core.App, n DeadlineNews) error {
		due := time.UnixMilli(n.DueAt).UTC().Format("2 January 2006 15:04 MST")
		for _, user := range []string{n.Client, n.Freelancer} {
			if user == "" || n.Kind == collections.DeadlineReview && !n.favours(user) {
				continue // a reminder to write is for who writes
			}
			if err := s.notify(tx, note{user, TopicDeadlineReminder, n.Title + ": " + n.Kind + " on " + due, "", "/projects/" + n.Project}); err != nil {
				return err
			}
		}
		return nil
	})
	s.handleDisputes()
	s.handleReviews()
	s.handlePayouts()
	s.handleOpenings()
	s.handleContracts()
	s.handleMilestones()
	s.handlePayments()
}

func (s ChatsService) handleDisputes() {
	for topic, title := range map[string]string{
		TopicDisputeOpened: "A dispute was opened: ", TopicDisputeAnswered: "The dispute was answered: ", TopicDisputeOffered: "A new offer in the dispute: ",
		TopicDisputeEscalated: "A moderator decides the dispute: ", TopicDisputeClosed: "The dispute is closed: ",
	} {
		on(s, topic, func(tx core.App, n DisputeNews) error {
			if topic == TopicDisputeOpened {
				if err := s.messageEvidence(tx, n); err != nil {
					return err
				}
			}
			return s.notifyBoth(tx, n.Client, n.Freelancer, topic, title+n.Title, n.Reason, "/contracts/"+n.Contract)
		})
	}
}

// handleOpenings opens chats for what projects decided: who may talk to whom.
func (s ChatsService) handleOpenings() {
	on(s, TopicProjectInvited, func(tx core.App, n InvitationNews) error {
		err := s.openWith(tx, Opening{
			Project: n.Project, Title: n.Title, Client: n.Client, Freelancer: n.Freelancer, Origin: collections.OriginInvitation,
		}, n.Note)
		return errors.Join(err, s.notify(tx, note{n.Freelancer, TopicProjectInvited, "You are invited to " + n.Title, n.Note, "/projects/" + n.Project}))
	})
	on(s, TopicProposalDiscussed, func(tx core.App, n InvitationNews) error {
		return s.openWith(tx, Opening{
			Project: n.Project, Proposal: n.Proposal, Title: n.Title, Client: n.Client, Freelancer: n.Freelancer, Origin: collections.OriginProposal,
		}, n.Note)
	})
	on(s, TopicMemberAdded, s.OpenRoom)
}

// openWith opens a chat with the client's first words, unless one of the two has
// blocked the other.
func (s ChatsService) openWith(tx core.App, o Opening, words string) error {
	if closed, err := blocked(tx, o.Client, o.Freelancer); err != nil || closed {
		return err
	}
	chat, _, err := s.OpenChat(tx, o)
	if err != nil || words == "" {
		return err
	}
	flag := ""
	if chat.GetString(collections.FieldContract) == "" {
		flag = Suspicious(words)
	}
	return s.post(tx, map[string]any{
		collections.FieldChat: chat.Id, collections.MessageSender: o.Client, collections.MessageKind: collections.MessageKindUser,
		collections.MessageBody: words, collections.MessageFlag: flag,
	})
}

// mention notifies those whom a message names.
func (s ChatsService) mention(tx core.App, message *core.Record) error {
	sender := message.GetString(collections.MessageSender)
	for _, user := range message.GetStringSlice(collections.MessageMentions) {
		if user == sender {
			continue
		}
		_, err := tx.DB().NewQuery(`UPDATE members SET mentions = mentions + 1 WHERE chat = {:chat} AND [[user]] = {:user}`).
			Bind(dbx.Params{"chat": message.GetString(collections.FieldChat), "user": user}).Execute()
		if err != nil {
			return err
		}
		link := "/messages/" + message.GetString(collections.FieldChat) + "?message=" + message.Id
		if err := s.notify(tx, note{user, TopicMention, "You were mentioned", message.GetString(collections.MessageBody), link}); err != nil {
			return err
		}
	}
	return nil
}

func (s ChatsService) handleContracts() {
	on(s, TopicContractEnded, func(tx core.App, n ContractNews) error {
		return errors.Join(
			s.sayInContract(tx, n.Contract, TopicContractEnded, n, "The contract was ended. "+n.Reason),
			s.notifyBoth(tx, n.Client, n.Freelancer, TopicContractEnded, n.Title+": the contract was ended", n.Reason, "/contracts/"+n.Contract))
	})
	on(s, TopicContractCompleted, func(tx core.App, n ContractNews) error {
		return errors.Join(
			s.sayInContract(tx, n.Contract, TopicContractCompleted, n, "The contract is complete."),
			s.notifyBoth(tx, n.Client, n.Freelancer, TopicContractCompleted, n.Title+" is complete", "The last payment was released.", "/contracts/"+n.Contract))
	})
}

func (s ChatsService) handleMilestones() {
	on(s, TopicMilestoneSent, func(tx core.App, n MilestoneNews) error {
		return errors.Join(
			s.sayInContract(tx, n.Contract, TopicMilestoneSent, n, "Work was handed in for “"+n.Title+"”."),
			s.notify(tx, note{n.Client, TopicMilestoneSent, "Work was handed in: " + n.Title, n.Note, "/contracts/" + n.Contract}))
	})
	on(s, TopicMilestoneChanges, func(tx core.App, n MilestoneNews) error {
		return errors.Join(
			s.sayInContract(tx, n.Contract, TopicMilestoneChanges, n, "Changes were asked for in “"+n.Title+"”."),
			s.notify(tx, note{n.Freelancer, TopicMilestoneChanges, "Changes were asked for: " + n.Title, n.Note, "/contracts/" + n.Contract}))
	})
	on(s, TopicMilestonePart, func(tx core.App, n MilestoneNews) error {
		return errors.Join(
			s.sayInContract(tx, n.Contract, TopicMilestonePart, n, "A part of “"+n.Title+"” was approved."),
			s.notify(tx, note{n.Freelancer, TopicMilestonePart, "Approved in part: " + n.Title, n.Reason, "/contracts/" + n.Contract}))
	})
	on(s, TopicMilestoneApproved, func(tx core.App, n MilestoneNews) error {
		return errors.Join(
			s.sayInContract(tx, n.Contract, TopicMilestoneApproved, n, "“"+n.Title+"” was approved."),
			s.notify(tx, note{n.Freelancer, TopicMilestoneApproved, "Approved: " + n.Title, n.Note, "/contracts/" + n.Contract}))
	})
}

func (s ChatsService) handlePayments() {
	on(s, TopicPaymentHeld, func(tx core.App, n PaymentNews) error {
		amount := Money(n.Amount, n.Currency)
		return errors.Join(
			s.sayInContract(tx, n.Contract, TopicPaymentHeld, n, amount+" are held for “"+n.Title+"”. Work can begin."),
			s.notify(tx, note{n.Freelancer, TopicPaymentHeld, amount + " are held for " + n.Title, "You can begin.", "/contracts/" + n.Contract}))
	})
	on(s, TopicPaymentFailed, func(tx core.App, n PaymentNews) error {
		return s.notify(tx, note{n.Client, TopicPaymentFailed, "A payment did not go through", n.Reason, "/payments/" + n.Payment})
	})
	on(s, TopicPaymentReleased, func(tx core.App, n PaymentNews) error {
		return s.notify(tx, note{n.Freelancer, TopicPaymentReleased, Money(n.Part, n.Currency) + " were released for " + n.Title, n.Reason, "/payments/" + n.Payment})
	})
	on(s, TopicRefundAsked, func(tx core.App, n PaymentNews) error {
		return s.notify(tx, note{n.Freelancer, TopicRefundAsked, "You are asked to give back " + Money(n.Part, n.Currency) + " for " + n.Title, n.Reason, "/contracts/" + n.Contract})
	})
	on(s, TopicRefundDeclined, func(tx core.App, n PaymentNews) error {
		return s.notify(tx, note{n.Client, TopicRefundDeclined, "The refund for " + n.Title + " was declined", n.Reason, "/contracts/" + n.Contract})
	})
	on(s, TopicPaymentRefunded, func(tx core.App, n PaymentNews) error {
		return s.notify(tx, note{n.Client, TopicPaymentRefunded, Money(n.Part, n.Currency) + " were given back for " + n.Title, n.Reason, "/payments/" + n.Payment})
	})
}

func (s ChatsService) handlePayouts() {
	on(s, TopicDestinationNew, func(tx core.App, n DestinationNews) error {
		return s.notify(tx, note{n.Freelancer, TopicDestinationNew, "Your money will go to " + n.Label + " " + n.Hint, "If this was not you, change it back and your password.", "/payouts"})
	})
	on(s, TopicDestinationActive, func(tx core.App, n DestinationNews) error {
		return s.notify(tx, note{n.Freelancer, TopicDestinationActive, n.Label + " can be used for payouts", "", "/payouts"})
	})
	for topic, what := range map[string]string{
		TopicPayoutRequested: "was asked for", TopicPayoutSent: "was sent", TopicPayoutSettled: "has arrived",
		TopicPayoutFailed: "did not go through", TopicPayoutReturned: "came back",
	} {
		on(s, topic, func(tx core.App, n PayoutNews) error {
			return s.notify(tx, note{n.Freelancer, topic, "Your payout of " + Money(n.Amount, n.Currency) + " " + what, n.Reason, "/payouts"})
		})
	}
}

func (s ChatsService) notifyBoth(tx core.App, first, second, kind, title, body, link string) error {
	return s.notify(tx, note{first, kind, title, body, link}, note{second, kind, title, body, link})
}

// on registers a handler that gets its payload decoded.
func on[T any](s ChatsService, topic string, handler func(tx core.App, news T) error) {
	s.Handle(topic, func(tx core.App, event Event) error {
		news, err := decode[T](event)
		if err != nil {
			return err
		}
		return handler(tx, news)
	})
}

// Money writes an amount of minor units for people, for example "12.50 EUR".
func Money(amount int64, currency string) string {
	decimals := currencies[currency]
	digits := strconv.FormatInt(amount, 10)
	if decimals == 0 {
		return digits + " " + currency
	}
	for len(digits) <= decimals {
		digits = "0" + digits
	}
	return digits[:len(digits)-decimals] + "." + digits[len(digits)-decimals:] + " " + currency
}
