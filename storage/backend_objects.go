package storage

import (
	"context"
	"errors"
	"io"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/s3api/middlewares"
	"github.com/versity/versitygw/s3err"
	"github.com/versity/versitygw/s3response"
)

// whole makes a body that ends before its announced length an error. A connection
// that broke looks like the end of the body here, and versitygw, which has set the
// file to its full length before, would store what came and zeros after it.
func whole(body io.Reader, length *int64) io.Reader {
	if _, chunked := body.(middlewares.ChecksumReader); chunked || body == nil || length == nil {
		return body // what is signed in pieces knows its own end
	}
	return &wholeReader{body, *length}
}

type wholeReader struct {
	io.Reader
	left int64
}

// Read implements io.Reader.
func (r *wholeReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) // versitygw takes both for the end
	if r.left -= int64(n); ended && r.left > 0 {
		return n, s3err.GetAPIError(s3err.ErrIncompleteBody)
	}
	return n, err
}

// The operations on objects: find the folder, do it there, answer with the
// bucket's name.

func (b *backend) PutObject(ctx context.Context, input s3response.PutObjectInput) (s3response.PutObjectOutput, error) {
	f, restore, err := b.in(input.Bucket)
	if err != nil {
		return s3response.PutObjectOutput{}, err
	}
	defer restore()
	input.Body = whole(input.Body, input.ContentLength)
	out, err := f.PutObject(ctx, input)
	return out, f.hide(err)
}

func (b *backend) HeadObject(ctx context.Context, input *s3.HeadObjectInput) (*s3.HeadObjectOutput, error) {
	f, restore, err := b.in(input.Bucket)
	if err != nil {
		return nil, err
	}
	defer restore()
	out, err := f.HeadObject(ctx, input)
	return out, f.hide(err)
}

func (b *backend) GetObject(ctx context.Context, input *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
	f, restore, err := b.in(input.Bucket)
	if err != nil {
		return nil, err
	}
	defer restore()
	out, err := f.GetObject(ctx, input)
	return out, f.hide(err)
}

func (b *backend) DeleteObject(ctx context.Context, input *s3.DeleteObjectInput) (*s3.DeleteObjectOutput, error) {
	f, restore, err := b.in(input.Bucket)
	if err != nil {
		return nil, err
	}
	defer restore()
	out, err := f.DeleteObject(ctx, input)
	return out, f.hide(err)
}

func (b *backend) DeleteObjects(ctx context.Context, input *s3.DeleteObjectsInput) (s3response.DeleteResult, error) {
	f, restore, err := b.in(input.Bucket)
	if err != nil {
		return s3response.DeleteResult{}, err
	}
	defer restore()
	out, err := f.DeleteObjects(ctx, input)
	return out, f.hide(err)
}

func (b *backend) ListObjects(ctx context.Context, input *s3.ListObjectsInput) (s3response.ListObjectsResult, error) {
	name := *input.Bucket
	f, restore, err := b.in(input.Bucket)
	if err != nil {
		return s3response.ListObjectsResult{}, err
	}
	defer restore()
	out, err := f.ListObjects(ctx, input)
	out.Name = &name
	return out, f.hide(err)
}

func (b *backend) ListObjectsV2(ctx context.Context, input *s3.ListObjectsV2Input) (s3response.ListObjectsV2Result, error) {
	name := *input.Bucket
	f, restore, err := b.in(input.Bucket)
	if err != nil {
		return s3response.ListObjectsV2Result{}, err
	}
	defer restore()
	out, err := f.ListObjectsV2(ctx, input)
	out.Name = &name
	return out, f.hide(err)
}

func (b *backend) CreateMultipartUpload(ctx context.Context, input s3response.CreateMultipartUploadInput) (s3response.InitiateMultipartUploadResult, error) {
	name := *input.Bucket
	f, restore, err := b.in(input.Bucket)
	if err != nil {
		return s3response.InitiateMultipartUploadResult{}, err
	}
	defer restore()
	out, err := f.CreateMultipartUpload(ctx, input)
	out.Bucket = name
	return out, f.hide(err)
}

func (b *backend) UploadPart(ctx context.Context, input *s3.UploadPartInput) (*s3.UploadPartOutput, error) {
	f, restore, err := b.in(input.Bucket)
	if err != nil {
		return nil, err
	}
	defer restore()
	input.Body = whole(input.Body, input.ContentLength)
	out, err := f.UploadPart(ctx, input)
	return out, f.hide(err)
}

func (b *backend) CompleteMultipartUpload(ctx context.Context, input *s3.CompleteMultipartUploadInput) (s3response.CompleteMultipartUploadResult, string, error) {
	name := *input.Bucket
	f, restore, err := b.in(input.Bucket)
	if err != nil {
		return s3response.CompleteMultipartUploadResult{}, "", err
	}
	defer restore()
	out, version, err := f.CompleteMultipartUpload(ctx, input)
	out.Bucket = &name
	return out, version, f.hide(err)
}

func (b *backend) AbortMultipartUpload(ctx context.Context, input *s3.AbortMultipartUploadInput) error {
	f, restore, err := b.in(input.Bucket)
	if err != nil {
		return err
	}
	defer restore()
	return f.hide(f.AbortMultipartUpload(ctx, input))
}

func (b *backend) ListMultipartUploads(ctx context.Context, input *s3.ListMultipartUploadsInput) (s3response.ListMultipartUploadsResult, error) {
	name := *input.Bucket
	f, restore, err := b.in(input.Bucket)
	if err != nil {
		return s3response.ListMultipartUploadsResult{}, err
	}
	defer restore()
	out, err := f.ListMultipartUploads(ctx, input)
	out.Bucket = name
	return out, f.hide(err)
}

func (b *backend) ListParts(ctx context.Context, input *s3.ListPartsInput) (s3response.ListPartsResult, error) {
	name := *input.Bucket
	f, restore, err := b.in(input.Bucket)
	if err != nil {
		return s3response.ListPartsResult{}, err
	}
	defer restore()
	out, err := f.ListParts(ctx, input)
	out.Bucket = name
	return out, f.hide(err)
}
