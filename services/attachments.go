package services

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// maxAttachment is the largest file sent in a chat: 512 MB. Up to 8 MB it can
// also be part of the message itself.
const maxAttachment = 512 << 20

// Attachments are the large files of a chat: each becomes a message.
func (s ChatsService) Attachments() Uploads {
	return Uploads{Instance: s.Instance, Target: UploadTarget{
		Name: collections.FieldChat, Collection: collections.Messages, Field: collections.MessageAttachments,
		Max: maxAttachment, Types: s.attachmentTypes(),
		May: func(app core.App, chat, user string) error {
			_, err := writable(app, chat, user)
			return err
		},
		Attach: s.attach,
	}}
}

// attachmentTypes are those the field takes, so that large files are no way around it.
func (s ChatsService) attachmentTypes() []string {
	col, err := s.App.FindCachedCollectionByNameOrId(collections.Messages)
	if err != nil {
		return nil
	}
	field, ok := col.Fields.GetByName(collections.MessageAttachments).(*core.FileField)
	if !ok {
		return nil
	}
	return field.MimeTypes
}

func (s ChatsService) attach(tx core.App, upload *core.Record, file string) (*core.Record, error) {
	col, err := tx.FindCachedCollectionByNameOrId(collections.Messages)
	if err != nil {
		return nil, err
	}
	message := core.NewRecord(col)
	message.Id = upload.GetString(collections.UploadRecord)
	message.Load(map[string]any{
		collections.FieldChat: upload.GetString(collections.UploadSubject), collections.MessageBody: upload.GetString(collections.UploadNote),
		collections.MessageClientID: upload.GetString(collections.MessageClientID), collections.MessageAttachments: []string{file},
	})
	if err := s.NewMessage(message, upload.GetString(collections.FieldUser)); err != nil {
		return nil, err
	}
	return message, tx.SaveNoValidate(message)
}
