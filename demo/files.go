package demo

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"image"
	"image/color"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"

	"github.com/lancershub/lancershub/collections"
)

// file is something that is attached.
type file struct {
	name    string
	content []byte
}

// Sides of pictures, in pixels.
const (
	portraitCell = 32
	sketchWidth  = 480
	sketchHeight = 300
)

// shade is a colour that belongs to a text, and always the same one.
func shade(text string) (hash uint64, strong, soft color.RGBA) {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(text)) // never fails
	hash = sum.Sum64()
	part := func(shift int) uint8 { return uint8(hash>>shift)%120 + 60 }
	strong = color.RGBA{part(8), part(16), part(24), 255}
	soft = color.RGBA{strong.R/4 + 185, strong.G/4 + 185, strong.B/4 + 185, 255}
	return hash, strong, soft
}

func paint(picture *image.Paletted, area image.Rectangle, index uint8) {
	area = area.Intersect(picture.Bounds())
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			picture.SetColorIndex(x, y, index)
		}
	}
}

func encoded(picture image.Image) []byte {
	var out bytes.Buffer
	_ = png.Encode(&out, picture) // into memory, of a valid size
	return out.Bytes()
}

// portrait is a pattern that belongs to a name, the same left and right.
func portrait(name string) []byte {
	hash, strong, soft := shade(name)
	const cells = 5
	picture := image.NewPaletted(image.Rect(0, 0, cells*portraitCell, cells*portraitCell), color.Palette{soft, strong})
	for n := range cells * 3 {
		if hash>>n&1 == 0 {
			continue
		}
		x, y := n%3, n/3
		for _, column := range []int{x, cells - 1 - x} {
			paint(picture, image.Rect(column*portraitCell, y*portraitCell, (column+1)*portraitCell, (y+1)*portraitCell), 1)
		}
	}
	return encoded(picture)
}

// sketch is the outline of a page: a bar, a column, some boxes.
func sketch(title string) []byte {
	hash, strong, soft := shade(title)
	picture := image.NewPaletted(image.Rect(0, 0, sketchWidth, sketchHeight), color.Palette{color.White, soft, strong})
	paint(picture, image.Rect(0, 0, sketchWidth, 36), 2)
	paint(picture, image.Rect(0, 48, 110, sketchHeight), 1)
	for n := range 6 {
		left, top := 124+n%3*118, 52+n/3*122
		paint(picture, image.Rect(left, top, left+106, top+110), 1)
		paint(picture, image.Rect(left+8, top+8, left+8+int(hash>>(4*n)%70)+20, top+18), 2)
	}
	return encoded(picture)
}

// brief is what a client attaches to a project.
func brief(p *project) []file {
	text := p.title + "\n\n" + p.description + "\n\nThe sketch shows roughly what we have in mind. Questions are welcome.\n"
	return []file{{"brief.txt", []byte(text)}, {"sketch.png", sketch(p.title)}}
}

// form sends fields and files as a browser's form does.
func (m *market) form(ctx context.Context, one *person, method string, domain collections.Domain, path, field string, files []file) error {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, f := range files {
		part, err := form.CreateFormFile(field, f.name)
		if err != nil {
			return err
		}
		_, _ = part.Write(f.content) // into memory
	}
	if err := form.Close(); err != nil {
		return err
	}
	return m.sendBody(ctx, one, method, domain, path, form.FormDataContentType(), body.Bytes(), nil)
}

// showFace gives an account its picture.
func (m *market) showFace(ctx context.Context, one *person) error {
	path := "/api/collections/" + collections.Users + "/records/" + one.record.Id
	if err := m.form(ctx, one, http.MethodPatch, collections.DomainUsers, path, collections.UserAvatar, []file{{"portrait.png", portrait(one.name)}}); err != nil {
		return fmt.Errorf("failed to add a picture: %w", err)
	}
	return nil
}

// attach adds files to a project.
func (m *market) attach(ctx context.Context, p *project) error {
	path := "/api/collections/" + collections.Projects + "/records/" + p.id
	if err := m.form(ctx, p.client, http.MethodPatch, collections.DomainProjects, path, "attachments", brief(p)); err != nil {
		return fmt.Errorf("failed to attach files to a project: %w", err)
	}
	return nil
}

// handOver uploads what was made in a milestone, as a browser does: in parts,
// straight to the storage.
func (m *market) handOver(ctx context.Context, c *contract, s *stage) error {
	for _, f := range []file{
		{"handover.md", []byte("# " + s.title + "\n\nEverything is in place. How to use it is written in here, what changed is at the end.\n")},
		{"preview.png", sketch(c.project.title + s.title)},
	} {
		if err := m.upload(ctx, c.bid.freelancer, s.id, f); err != nil {
			return fmt.Errorf("failed to upload a deliverable: %w", err)
		}
	}
	return nil
}

func (m *market) upload(ctx context.Context, one *person, milestone string, f file) error {
	var begun struct{ ID string }
	err := m.send(ctx, one, http.MethodPost, collections.DomainProjects, "/api/uploads", object{"target": "milestone", "subject": milestone, "name": f.name, "size": len(f.content)}, &begun)
	if err != nil {
		return err
	}
	var parts struct{ Missing []struct{ URL string } }
	if err := m.send(ctx, one, http.MethodGet, collections.DomainProjects, "/api/uploads/"+begun.ID+"/parts", nil, &parts); err != nil {
		return err
	}
	if len(parts.Missing) != 1 {
		return fmt.Errorf("a small file has %d parts", len(parts.Missing))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, "http://"+m.Addr+parts.Missing[0].URL, bytes.NewReader(f.content))
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close() //nolint:errcheck // read to the end
	if said, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusOK {
		return fmt.Errorf("the storage answered %d: %s", res.StatusCode, said)
	}
	return m.command(ctx, one, collections.DomainProjects, collections.Uploads, begun.ID, "complete", object{}, nil)
}
