package datasets

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/idff-go/workbench/unpickle"
)

var cifarClasses = []string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}

const (
	cifarSide   = 32
	cifarPlane  = cifarSide * cifarSide
	cifarPixels = 3 * cifarPlane
	cifarRecord = 1 + cifarPixels // of the binary archive: label, red, green, blue
	cifarEntry  = 64 << 20        // bytes that an entry may have: a batch of 10,000 has 31 MB
)

// The official archives: the binary one is downloaded.
var cifarFiles = []dataFile{
	{set: "cifar-10", name: "cifar-10-binary.tar.gz", size: 170052171, sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd", url: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"},
	{set: "cifar-10", name: "cifar-10-python.tar.gz", size: 170498071, sha256: "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce", url: "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"},
}

// LookCIFAR10 is nil where the official archive is on this machine, and else an error
// of one line that says which file to put where. It neither opens nor downloads anything.
func LookCIFAR10() error {
	for _, f := range cifarFiles {
		if f.look() != "" {
			return nil
		}
	}
	f := cifarFiles[0]
	home, err := dataHome(f.set)
	if err != nil {
		return err
	}
	return fmt.Errorf("datasets: %s: %s is not here: put the file of %s (%d bytes, SHA-256 %s) into %s, or let CIFAR10 download it", f.set, f.name, f.url, f.size, f.sha256, home)
}

// CIFAR10 is Krizhevsky's 50,000 pictures to train on and 10,000 to test, 32 x 32
// pixels in colour, with ten classes; 154 MB and 31 MB in memory. The official
// archive, binary or python, is looked for in $IDFF_DATA, its folder cifar-10 and the
// user's cache; the binary one is downloaded (170 MB) where there is neither. Its
// SHA-256 is checked. Nothing in the python archive is run.
func CIFAR10(split Split) (*Images, error) {
	if err := split.check(); err != nil {
		return nil, err
	}
	file, where := cifarFiles[0], ""
	for _, f := range cifarFiles {
		if p := f.look(); p != "" {
			file, where = f, p
			break
		}
	}
	if where == "" {
		var err error
		if where, err = file.find(); err != nil {
			return nil, err
		}
	}
	m, sum, err := readCIFAR(where, split)
	if sum != "" && sum != file.sha256 {
		return nil, fmt.Errorf("datasets: %s is not the official archive: its SHA-256 is %s…, want %s…; remove it, and it is downloaded again, or read it by ReadCIFAR10", where, sum[:12], file.sha256[:12])
	}
	return m, err
}

// MustCIFAR10 is CIFAR10 for notebooks: an error prints one line and ends the
// program.
func MustCIFAR10(split Split) *Images { return must(CIFAR10(split)) }

// ReadCIFAR10 reads an archive in the format of CIFAR-10, binary or python
// (.tar.gz): data_batch_1 to 5 or test_batch, as many as there are, of any number of
// images. It fails on an archive that is cut short, has none of these, or names a
// path outside itself, and on labels above 9.
func ReadCIFAR10(archive string, split Split) (*Images, error) {
	if err := split.check(); err != nil {
		return nil, err
	}
	m, _, err := readCIFAR(archive, split)
	return m, err
}

