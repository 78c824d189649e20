package services

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// EvidenceNews is the payload of evidence.contract and evidence.messages: what
// an instance knows about a disputed contract, as it was when the dispute was opened.
type EvidenceNews struct {
	Dispute string          `json:"dispute"`
	Content json.RawMessage `json:"content"`
}

// Kinds of evidence.
const (
	EvidenceOfContract = collections.FieldContract
	EvidenceOfMessages = "messages"
)

// Evidence is bounded so that it fits into one event.
const (
	evidenceMessages = 500
	evidenceBytes    = 600_000
)

// HandleEvidence stores what the other instances send about a dispute.
func (s *PaymentsService) HandleEvidence() {
	for topic, kind := range map[string]string{TopicEvidenceContract: EvidenceOfContract, TopicEvidenceMessages: EvidenceOfMessages} {
		s.Handle(topic, func(tx core.App, event Event) error {
			news, err := decode[EvidenceNews](event)
			if err != nil {
				return err
			}
			dispute, err := tx.FindRecordById(collections.Disputes, news.Dispute)
			if err != nil {
				return err
			}
			col, err := tx.FindCachedCollectionByNameOrId(collections.Evidence)
			if err != nil {
				return err
			}
			sum := sha256.Sum256(news.Content)
			client, freelancer := collections.Parties(dispute)
			record := core.NewRecord(col)
			record.Load(map[string]any{
				collections.EvidenceDispute: dispute.Id, collections.EvidenceKind: kind,
				collections.FieldClient: client, collections.FieldFreelancer: freelancer,
				collections.EvidenceContent: string(news.Content), collections.EvidenceSHA: hex.EncodeToString(sum[:]),
			})
			return tx.SaveNoValidate(record)
		})
	}
}

// HandleDisputes makes projects follow disputes: the milestone shows it, its
// deadlines stand still, and what projects knows about the contract is sent as evidence.
func (s ProjectsService) HandleDisputes() {
	s.Handle(TopicDisputeOpened, func(tx core.App, event Event) error {
		news, err := decode[DisputeNews](event)
		if err != nil {
			return err
		}
		if err := s.PauseDeadlines(tx, news.Milestone, byDispute(news.Dispute), disputeIsOpen); err != nil {
			return err
		}
		if err := markDisputed(tx, news.Milestone); err != nil {
			return err
		}
		content, err := contractEvidence(tx, news)
		if err != nil {
			return err
		}
		return s.sendEvidence(tx, TopicEvidenceContract, news.Dispute, content)
	})
	s.Handle(TopicDisputeClosed, func(tx core.App, event Event) error {
		news, err := decode[DisputeNews](event)
		if err != nil {
			return err
		}
		if err := s.ResumeDeadlines(tx, news.Milestone, byDispute(news.Dispute)); err != nil {
			return err
		}
		return markDisputed(tx, news.Milestone)
	})
}

// HandleChargebacks makes the deadlines of a milestone stand still while a bank
// decides about its money.
func (s ProjectsService) HandleChargebacks() {
	s.Handle(TopicChargebackOpened, func(tx core.App, event Event) error {
		news, err := decode[ChargebackNews](event)
		if err != nil {
			return err
		}
		return s.PauseDeadlines(tx, news.Milestone, byChargeback(news.Chargeback), chargebackIsOpen)
	})
	s.Handle(TopicChargebackClosed, func(tx core.App, event Event) error {
		news, err := decode[ChargebackNews](event)
		if err != nil {
			return err
		}
		return s.ResumeDeadlines(tx, news.Milestone, byChargeback(news.Chargeback))
	})
}

// markDisputed shows on a milestone whether a dispute about it is open. That of the
// one that closed may be heard of after that of the next one that opened.
func markDisputed(tx core.App, milestone string) error {
	record, err := tx.FindRecordById(collections.Milestones, milestone)
	if err != nil {
		return err
	}
	open, err := openDisputes(tx, milestone)
	if err != nil {
		return err
	}
	record.Set(collections.MilestoneDisputed, open > 0)
	return tx.SaveNoValidate(record)
}

// contractEvidence is the contract with its proposal, milestones, timeline and deliverables.
func contractEvidence(tx core.App, news DisputeNews) (map[string]any, error) {
	contract, err := tx.FindRecordById(collections.Contracts, news.Contract)
	if err != nil {
		return nil, err
	}
	proposal, err := tx.FindRecordById(collections.Proposals, contract.GetString(collections.ContractProposal))
	if err != nil {
		return nil, err
	}
	content := map[string]any{collections.FieldContract: contract, collections.ContractProposal: proposal}
	for name, filter := range map[string]string{
		collections.Milestones: "contract = {:contract}", collections.Timeline: "project = {:project}", "deliverables": "contract = {:contract}",
	} {
		if _, err := tx.FindCachedCollectionByNameOrId(name); err != nil {
			continue
		}
		records, err := tx.FindRecordsByFilter(name, filter, "created", 200, 0, dbx.Params{collections.FieldContract: news.Contract, collections.FieldProject: news.Project})
		if err != nil {
			return nil, err
		}
		content[name] = records
	}
	return content, nil
}

func (i *Instance) sendEvidence(tx core.App, topic, dispute string, content any) error {
	raw, err := json.Marshal(content)
	if err != nil {
		return err
	}
	return i.Emit(tx, topic, collections.Evidence, dispute, 1, EvidenceNews{Dispute: dispute, Content: raw})
}

// messageEvidence is the newest of what was said in the chat of the disputed
// contract, oldest first, as much as fits.
func (s ChatsService) messageEvidence(tx core.App, news DisputeNews) error {
	chats, err := tx.FindRecordsByFilter(collections.Chats, "contract = {:contract}", "created", 1, 0, dbx.Params{collections.FieldContract: news.Contract})
	if err != nil {
		return err
	}
	messages := []*core.Record{}
	if len(chats) > 0 {
		messages, err = tx.FindRecordsByFilter(collections.Messages, "chat = {:chat}", "-seq", evidenceMessages, 0, dbx.Params{"chat": chats[0].Id})
		if err != nil {
			return err
		}
	}
	size := 0
	fits := slices.IndexFunc(messages, func(message *core.Record) bool {
		size += len(message.GetString(collections.MessageBody)) + 500
		return size > evidenceBytes
	})
	if fits >= 0 {
		messages = messages[:fits]
	}
	slices.Reverse(messages)
	return s.sendEvidence(tx, TopicEvidenceMessages, news.Dispute, map[string]any{"messages": messages, "complete": fits < 0 && len(messages) < evidenceMessages})
}
