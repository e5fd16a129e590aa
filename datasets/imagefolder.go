package datasets

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // a format of ReadImageFolder
	_ "image/png"  // a format of ReadImageFolder
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
)

const (
	imageBytes  = 256 << 20 // a file may have
	imagePixels = 1 << 26   // a picture may have: memory that a small file may ask for
)

// ReadImageFolder reads all pictures (.png, .jpg, .jpeg) in a folder and the folders
// in it, in the order of their paths, in red, green and blue. They are decoded,
// cropped and resized once, on all cores, a few at a time, into a packed file beside
// other data (see FashionMNIST); while no picture changes, later calls only open that.
// Batches are read from it as they are drawn, so that memory does not grow with
// the data. It fails on a folder without pictures, and on a picture that is damaged, cut
// short or smaller than the crop: the line names it, and nothing is kept.
func ReadImageFolder(name, dir string, crop Crop) (*Images, error) {
	if name == "" || strings.ContainsAny(name, `/\`) {
		return nil, fmt.Errorf("datasets: the name %q of a folder of images: give one without slashes", name)
	}
	if err := crop.check(); err != nil {
		return nil, fmt.Errorf("datasets: %s: %w", name, err)
	}
	paths, key, err := listImages(dir)
	if err != nil {
		return nil, fmt.Errorf("datasets: %s: %w", name, err)
	}
	home, err := dataHome("packed")
	if err != nil {
		return nil, err
	}
	shape := [3]int{crop.side(), crop.side(), 3}
	pack := filepath.Join(home, packName(name, key, crop))
	if m, err := openPack(name, pack, shape, len(paths)); err == nil {
		return m, nil
	}
	err = writePack(pack, shape, len(paths), func(yield func([]byte) error) error { return decodeAll(paths, crop, yield) })
	if err != nil {
		return nil, fmt.Errorf("datasets: %s: %w", name, err)
	}
	return openPack(name, pack, shape, len(paths))
}

// MustReadImageFolder is ReadImageFolder for notebooks: an error prints one line and
// ends the program.
func MustReadImageFolder(name, dir string, crop Crop) *Images {
	return must(ReadImageFolder(name, dir, crop))
}

// CelebA is the aligned faces of CelebA (Liu et al., arXiv 1411.7766; for research
// that is not commercial), all 202,599, from a folder of .jpg files with 178 x 218
// pixels; "" stands for celeba/img_align_celeba in $IDFF_DATA or the user's cache. The
// crop is CelebA140, CelebA64 or another. It is not downloaded: its owners ask for
// agreement first.
func CelebA(dir string, crop Crop) (*Images, error) {
	if dir == "" {
		home, err := dataHome("celeba")
		if err != nil {
			return nil, err
		}
		dir = filepath.Join(home, "img_align_celeba")
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("datasets: celeba: there is no folder %s: unpack img_align_celeba.zip (1443490838 bytes, SHA-256 46fb89443c578308acf364d7d379fe1b9efb793042c0af734b6112e4fd3a8c74) there, from https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html", dir)
	}
	name := "celeba " + crop.String()
	return ReadImageFolder(name, dir, crop)
}

// MustCelebA is CelebA for notebooks: an error prints one line and ends the program.
func MustCelebA(dir string, crop Crop) *Images { return must(CelebA(dir, crop)) }

// listImages lists the pictures, and makes a key of their names, sizes and times.
func listImages(dir string) (paths []string, key string, err error) {
	var all strings.Builder
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ext := strings.ToLower(filepath.Ext(path)); !d.Type().IsRegular() || !slices.Contains([]string{".png", ".jpg", ".jpeg"}, ext) {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		paths = append(paths, path)
		rel, err := filepath.Rel(dir, path)
		fmt.Fprintf(&all, "%q %d %d\n", rel, info.Size(), info.ModTime().UnixNano())
		return err
	})
	if err == nil && len(paths) == 0 {
		err = fmt.Errorf("%s has no pictures (.png, .jpg or .jpeg)", dir)
	}
	return paths, all.String(), err
}

// decodeAll decodes pictures on all cores, and yields them in order.
func decodeAll(paths []string, crop Crop, yield func([]byte) error) error {
	const each = 16 // pictures that a core has in memory
	at := make([][]byte, each*runtime.GOMAXPROCS(0))
	failed := make([]error, len(at))
	for len(paths) > 0 {
		now := paths[:min(len(at), len(paths))]
		paths = paths[len(now):]
		var work sync.WaitGroup
		for core := range runtime.GOMAXPROCS(0) {
			work.Go(func() {
				for i := core; i < len(now); i += runtime.GOMAXPROCS(0) {
					at[i], failed[i] = decodeImage(now[i], crop)
				}
			})
		}
		work.Wait()
		for i, path := range now {
			if failed[i] != nil {
				return fmt.Errorf("%s: %w; remove or replace it", path, failed[i])
			}
			if err := yield(at[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func decodeImage(path string, crop Crop) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > imageBytes {
		return nil, fmt.Errorf("it has %d bytes, more than a picture should", info.Size())
	}
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parseImage(file, crop)
}

// parseImage decodes a picture; damaged ones may make the decoder panic.
func parseImage(file []byte, crop Crop) (pixels []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			pixels, err = nil, fmt.Errorf("it is damaged: %v", p)
		}
	}()
	size, _, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("it is no picture that can be read: %w", err)
	}
	if size.Width < 1 || size.Height < 1 || size.Width > imagePixels/size.Height {
		return nil, fmt.Errorf("it says that it has %d x %d pixels; at most %d in all are read", size.Width, size.Height, imagePixels)
	}
	m, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("it is cut short or damaged: %w", err)
	}
	return crop.apply(m)
}