// readCIFAR reads an archive and gives its SHA-256, "" where it could not be read
// to its end.
func readCIFAR(archive string, split Split) (m *Images, sum string, err error) {
	fail := func(err error) (*Images, string, error) {
		return nil, sum, fmt.Errorf("datasets: %s: %w", archive, err)
	}
	info, err := os.Stat(archive)
	if err != nil {
		return nil, "", fmt.Errorf("datasets: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, "", fmt.Errorf("datasets: %s is not a file", archive)
	}
	file, err := os.Open(archive)
	if err != nil {
		return nil, "", fmt.Errorf("datasets: %w", err)
	}
	defer file.Close() //nolint:errcheck // only read
	hash := sha256.New()
	read := io.TeeReader(file, hash)
	batches, err := cifarBatches(read, split)
	if _, drain := io.Copy(io.Discard, read); drain == nil {
		sum = hex.EncodeToString(hash.Sum(nil))
	}
	if err != nil {
		return fail(err)
	}
	var parts, classes [][]byte
	for _, b := range batches {
		parts, classes = append(parts, b.pixels), append(classes, b.labels)
	}
	pixels, labels := slices.Concat(parts...), slices.Concat(classes...)
	if m, err = NewImages("cifar-10 "+string(split), pixels, [3]int{cifarSide, cifarSide, 3}, labels, cifarClasses); err != nil {
		return fail(err)
	}
	return m, sum, nil
}

// cifarBatch is a file of an archive.
type cifarBatch struct {
	name           string
	pixels, labels []byte
}

// cifarBatches reads the files of a split, in the order of their names.
func cifarBatches(r io.Reader, split Split) ([]cifarBatch, error) {
	packed, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("this is no .tar.gz file: %w", err)
	}
	var batches []cifarBatch
	archive := tar.NewReader(packed)
	for {
		entry, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("the archive is cut short or damaged: %w", err)
		}
		if !filepath.IsLocal(entry.Name) {
			return nil, fmt.Errorf("the archive names %.80q, a path outside itself; do not use it", entry.Name)
		}
		name, binary := path.Base(entry.Name), false
		if rest, ok := strings.CutSuffix(name, ".bin"); ok {
			name, binary = rest, true
		}
		wanted := name == "test_batch" && split == Test || len(name) == len("data_batch_1") && name[:11] == "data_batch_" && split == Train
		if !wanted || entry.Typeflag != tar.TypeReg {
			continue
		}
		if entry.Size > cifarEntry {
			return nil, fmt.Errorf("%s has %d bytes; a batch of CIFAR-10 has 31 MB", name, entry.Size)
		}
		if slices.ContainsFunc(batches, func(b cifarBatch) bool { return b.name == name }) {
			return nil, fmt.Errorf("the archive has two files %s", name)
		}
		if err := room(name, 3*entry.Size); err != nil { // the entry, what is parsed and the whole
			return nil, err
		}
		data, err := io.ReadAll(archive)
		if err != nil {
			return nil, fmt.Errorf("the archive is cut short or damaged in %s: %w", name, err)
		}
		parse := parseCIFARPickle
		if binary {
			parse = parseCIFARBinary
		}
		b, err := parse(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		b.name = name
		batches = append(batches, b)
	}
	if _, err := io.Copy(io.Discard, packed); err != nil { // to the checksum at its end
		return nil, fmt.Errorf("the archive is cut short or damaged: %w", err)
	}
	if len(batches) == 0 {
		return nil, fmt.Errorf("the archive has no %s", map[Split]string{Train: "data_batch_1 to data_batch_5", Test: "test_batch"}[split])
	}
	slices.SortFunc(batches, func(a, b cifarBatch) int { return strings.Compare(a.name, b.name) })
	return batches, nil
}

// parseCIFARBinary reads records of a label and 3072 bytes.
func parseCIFARBinary(data []byte) (b cifarBatch, err error) {
	if len(data) == 0 || len(data)%cifarRecord != 0 {
		return b, fmt.Errorf("%d bytes are not one or more images of %d bytes with their labels", len(data), cifarRecord)
	}
	b.pixels = make([]byte, 0, len(data))
	for len(data) > 0 {
		b.labels = append(b.labels, data[0])
		b.pixels = interleave(b.pixels, data[1:cifarRecord])
		data = data[cifarRecord:]
	}
	return b, nil
}

// parseCIFARPickle reads a pickled dict: "data" is an array of bytes [n, 3072],
// "labels" a list of n whole numbers.
func parseCIFARPickle(data []byte) (b cifarBatch, err error) {
	const advice = "Take the official archive"
	r := unpickle.Reader{Budget: unpickle.NewBudget(len(data)), Calls: unpickle.NumPy(), Advice: advice, Latin1: true}
	value, _, err := r.Read(data)
	if err != nil {
		return b, err
	}
	dict, ok := value.(*unpickle.Dict)
	if !ok {
		return b, fmt.Errorf("the pickle holds %s, want a dict of data and labels", kindOf(value))
	}
	array, ok := dict.Get("data").(*unpickle.Array)
	if !ok {
		return b, fmt.Errorf("the pickle has no array \"data\": it holds %s", kindOf(value))
	}
	labels, ok := dict.Get("labels").(*unpickle.List)
	if !ok {
		return b, fmt.Errorf("the pickle has no list \"labels\": it holds %s", kindOf(value))
	}
	n := len(labels.Items)
	if array.Fortran {
		return b, fmt.Errorf("the array \"data\" is stored column by column; save numpy.ascontiguousarray(data)")
	}
	if (array.Descr != "|u1" && array.Descr != "u1") || !slices.Equal(array.Shape, []int{n, cifarPixels}) || n == 0 || len(array.Data) != n*cifarPixels {
		return b, fmt.Errorf("the array \"data\" has type %q and shape %v, %d bytes; want bytes of shape [%d, %d], one row for each of the labels", array.Descr, array.Shape, len(array.Data), n, cifarPixels)
	}
	b.pixels = make([]byte, 0, n*cifarPixels)
	for i, item := range labels.Items {
		k, ok := item.(int64)
		if !ok {
			return b, fmt.Errorf("label %d is %s, no whole number of Python's; save labels.tolist()", i, kindOf(item))
		}
		if k < 0 || k > 255 {
			return b, fmt.Errorf("label %d is %d; want whole numbers from 0 to 9", i, k)
		}
		b.labels = append(b.labels, byte(k))
		b.pixels = interleave(b.pixels, array.Data[i*cifarPixels:(i+1)*cifarPixels])
	}
	return b, nil
}

// interleave appends planes of red, green and blue as pixels.
func interleave(pixels, planes []byte) []byte {
	for i := range cifarPlane {
		pixels = append(pixels, planes[i], planes[cifarPlane+i], planes[2*cifarPlane+i])
	}
	return pixels
}
