package datasets

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// notes is where a line goes that is no error. Tests replace it.
var notes io.Writer = os.Stderr

// ReadImageFolder reads all pictures (.jpg, .jpeg, .png, .ppm, .bmp, .pgm, .tif, .tiff, .webp, in small letters or capitals: the endings that
// torchvision's ImageFolder takes) in a folder and the folders
// in it, folder by folder, the names in each in the order of their bytes (so what is in "a" comes before what is in
// "a b", which sorted paths have the other way round), in red, green and blue. They are decoded,
// cropped and resized once, on all cores, one at a time each, into a packed file beside
// other data (see FashionMNIST); while no picture changes, later calls only open that.
// Batches are read from it as they are drawn, so that memory does not grow with
// the data but for 32 bytes a picture. It fails on a folder without pictures, and on pictures that are damaged, cut
// short or smaller than the crop: the line names them once all others are packed, and
// what is done by then, or when the program is killed, need not be done again. So it does on what it cannot read of a format: animations (.webp), and TIFF files that are compressed as JPEG, turned,
// or neither grey nor red, green and blue. Files with other endings are passed over, and a line on the standard error counts them, but for hidden files and text such as labels (.txt, .csv, .json and the like).
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
	paths, within, files, others, err := listImages(dir)
	if err != nil {
		return fail(err)
	}
	if others != "" {
		_, _ = fmt.Fprintf(notes, "datasets: %s: passed over in %s: %s; pictures are %s\n", name, dir, others, strings.Join(pictureEndings, " ")) // a note that is lost is no error
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

// listImages lists the pictures, their paths in the folder, and what tells each from others and from itself after a change: its path in the folder, size and time. Links are followed but for folders in the folder. others counts the files that are passed over.
func listImages(dir string) (paths, within, files []string, others string, err error) {
	root, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, nil, nil, "", err
	}
	over := map[string]int{}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if ext := strings.ToLower(filepath.Ext(path)); !slices.Contains(pictureEndings, ext) {
			if !strings.HasPrefix(d.Name(), ".") && !slices.Contains(textEndings, ext) {
				over[ext]++
			}
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
	others = counted(over)
	if err == nil && len(paths) == 0 {
		err = fmt.Errorf("%s has no pictures (%s)", dir, strings.Join(pictureEndings, " "))
		if others != "" {
			err = fmt.Errorf("%w; passed over: %s", err, others)
		}
	}
	return paths, within, files, others, err
}

// textEndings are those of files that come with pictures.
var textEndings = []string{"", ".txt", ".csv", ".tsv", ".json", ".jsonl", ".xml", ".yaml", ".yml", ".md", ".html"}

// counted is how many files there are with which endings, the most first: `3 files (2 ".gif", 1 ".npy")`.
func counted(over map[string]int) string {
	const most = 3
	total, list := 0, []string(nil)
	endings := slices.SortedFunc(maps.Keys(over), func(a, b string) int { return cmp.Or(over[b]-over[a], cmp.Compare(a, b)) })
	for k, ext := range endings {
		total += over[ext]
		if k < most {
			list = append(list, fmt.Sprintf("%d %.16q", over[ext], ext))
		}
	}
	if len(endings) > most {
		list = append(list, "others")
	}
	switch total {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("1 file (%s)", list[0])
	}
	return fmt.Sprintf("%d files (%s)", total, strings.Join(list, ", "))
}
