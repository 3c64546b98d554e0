package screen

import (
	"bytes"
	"encoding/base64"
	"image"
	_ "image/gif" // the formats that mail carries
	_ "image/jpeg"
	_ "image/png"
	"math/bits"
	"strings"
)

// Bounds of a picture that is decoded; a larger one has no hash.
const (
	maxPicture = 2 << 20 // bytes
	maxSide    = 4096    // pixels
	maxDecoded = 4       // pictures of one message
)

// picture notes a picture that came with the message.
func (r *reader) picture(mediaType string, body []byte) {
	if len(r.s.Images) >= maxImages {
		return
	}
	p := Image{Type: clip(mediaType, 100), Bytes: len(body)}
	if r.decoded < maxDecoded {
		if width, height, format, hash := readPicture(body); format != "" {
			p.Width, p.Height, p.Type, p.Hash = width, height, "image/"+format, hash
			r.decoded++
		}
	}
	r.s.Images = append(r.s.Images, p)
}

// inline notes a picture that stands in the HTML as a data: URL.
func (r *reader) inline(src string) {
	head, data, ok := strings.Cut(src, ",")
	if !ok || len(data) > 2*maxPicture {
		return
	}
	mediaType, _, _ := strings.Cut(strings.TrimPrefix(head, "data:"), ";")
	body := []byte(data)
	if strings.Contains(head, ";base64") {
		body, _ = base64.StdEncoding.DecodeString(strings.Map(func(c rune) rune {
			if c <= ' ' {
				return -1
			}
			return c
		}, data))
	}
	r.picture(mediaType, body)
}

// readPicture reads a picture's size, and its difference hash when it is small enough
// to decode. What it is, is said by its bytes and not by its name.
func readPicture(body []byte) (width, height int, format string, hash uint64) {
	if len(body) == 0 || len(body) > maxPicture {
		return 0, 0, "", 0
	}
	c, format, err := image.DecodeConfig(bytes.NewReader(body))
	if err != nil || c.Width <= 0 || c.Height <= 0 {
		return 0, 0, "", 0
	}
	if c.Width > maxSide || c.Height > maxSide {
		return c.Width, c.Height, format, 0
	}
	m, _, err := image.Decode(bytes.NewReader(body))
	if err != nil {
		return c.Width, c.Height, format, 0
	}
	return c.Width, c.Height, format, differenceHash(m)
}

// differenceHash is 64 bits, one for each pair of neighbours of a 9 × 8
// picture: is the left one brighter. Scaling, recompressing and small changes
// of colour change few bits. The answer is never 0.
func differenceHash(m image.Image) uint64 {
	const columns, rows = 9, 8
	b := m.Bounds()
	var cell [rows][columns]uint64
	for y := range rows {
		for x := range columns {
			cell[y][x] = brightness(m, image.Rect(
				b.Min.X+x*b.Dx()/columns, b.Min.Y+y*b.Dy()/rows,
				b.Min.X+(x+1)*b.Dx()/columns, b.Min.Y+(y+1)*b.Dy()/rows))
		}
	}
	var hash uint64
	for y := range rows {
		for x := range columns - 1 {
			hash <<= 1
			if cell[y][x] > cell[y][x+1] {
				hash |= 1
			}
		}
	}
	if hash == 0 { // a flat picture: still a picture
		return 1 << 63
	}
	return hash
}

// brightness is the mean of at most 8 × 8 points spread over a rectangle.
func brightness(m image.Image, r image.Rectangle) uint64 {
	r.Max.X, r.Max.Y = max(r.Max.X, r.Min.X+1), max(r.Max.Y, r.Min.Y+1)
	var sum, n uint64
	for j := range 8 {
		for i := range 8 {
			red, green, blue, _ := m.At(r.Min.X+i*r.Dx()/8, r.Min.Y+j*r.Dy()/8).RGBA()
			sum += uint64(299*red + 587*green + 114*blue)
			n++
		}
	}
	return sum / n / 64
}

// Distance counts the bits in which two fingerprints, or two hashes of
// pictures, differ. 0 means "nothing to compare" and is as far as can be from
// everything.
func Distance(a, b uint64) int {
	if a == 0 || b == 0 {
		return 64
	}
	return bits.OnesCount64(a ^ b)
}
