package datasets

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // a format of ReadImageFolder
	_ "image/png"  // a format of ReadImageFolder
	"os"

	_ "golang.org/x/image/bmp" // a format of ReadImageFolder
	"golang.org/x/image/tiff"
	_ "golang.org/x/image/webp" // a format of ReadImageFolder
)

const (
	imageBytes  = 256 << 20 // a file may have
	imagePixels = 1 << 26   // a picture may have: memory that a small file may ask for
)

// pictureEndings are those of torchvision's ImageFolder.
var pictureEndings = []string{".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp"}

// decodeImage reads a picture; errors have its path.
func decodeImage(path string, crop Crop, want expected) ([]byte, error) {
	pixels, err := func() ([]byte, error) {
		info, err := os.Stat(path)
		if err != nil {
			return nil, errors.Unwrap(err) // the path is said below
		}
		if info.Size() > imageBytes {
			return nil, fmt.Errorf("it has %d bytes, more than a picture should", info.Size())
		}
		file, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		return parseImage(file, crop, want)
	}()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return pixels, nil
}

// parseImage decodes a picture and crops it; damaged ones may make a decoder panic.
func parseImage(file []byte, crop Crop, want expected) (pixels []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			pixels, err = nil, fmt.Errorf("it is damaged: %v", p)
		}
	}()
	m, err := decodePicture(file, want)
	if err != nil {
		return nil, err
	}
	return crop.apply(m)
}

// decodePicture decodes a picture of any format that is read, whatever its file is called. How many pixels it has is known before there is memory for them.
func decodePicture(file []byte, want expected) (image.Image, error) {
	width, height, format, err := pictureSize(file)
	if err != nil {
		return nil, fmt.Errorf("it is no picture that can be read: %w", err)
	}
	if width < 1 || height < 1 || width > imagePixels/height {
		return nil, fmt.Errorf("it says that it has %d x %d pixels; at most %d in all are read", width, height, imagePixels)
	}
	if want.width > 0 && (width != want.width || height != want.height) {
		return nil, fmt.Errorf("it has %d x %d pixels, and those of the set have %d x %d", width, height, want.width, want.height)
	}
	var m image.Image
	switch format {
	case "pnm":
		m, err = decodePNM(file)
	case "webp":
		if err := checkWebP(file, width, height); err != nil {
			return nil, err
		}
		m, _, err = image.Decode(bytes.NewReader(file))
		m = webpColours(m)
	case "tiff":
		if file, err = checkTIFF(file, height); err != nil {
			return nil, err
		}
		m, err = tiff.Decode(bytes.NewReader(file))
	default:
		m, _, err = image.Decode(bytes.NewReader(file))
	}
	var unsupported tiff.UnsupportedError
	switch {
	case errors.As(err, &unsupported):
		return nil, fmt.Errorf("it is no picture that can be read: %w", err)
	case err != nil:
		return nil, fmt.Errorf("it is cut short or damaged: %w", err)
	case m.Bounds().Dx() != width || m.Bounds().Dy() != height:
		return nil, fmt.Errorf("it is damaged: it says that it has %d x %d pixels, and has %d x %d", width, height, m.Bounds().Dx(), m.Bounds().Dy())
	}
	return m, nil
}

// pictureSize reads a picture's header.
func pictureSize(file []byte) (width, height int, format string, err error) {
	if isPNM(file) {
		head, err := parsePNMHead(file)
		return head.width, head.height, "pnm", err
	}
	if isTIFF(file) { // package image would give its decoder a buffer that is as large as the file says, up to 4 GB
		size, err := tiff.DecodeConfig(bytes.NewReader(file))
		return size.Width, size.Height, "tiff", err
	}
	size, format, err := image.DecodeConfig(bytes.NewReader(file))
	return size.Width, size.Height, format, err
}
