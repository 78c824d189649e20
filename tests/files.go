package tests

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/color"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// Attachment is a file in a form.
type Attachment struct {
	Field, Name string
	Content     []byte
}

// Form sends fields and files as a browser's form does.
func (p *Person) Form(method, path string, fields map[string]string, files ...Attachment) *Response {
	p.tb.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, value := range fields {
		if err := form.WriteField(name, value); err != nil {
			p.tb.Fatal(err)
		}
	}
	for _, file := range files {
		part, err := form.CreateFormFile(file.Field, file.Name)
		if err != nil {
			p.tb.Fatal(err)
		}
		if _, err := part.Write(file.Content); err != nil {
			p.tb.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		p.tb.Fatal(err)
	}
	return p.Do(method, path, body.String(), "Content-Type", form.FormDataContentType())
}

// Picture returns a PNG of so many pixels on each side; noise makes it large.
func Picture(tb testing.TB, side int, noise bool) []byte {
	tb.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, side, side))
	if noise {
		_, _ = rand.Read(picture.Pix)
	}
	picture.Set(1, 1, color.Black)
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// Bytes returns size random bytes.
func Bytes(size int) []byte {
	raw := make([]byte, size)
	_, _ = rand.Read(raw)
	return raw
}

// SHA256 is the checksum of content in hexadecimal digits.
func SHA256(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// FileToken is what a browser puts into the address of a protected file.
func (p *Person) FileToken(domain collections.Domain) string {
	p.tb.Helper()
	answer := p.Do(http.MethodPost, services.Prefix(domain)+"/api/files/token", Body{})
	answer.Want(p.tb, http.StatusOK, "")
	return answer.Text("token")
}

// FileURL is the path of a file of a record, with this person's token.
func (p *Person) FileURL(domain collections.Domain, collection, id, name string) string {
	p.tb.Helper()
	path := services.Prefix(domain) + "/api/files/" + collection + "/" + id + "/" + name
	if p.Token != "" {
		path += "?token=" + p.FileToken(domain)
	}
	return path
}

// Fetch follows a redirect to the storage, as a browser does: with the session's
// header still there, because it is the same origin.
func (p *Person) Fetch(path string, headers ...string) *Response {
	p.tb.Helper()
	answer := p.Do(http.MethodGet, path, nil, headers...)
	if answer.Status != http.StatusTemporaryRedirect {
		return answer
	}
	return p.Do(http.MethodGet, answer.Header.Get("Location"), nil, headers...)
}

// StartUpload says what will be sent, and returns the id of the upload.
func (p *Person) StartUpload(domain collections.Domain, target, subject, name string, size int, more Body) *Response {
	p.tb.Helper()
	body := Body{"target": target, "subject": subject, "name": name, "size": size}
	for field, value := range more {
		body[field] = value
	}
	return p.Do(http.MethodPost, services.Prefix(domain)+"/api/uploads", body)
}

// SendParts sends those parts of content that are missing, at most limit of them, and returns how many it sent.
func (p *Person) SendParts(domain collections.Domain, upload string, content []byte, limit int) int {
	p.tb.Helper()
	answer := p.Do(http.MethodGet, services.Prefix(domain)+"/api/uploads/"+upload+"/parts", nil)
	answer.Want(p.tb, http.StatusOK, "")
	missing, _ := answer.JSON["missing"].([]any)
	sent := 0
	for _, item := range missing {
		if sent == limit {
			break
		}
		part := &Response{JSON: item.(map[string]any)}
		from := (part.Number("number") - 1) * (8 << 20)
		if status, raw := p.Send(part.Text("url"), content[from:from+part.Number("size")]); status != http.StatusOK {
			p.tb.Fatalf("Expected the part to be stored, got %d %s", status, raw)
		}
		sent++
	}
	return sent
}

// Send puts content to where a link says, without a session.
func (p *Person) Send(link string, content []byte) (status int, raw []byte) {
	p.tb.Helper()
	if strings.HasPrefix(link, "/") {
		link = p.base + link
	}
	req, err := http.NewRequestWithContext(p.tb.Context(), http.MethodPut, link, bytes.NewReader(content))
	if err != nil {
		p.tb.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		p.tb.Fatal(err)
	}
	defer res.Body.Close()
	if raw, err = io.ReadAll(res.Body); err != nil {
		p.tb.Fatal(err)
	}
	return res.StatusCode, raw
}

// Upload sends a whole file and returns the record it became.
func (p *Person) Upload(domain collections.Domain, target, subject, name string, content []byte, more Body) *Response {
	p.tb.Helper()
	started := p.StartUpload(domain, target, subject, name, len(content), more)
	started.Want(p.tb, http.StatusOK, "")
	for sent := 100; sent == 100; { // as many as are listed at a time
		sent = p.SendParts(domain, started.Text("id"), content, 100)
	}
	done := p.Command(domain, "uploads/"+started.Text("id")+"/complete", Key(), nil)
	done.Want(p.tb, http.StatusOK, "")
	return done
}
