package datasets

import (
	"archive/zip"
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// WriteImages writes n images for programs that score them elsewhere: a file, if path ends in .npz, else a folder. What is at path is not replaced: that is an error.
//
//	folder  00000.png, 00001.png, ... for pytorch-fid, clean-fid and torch-fidelity, in grey where shape has 1 channel; labels have no place there
//	.npz    for the evaluator of guided-diffusion (ADM): arr_0, uint8 [n, height, width, 3], uncompressed; grey is repeated, since Inception takes three colours; and arr_1, int64 [n], the labels, where there are some
//
// part gives the next images, from number from on: points in [-1, 1], row-major [k, height, width, channels], channels last, such as the X of idffnb's Samples or what Images.At gives, and their labels, whole numbers [k], such as its Cond, or nil. It is asked until there are n;
// what it gives beyond is left out. So 50,000 images need the memory of a part:
//
//	err := datasets.WriteImages("../out/cfm.npz", 50_000, train.Shape(), func(from int) (x, labels []float32) {
//		s := run.MustSample(1000, flow.CFM(), solver.AdamsBashforth(2, 10), idffnb.WithSeed(uint64(from)), idffnb.Unkept())
//		return s.X, s.Cond
//	})
//
// A byte is (x+1) 127.5, rounded, beyond 0 and 255 cut off: images of a data set come out as the bytes that they were, and samples as those that idffnb/feature scores. EDM, TorchCFM and IDFF's code round, too (x*127.5 + 128, cut off and truncated: in float32 one byte of some 10,000s is the next one);
// guided-diffusion truncates (x+1) 127.5, which is darker by half a level in the mean.
//
// File and folder are whole or not there: they get their name when all is on the disk, and what a killed program left of them is removed by the next that writes them. It is an error if there are other than 1 or 3 channels, a value is NaN or infinite, a part is empty or of another size than the shape says, some parts have labels and others not, or a label is no whole number from 0 on.
func WriteImages(path string, n int, shape [3]int, part func(from int) (x, labels []float32)) error {
	p := parts{n: n, shape: shape, next: part}
	path = filepath.Clean(path)
	err := p.check(path)
	switch {
	case err != nil:
	case strings.ToLower(filepath.Ext(path)) == ".npz":
		err = p.writeNPZ(path)
	default:
		err = p.writeFolder(path)
	}
	if err != nil {
		return p.notWritten(path, err)
	}
	return nil
}

// notWritten is the one line of an error.
func (p *parts) notWritten(path string, err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		var op *fs.PathError
		if errors.As(err, &op) { // whose path is that of a temporary file
			err = op.Err
		}
		return fmt.Errorf("datasets: the disk is full: %s is not written, after %d of %d images; free some space, or write to another disk: %w", path, p.done, p.n, err)
	}
	return fmt.Errorf("datasets: %s is not written: %w", path, err)
}

// MustWriteImages is WriteImages for notebooks: an error prints one line and ends the program.
func MustWriteImages(path string, n int, shape [3]int, part func(from int) (x, labels []float32)) {
	must(0, WriteImages(path, n, shape, part))
}

// parts are images that come in parts.
type parts struct {
	n, done int
	shape   [3]int
	next    func(from int) (x, labels []float32)
	labels  []float32 // of those that are done
}

func (p *parts) check(path string) error {
	h, w, c := p.shape[0], p.shape[1], p.shape[2]
	const most = 1 << 14
	switch {
	case p.n < 1 || p.n > math.MaxInt32:
		return fmt.Errorf("%d images; want 1 or more", p.n)
	case min(h, w) < 1 || max(h, w) > most || c != 1 && c != 3:
		return fmt.Errorf("images of %d x %d pixels with %d channels; want 1 to %d pixels a side, and 1 channel (grey) or 3 (red, green, blue)", h, w, c, most)
	case p.next == nil:
		return errors.New("there is no function that gives the images")
	case slices.Contains([]string{".npy", ".zip", ".png", ".jpg", ".jpeg"}, strings.ToLower(filepath.Ext(path))):
		return errors.New("give the name of a folder, or of a file that ends in .npz")
	}
	return absent(path)
}

