package datasets

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
)

// checkWebP wants the one frame of a WebP file to be as large as the file says: it has its own size, and the decoder makes room for that.
func checkWebP(file []byte, width, height int) error {
	for at := 12; at+8 <= len(file); { // after RIFF, a length and WEBP
		name, length := string(file[at:at+4]), int(binary.LittleEndian.Uint32(file[at+4:]))
		data := file[at+8:]
		w, h := -1, -1
		switch {
		case name == "ANIM" || name == "ANMF":
			return errors.New("it is an animation; pictures are single ones")
		case name == "VP8 " && len(data) >= 10:
			w, h = int(binary.LittleEndian.Uint16(data[6:])&0x3fff), int(binary.LittleEndian.Uint16(data[8:])&0x3fff)
		case name == "VP8L" && len(data) >= 5:
			bits := binary.LittleEndian.Uint32(data[1:])
			w, h = int(bits&0x3fff)+1, int(bits>>14&0x3fff)+1
		}
		if w >= 0 {
			if w != width || h != height {
				return fmt.Errorf("it is damaged: it says that it has %d x %d pixels, and its frame has %d x %d", width, height, w, h)
			}
			return nil
		}
		at += 8 + length + length%2
	}
	return nil // the decoder says what is wrong
}

// webpColours gives a lossy WebP picture the colours that libwebp has, bit for bit, and through it PIL. Package webp gives the planes of VP8 as image.YCbCr, whose Y runs from 0 to 255, while VP8's runs from 16 to 235 (ITU-R BT.601, as RFC 6386, section 9.2, says),
// and leaves to its user how the colour of each pixel is found among those of every second one: libwebp takes the four nearest ones with weights 9, 3, 3 and 1. Alpha is left out.
func webpColours(m image.Image) image.Image {
	var p *image.YCbCr
	switch m := m.(type) {
	case *image.YCbCr:
		p = m
	case *image.NYCbCrA:
		p = &m.YCbCr
	default:
		return m // without loss: red, green and blue
	}
	width, height := p.Rect.Dx(), p.Rect.Dy()
	out := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		near, far := samplesAt(y, height)
		near, far = near*p.CStride, far*p.CStride
		for x := range width {
			a, b := samplesAt(x, width)
			mix := func(plane []byte) int {
				na, nb, fa, fb := int(plane[near+a]), int(plane[near+b]), int(plane[far+a]), int(plane[far+b])
				if a == b { // at an edge
					return (3*na + fa + 2) >> 2
				}
				return ((na+nb+fa+fb+8+2*(nb+fa))>>3 + na) >> 1 // rounded as libwebp does
			}
			pixel := out.Pix[y*out.Stride+4*x:][:4]
			pixel[0], pixel[1], pixel[2] = studioRGB(int(p.Y[y*p.YStride+x]), mix(p.Cb), mix(p.Cr))
			pixel[3] = 255
		}
	}
	return out
}

// samplesAt are the nearest and the next sample of colour for place i of a length: there is one for places 0 and 1, one for 2 and 3, and so on. At an edge both are the same.
func samplesAt(i, length int) (near, next int) {
	near = i / 2
	next = near - 1 + i%2*2
	if next < 0 || next > (length-1)/2 {
		next = near
	}
	return near, next
}

// studioRGB is red, green and blue of BT.601 with Y in 16 to 235 and Cb, Cr in 16 to 240:
//
//	red   = 255/219 (Y-16)                            + 255/112 (1-.299) (Cr-128)
//	green = 255/219 (Y-16) - 255/112 (1-.114) .114/.587 (Cb-128) - 255/112 (1-.299) .299/.587 (Cr-128)
//	blue  = 255/219 (Y-16) + 255/112 (1-.114) (Cb-128)
//
// in libwebp's units of 2^-14, cut to 2^-6 after each product.
func studioRGB(y, cb, cr int) (red, green, blue byte) {
	times := func(v, factor int) int { return v * factor >> 8 }
	cut := func(v int) byte { return byte(max(0, min(v>>6, 255))) }
	light := times(y, 19077)
	return cut(light + times(cr, 26149) - 14234), cut(light - times(cb, 6419) - times(cr, 13320) + 8708), cut(light + times(cb, 33050) - 17685)
}
