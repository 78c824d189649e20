package services

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// tell writes a notification of an event's news for each of these users. What the
// news says is kept as parameters, so that clients can say it in any language.
// Unread notifications of one kind about one subject become one.
func (s ChatsService) tell(tx core.App, kind string, news any, users ...string) error {
	params, err := paramsOf(news)
	if err != nil {
		return err
	}
	for _, user := range users {
		if user == "" {
			continue
		}
		if err := s.notify(tx, user, kind, params); err != nil {
			return fmt.Errorf("failed to notify of %s: %w", kind, err)
		}
	}
	return nil
}

// Bounds of what a notification repeats of somebody's words.
const maxParamText = 500

// paramsOf turns news into parameters, long texts cut.
func paramsOf(news any) (map[string]any, error) {
	raw, err := json.Marshal(news)
	if err != nil {
		return nil, err
	}
	params := map[string]any{}
	if err := json.Unmarshal(raw, &params); err != nil {
		return nil, err
	}
	for key, value := range params {
		if text, ok := value.(string); ok {
			params[key] = truncate(text, maxParamText)
		}
	}
	return params, nil
}

func (s ChatsService) notify(tx core.App, user, kind string, params map[string]any) error {
	k, known := noticeKinds[kind]
	if !known {
		return fmt.Errorf("there is no kind of notification %q", kind)
	}
	wishes, err := s.wishesOf(tx, user)
	if err != nil {
		return err
	}
	channel := wishes.channel(kind)
	if channel == ChannelOff {
		return nil
	}
	subject, _ := params[k.subject].(string)
	record, err := unreadOf(tx, user, kind, subject)
	if err != nil {
		return err
	}
	own := maps.Clone(params)
	if k.sum != "" {
		own["total"] = own[k.sum]
	}
	if record != nil && k.sum != "" {
		before := map[string]any{}
		_ = record.UnmarshalJSONField(collections.NotificationParams, &before) // what cannot be read adds nothing
		sum, _ := before["total"].(float64)
		part, _ := own[k.sum].(float64)
		own["total"] = sum + part
	}
	if record == nil {
		col, err := tx.FindCachedCollectionByNameOrId(collections.Notifications)
		if err != nil {
			return err
		}
		record = core.NewRecord(col)
	}
	now, count := s.Clock.Now(), record.GetInt(collections.NotificationCount)+1
	title, body, link := k.english(own, count)
	record.Load(map[string]any{
		collections.FieldUser: user, collections.NotificationKind: kind, collections.NotificationSubject: subject, collections.NotificationParams: own,
		collections.NotificationCount: count, collections.NotificationAt: now, collections.NotificationChannel: channel,
		collections.FieldTitle: title, collections.NotificationBody: body, collections.NotificationLink: link,
	})
	if record.GetInt(collections.NotificationMailAt) == 0 { // else the mail that is due already tells of both
		record.Set(collections.NotificationMailAt, wishes.mailAt(kind, now))
	}
	// Without validation: the person's mirror may not have arrived yet.
	return tx.SaveNoValidate(record)
}

// unreadOf returns the unread notification that another of its kind about the
// same subject joins, or nil.
func unreadOf(tx core.App, user, kind, subject string) (*core.Record, error) {
	if subject == "" {
		return nil, nil
	}
	record, err := firstWhere(tx, collections.Notifications, "[[user]] = {:user} AND kind = {:kind} AND subject = {:subject} AND readAt = ''",
		dbx.Params{"user": user, "kind": kind, "subject": subject})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return record, err
}

