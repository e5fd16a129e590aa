package datasets

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // a format of ReadImageFolder
	_ "image/png"  // a format of ReadImageFolder
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	imageBytes  = 256 << 20 // a file may have
	imagePixels = 1 << 26   // a picture may have: memory that a small file may ask for
)

// ReadImageFolder reads all pictures (.png, .jpg, .jpeg) in a folder and the folders
// in it, folder by folder, the names in each in the order of their bytes (so what is in "a" comes before what is in
// "a b", which sorted paths have the other way round), in red, green and blue. They are decoded,
// cropped and resized once, on all cores, one at a time each, into a packed file beside
// other data (see FashionMNIST); while no picture changes, later calls only open that.
// Batches are read from it as they are drawn, so that memory does not grow with
// the data but for 32 bytes a picture. It fails on a folder without pictures, and on pictures that are damaged, cut
// short or smaller than the crop: the line names them once all others are packed, and
// what is done by then, or when the program is killed, need not be done again.
func ReadImageFolder(name, dir string, crop Crop) (*Images, error) {
	m, _, err := readFolder(name, dir, crop, expected{})
	return m, err
}

// expected is what a folder has to have; zeros stand for anything.
type expected struct{ pictures, width, height int }

// readFolder also gives the pictures' paths in the folder.
func readFolder(name, dir string, crop Crop, want expected) (m *Images, within []string, err error) {
	if name == "" || strings.ContainsAny(name, `/\`) {
		return nil, nil, fmt.Errorf("datasets: the name %q of a folder of images: give one without slashes", name)
	}
	fail := func(err error) (*Images, []string, error) { return nil, nil, fmt.Errorf("datasets: %s: %w", name, err) }
	if err := crop.check(); err != nil {
		return fail(err)
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return fail(err)
	}
	paths, within, files, err := listImages(dir)
	if err != nil {
		return fail(err)
	}
	if want.pictures > 0 && len(paths) != want.pictures {
		return fail(fmt.Errorf("%s has %d pictures, not the %d of the whole set: unpack the archive again; to use what is there all the same, read it under a name of its own by ReadImageFolder", dir, len(paths), want.pictures))
	}
	home, err := dataHome("packed")
	if err != nil {
		return nil, nil, err
	}
	shape := [3]int{crop.side(), crop.side(), 3}
	p := packing{shape: shape, sources: make([]source, len(files)), load: func(i int) ([]byte, error) { return decodeImage(paths[i], crop, want) }}
	all := sha256.New()
	for i, file := range files {
		p.sources[i] = sha256.Sum256(fmt.Appendf(nil, "%s\n%d %d", file, want.width, want.height))
		all.Write(p.sources[i][:])
	}
	named := filepath.Join(home, strings.ReplaceAll(name, " ", "-"))
	p.path = fmt.Sprintf("%s-%s.images", named, shortSum(all.Sum(nil), crop.Cut, crop.Size))
	p.prefix = fmt.Sprintf("%s-%s.unfinished-", named, shortSum(packMagic, dir, crop.Cut, crop.Size))
	if m, err := openPack(name, p.path, shape, len(paths)); err == nil {
		for _, old := range abandoned(p.prefix) { // of the folder as it was
			discard(old)
		}
		return m, within, nil
	}
	if err := p.run(); err != nil {
		return fail(err)
	}
	m, err = openPack(name, p.path, shape, len(paths))
	return m, within, err
}

// shortSum is a sum of values for a file's name.
func shortSum(values ...any) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", values))
	return hex.EncodeToString(sum[:8])
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
// agreement first. It fails where ReadImageFolder does, and on another number or size of
// pictures; a part, or other pictures, are read by ReadImageFolder.
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
	m, _, err := readFolder("celeba "+crop.String(), dir, crop, celeba)
	return m, err
}

// celeba is what the folder of CelebA has.
var celeba = expected{pictures: 202_599, width: 178, height: 218}

// MustCelebA is CelebA for notebooks: an error prints one line and ends the program.
func MustCelebA(dir string, crop Crop) *Images { return must(CelebA(dir, crop)) }

// listImages lists the pictures, their paths in the folder, and what tells each from others and from itself after a change: its path in the folder, size and time. Links are followed but for folders in the folder.
func listImages(dir string) (paths, within, files []string, err error) {
	root, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, nil, nil, err
	}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ext := strings.ToLower(filepath.Ext(path)); d.IsDir() || !slices.Contains([]string{".png", ".jpg", ".jpeg"}, ext) {
			return nil
		}
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			info, err = os.Lstat(path) // a link to nothing: a picture that cannot be read
		} else if err == nil && !info.Mode().IsRegular() {
			return nil
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		paths, within, files = append(paths, path), append(within, rel), append(files, fmt.Sprintf("%q %d %d", rel, info.Size(), info.ModTime().UnixNano()))
		return err
	})
	if err == nil && len(paths) == 0 {
		err = fmt.Errorf("%s has no pictures (.png, .jpg or .jpeg)", dir)
	}
	return paths, within, files, err
}

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

// parseImage decodes a picture; damaged ones may make the decoder panic.
func parseImage(file []byte, crop Crop, want expected) (pixels []byte, err error) {
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
	if want.width > 0 && (size.Width != want.width || size.Height != want.height) {
		return nil, fmt.Errorf("it has %d x %d pixels, and those of the set have %d x %d", size.Width, size.Height, want.width, want.height)
	}
	m, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("it is cut short or damaged: %w", err)
	}
	return crop.apply(m)
}
