package services

import (
	"io"

	"github.com/gabriel-vasile/mimetype"
)

// sniff tells the type of a file by its content, and its size, and winds it back.
func sniff(file io.ReadSeeker) (kind string, size int64, err error) {
	found, err := mimetype.DetectReader(file)
	if err != nil {
		return "", 0, err
	}
	if size, err = file.Seek(0, io.SeekEnd); err != nil {
		return "", 0, err
	}
	_, err = file.Seek(0, io.SeekStart)
	return found.String(), size, err
}