// absent is an error if there is something at a path.
func absent(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return errors.New("it is there already: remove it, or give another name")
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// each hands on the bytes of each image, [height, width, channels], in turn; they are overwritten by the next.
func (p *parts) each(write func(pixels []byte) error) error {
	size := p.shape[0] * p.shape[1] * p.shape[2]
	pixels := make([]byte, size)
	for p.done < p.n {
		from := p.done
		x, labels := p.next(from)
		switch k := len(x) / size; {
		case k == 0 || len(x)%size != 0:
			return fmt.Errorf("the part from image %d on has %d values, and an image of %d x %d x %d has %d", from, len(x), p.shape[0], p.shape[1], p.shape[2], size)
		case labels != nil && len(labels) != k:
			return fmt.Errorf("the part from image %d on has %d labels for %d images", from, len(labels), k)
		case from > 0 && (labels != nil) != (p.labels != nil):
			return fmt.Errorf("the part from image %d on has %d labels, and those before have %d", from, len(labels), len(p.labels))
		}
		for i := range min(len(x)/size, p.n-from) {
			if labels != nil {
				if v := labels[i]; v != float32(math.Trunc(float64(v))) || v < 0 || v > 1<<24 {
					return fmt.Errorf("the label of image %d is %g, want a whole number from 0 on; give nil where conditions are no labels", p.done, v)
				}
				p.labels = append(p.labels, labels[i])
			}
			for k, v := range x[i*size : (i+1)*size] {
				if v-v != 0 {
					return fmt.Errorf("value %d of image %d is %g", k, p.done, v)
				}
				pixels[k] = byte(math.Round((min(max(float64(v), -1), 1) + 1) * 127.5))
			}
			if err := write(pixels); err != nil {
				return err
			}
			p.done++
		}
	}
	return nil
}

// writeNPZ writes a file of NumPy's arrays, which numpy.savez calls so too.
func (p *parts) writeNPZ(path string) error {
	need := int64(p.n)*int64(p.shape[0]*p.shape[1]*3+8) + 1<<10
	return writeWhole(path, func(file *os.File) error {
		if err := diskRoom(file.Name(), need, "write to another disk"); err != nil {
			return err
		}
		buffer := bufio.NewWriterSize(file, 1<<16)
		archive := zip.NewWriter(buffer)
		w, err := npyIn(archive, "arr_0", "|u1", p.n, p.shape[0], p.shape[1], 3)
		if err != nil {
			return err
		}
		threefold := make([]byte, 0, p.shape[0]*p.shape[1]*3)
		if err := p.each(func(pixels []byte) error {
			if p.shape[2] == 1 {
				threefold = threefold[:0]
				for _, v := range pixels {
					threefold = append(threefold, v, v, v)
				}
				pixels = threefold
			}
			_, err := w.Write(pixels)
			return err
		}); err != nil {
			return err
		}
		if p.labels != nil {
			if w, err = npyIn(archive, "arr_1", "<i8", p.n); err != nil {
				return err
			}
			var b [8]byte
			for _, v := range p.labels {
				binary.LittleEndian.PutUint64(b[:], uint64(v))
				if _, err := w.Write(b[:]); err != nil {
					return err
				}
			}
		}
		if err := archive.Close(); err != nil {
			return err
		}
		if err := buffer.Flush(); err != nil {
			return err
		}
		return absent(path) // it may have come meanwhile
	})
}

// npyIn begins an array in an archive, uncompressed.
func npyIn(archive *zip.Writer, name, descr string, shape ...int) (io.Writer, error) {
	w, err := archive.CreateHeader(&zip.FileHeader{Name: name + ".npy", Method: zip.Store})
	if err == nil {
		_, err = io.WriteString(w, npyHeader(descr, shape...))
	}
	return w, err
}

// npyHeader is what the values of a .npy file come after.
func npyHeader(descr string, shape ...int) string {
	sizes := strings.ReplaceAll(strings.Trim(fmt.Sprint(shape), "[]"), " ", ", ")
	if len(shape) == 1 {
		sizes += ","
	}
	header := fmt.Sprintf("%-117s\n", fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, sizes))
	return fmt.Sprintf("%s\x01\x00%c%c%s", npyMagic, byte(len(header)), byte(len(header)>>8), header)
}

// writeFolder writes PNG files into a folder beside path that is renamed when it is full. A locked file stands for its writer: folders of writers that were killed are removed.
func (p *parts) writeFolder(path string) error {
	const ending = ".images"
	prefix := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"-")
	for _, old := range abandoned(prefix) {
		_ = os.RemoveAll(old.Name() + ending)
		discard(old)
	}
	file, err := createLocked(prefix)
	if err != nil {
		return err
	}
	defer discard(file)
	dir := file.Name() + ending
	defer os.RemoveAll(dir) //nolint:errcheck // not there when all went well
	if err := os.Mkdir(dir, 0o777); err != nil {
		return err
	}
	encoder, digits := png.Encoder{BufferPool: new(pngBuffers)}, max(5, len(fmt.Sprint(p.n-1)))
	bounds := image.Rect(0, 0, p.shape[1], p.shape[0])
	if err := p.each(func(pixels []byte) error {
		var m image.Image = &image.Gray{Pix: pixels, Stride: p.shape[1], Rect: bounds}
		if p.shape[2] == 3 {
			m = opaque(pixels, bounds)
		}
		file, err := os.Create(filepath.Join(dir, fmt.Sprintf("%0*d.png", digits, p.done)))
		if err != nil {
			return err
		}
		w := bufio.NewWriter(file)
		if err = encoder.Encode(w, m); err == nil {
			err = w.Flush()
		}
		return errors.Join(err, file.Close())
	}); err != nil {
		return err
	}
	if err := flushDisk(dir); err != nil {
		return err
	}
	if err := absent(path); err != nil { // an empty folder would be replaced
		return err
	}
	return os.Rename(dir, path)
}

// pngBuffers keeps the buffer of the one encoder that uses it.
type pngBuffers struct{ buffer *png.EncoderBuffer }

func (p *pngBuffers) Get() *png.EncoderBuffer  { return p.buffer }
func (p *pngBuffers) Put(b *png.EncoderBuffer) { p.buffer = b }