// HandleEvents makes chats and notifications out of what happens elsewhere.
func (s ChatsService) HandleEvents() {
	on(s, TopicProposalSubmitted, func(tx core.App, n ProposalNews) error {
		return s.tell(tx, TopicProposalSubmitted, n, n.Client)
	})
	on(s, TopicProposalRejected, func(tx core.App, n ProposalNews) error {
		return s.tell(tx, TopicProposalRejected, n, n.Freelancer)
	})
	on(s, TopicProposalWithdrawn, func(tx core.App, n ProposalNews) error {
		return s.tell(tx, TopicProposalWithdrawn, n, n.Client)
	})
	on(s, TopicProposalChanged, func(tx core.App, n ProposalNews) error {
		return s.tell(tx, TopicProposalChanged, n, n.Client)
	})
	on(s, TopicProjectChanged, func(tx core.App, n ProjectChange) error {
		return s.tell(tx, TopicProjectChanged, n.ProjectNews, n.Bidders...) // nobody learns who else proposed
	})
	on(s, TopicSearchMatched, func(tx core.App, n SearchNews) error {
		return s.tell(tx, TopicSearchMatched, n, n.User)
	})
	on(s, TopicContractCreated, func(tx core.App, n ContractNews) error {
		_, opened, err := s.OpenChat(tx, Opening{
			Project: n.Project, Contract: n.Contract, Title: n.Title, Client: n.Client, Freelancer: n.Freelancer, Origin: collections.OriginContract,
		})
		if err == nil && opened {
			err = s.sayInContract(tx, n.Contract, TopicContractCreated, n, "The contract began. This chat is for the two of you.")
		}
		return errors.Join(err, s.tell(tx, TopicContractCreated, n, n.Freelancer), s.tell(tx, KindContractStarted, n, n.Client))
	})
	on(s, TopicProposalExpired, func(tx core.App, n ProposalNews) error {
		return s.tell(tx, TopicProposalExpired, n, n.Freelancer)
	})
	on(s, TopicProjectExpired, func(tx core.App, n ProjectNews) error {
		return s.tell(tx, TopicProjectExpired, n, n.Client)
	})
	on(s, TopicDeadlineReminder, func(tx core.App, n DeadlineNews) error {
		if n.Kind == collections.DeadlineReview { // a reminder to write is for who writes
			return s.tell(tx, TopicDeadlineReminder, n, slices.DeleteFunc([]string{n.Client, n.Freelancer}, func(user string) bool { return !n.favours(user) })...)
		}
		return s.tell(tx, TopicDeadlineReminder, n, n.Client, n.Freelancer)
	})
	s.handleDisputes()
	s.handleChargebacks()
	s.handleReviews()
	s.handlePayouts()
	s.handleOpenings()
	s.handleContracts()
	s.handleMilestones()
	s.handlePayments()
}

func (s ChatsService) handleDisputes() {
	for _, topic := range []string{TopicDisputeOpened, TopicDisputeAnswered, TopicDisputeOffered, TopicDisputeEscalated, TopicDisputeClosed} {
		on(s, topic, func(tx core.App, n DisputeNews) error {
			if topic == TopicDisputeOpened {
				if err := s.messageEvidence(tx, n); err != nil {
					return err
				}
			}
			return s.tell(tx, topic, n, others(n.By, n.Client, n.Freelancer)...)
		})
	}
}

func (s ChatsService) handleChargebacks() {
	for _, topic := range []string{TopicChargebackOpened, TopicChargebackClosed} {
		on(s, topic, func(tx core.App, n ChargebackNews) error { return s.tell(tx, topic, n, n.Client, n.Freelancer) })
	}
	on(s, TopicChargebackRecovered, func(tx core.App, n ChargebackNews) error {
		return s.tell(tx, TopicChargebackRecovered, n, n.Freelancer)
	})
}

// others leaves out who did it: they know.
func others(by string, users ...string) []string {
	return slices.DeleteFunc(users, func(user string) bool { return user == by })
}

// handleOpenings opens chats for what projects decided: who may talk to whom.
func (s ChatsService) handleOpenings() {
	on(s, TopicProjectInvited, func(tx core.App, n InvitationNews) error {
		err := s.openWith(tx, Opening{
			Project: n.Project, Title: n.Title, Client: n.Client, Freelancer: n.Freelancer, Origin: collections.OriginInvitation,
		}, n.Note)
		return errors.Join(err, s.tell(tx, TopicProjectInvited, n, n.Freelancer))
	})
	on(s, TopicProposalDiscussed, func(tx core.App, n InvitationNews) error {
		return s.openWith(tx, Opening{
			Project: n.Project, Proposal: n.Proposal, Title: n.Title, Client: n.Client, Freelancer: n.Freelancer, Origin: collections.OriginProposal,
		}, n.Note)
	})
	on(s, TopicMemberAdded, func(tx core.App, n MemberNews) error {
		return errors.Join(s.OpenRoom(tx, n), s.tell(tx, TopicMemberAdded, n, n.User))
	})
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

// byItself is user if nobody did it but a deadline.
func byItself(by, user string) string {
	if by == System {
		return user
	}
	return ""
}

// MessageNews are the parameters of notifications about messages.
type MessageNews struct {
	Chat    string `json:"chat"`
	Message string `json:"message,omitempty"`
	Title   string `json:"title,omitempty"`
	By      string `json:"by,omitempty"`
	Note    string `json:"note,omitempty"`
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
		if err := s.tellMention(tx, message, user); err != nil {
			return err
		}
	}
	return nil
}

func (s ChatsService) tellMention(tx core.App, message *core.Record, user string) error {
	return s.tell(tx, TopicMention, MessageNews{
		Chat: message.GetString(collections.FieldChat), Message: message.Id,
		By: message.GetString(collections.MessageSender), Note: message.GetString(collections.MessageBody),
	}, user)
}

func (s ChatsService) handleContracts() {
	on(s, TopicContractEnded, func(tx core.App, n ContractNews) error {
		return errors.Join(
			s.sayInContract(tx, n.Contract, TopicContractEnded, n, "The contract was ended. "+n.Reason),
			s.tell(tx, TopicContractEnded, n, n.Client, n.Freelancer))
	})
	on(s, TopicContractCompleted, func(tx core.App, n ContractNews) error {
		return errors.Join(
			s.sayInContract(tx, n.Contract, TopicContractCompleted, n, "The contract is complete."),
			s.tell(tx, TopicContractCompleted, n, n.Client, n.Freelancer))
	})
}

func (s ChatsService) handleMilestones() {
	on(s, TopicMilestoneSent, func(tx core.App, n MilestoneNews) error {
		return errors.Join(
			s.sayInContract(tx, n.Contract, TopicMilestoneSent, n, "Work was handed in for “"+n.Title+"”."),
			s.tell(tx, TopicMilestoneSent, n, n.Client))
	})
	on(s, TopicMilestoneChanges, func(tx core.App, n MilestoneNews) error {
		return errors.Join(
			s.sayInContract(tx, n.Contract, TopicMilestoneChanges, n, "Changes were asked for in “"+n.Title+"”."),
			s.tell(tx, TopicMilestoneChanges, n, n.Freelancer))
	})
	on(s, TopicMilestonePart, func(tx core.App, n MilestoneNews) error {
		return errors.Join(
			s.sayInContract(tx, n.Contract, TopicMilestonePart, n, "A part of “"+n.Title+"” was approved."),
			s.tell(tx, TopicMilestonePart, n, n.Freelancer))
	})
	on(s, TopicMilestoneApproved, func(tx core.App, n MilestoneNews) error {
		return errors.Join(
			s.sayInContract(tx, n.Contract, TopicMilestoneApproved, n, "“"+n.Title+"” was approved."),
			s.tell(tx, TopicMilestoneApproved, n, n.Freelancer), s.tell(tx, KindAutoApproved, n, byItself(n.By, n.Client)))
	})
}

func (s ChatsService) handlePayments() {
	on(s, TopicPaymentHeld, func(tx core.App, n PaymentNews) error {
		amount := Money(n.Amount, n.Currency)
		return errors.Join(
			s.sayInContract(tx, n.Contract, TopicPaymentHeld, n, amount+" are held for “"+n.Title+"”. Work can begin."),
			s.tell(tx, TopicPaymentHeld, n, n.Freelancer))
	})
	on(s, TopicPaymentFailed, func(tx core.App, n PaymentNews) error {
		return s.tell(tx, TopicPaymentFailed, n, n.Client)
	})
	on(s, TopicPaymentReleased, func(tx core.App, n PaymentNews) error {
		return s.tell(tx, TopicPaymentReleased, n, n.Freelancer)
	})
	on(s, TopicRefundAsked, func(tx core.App, n PaymentNews) error {
		return s.tell(tx, TopicRefundAsked, n, n.Freelancer)
	})
	on(s, TopicRefundDeclined, func(tx core.App, n PaymentNews) error {
		return s.tell(tx, TopicRefundDeclined, n, n.Client)
	})
	for _, topic := range []string{TopicRefundRefused, TopicRefundPaid} {
		on(s, topic, func(tx core.App, n PaymentNews) error { return s.tell(tx, topic, n, n.Client) })
	}
	on(s, TopicPaymentRefunded, func(tx core.App, n PaymentNews) error {
		return errors.Join(s.tell(tx, TopicPaymentRefunded, n, n.Client), s.tell(tx, KindGivenBack, n, others(n.By, n.Freelancer)...))
	})
}

func (s ChatsService) handlePayouts() {
	on(s, TopicDestinationNew, func(tx core.App, n DestinationNews) error {
		return s.tell(tx, TopicDestinationNew, n, n.Freelancer)
	})
	on(s, TopicDestinationActive, func(tx core.App, n DestinationNews) error {
		return s.tell(tx, TopicDestinationActive, n, n.Freelancer)
	})
	for _, topic := range []string{TopicPayoutRequested, TopicPayoutSent, TopicPayoutSettled, TopicPayoutFailed, TopicPayoutReturned} {
		on(s, topic, func(tx core.App, n PayoutNews) error { return s.tell(tx, topic, n, n.Freelancer) })
	}
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
